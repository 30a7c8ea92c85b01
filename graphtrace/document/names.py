"""The operations and tests that a text may name, and by which names.

In: a primitive, or the test of a decision. Out: its name as JSON, and back. Nothing is imported or
called: what is not known already is an error.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from graphtrace.core.primitive import PRIMITIVES, Primitive
from graphtrace.core.variable import raised
from graphtrace.document.encoding import decode, encode
from graphtrace.errors import ArgumentError
from graphtrace.ops import choose, complex as complex_rows

_OPERATORS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)
_FUNCTIONS = (bool, int, round, math.floor, math.ceil, math.trunc, np.asarray)

TESTS: Mapping[str, Callable[..., Any]] = {
    **{str(test.__name__): test for test in (*_OPERATORS, *_FUNCTIONS)},
    "where_used": choose.where_used,
    "below_zero": complex_rows.below_zero,
    "beyond_one": complex_rows.beyond_one,
    "nearly_real": complex_rows.nearly_real,
}
"""What a decision can have asked of values, by the name that stands in the text."""

_TEST_NAMES = {test: name for name, test in TESTS.items()}


def primitive_name(primitive: Primitive, key: str) -> str:
    """The name of a row, by which it will be found again."""
    if _declared(primitive.name) is not primitive:
        raise ArgumentError(
            f"{key} is computed by {primitive.name}, which is not to be found under that name, so "
            "JSON cannot say what it is: define it at the top level of a module"
        )
    return primitive.name


def known_primitive(name: Any, key: str) -> Primitive:
    """The row of that name, which computes the node `key`."""
    row = _declared(text_of(name))
    if row is None:
        raise ArgumentError(
            f"{key!r:.60} is computed by {name!r:.60}, which is not known here: import the module "
            "that defines it, then load the graph"
        )
    return row


def _declared(name: str) -> Primitive | None:
    """The row of that name; one of the user's own only if its module is imported already.

    `package.module:function` is looked up in what the modules and classes hold, so that no code
    of theirs runs.
    """
    module, colon, path = name.partition(":")
    if not colon:
        return PRIMITIVES.get(name)
    item: Any = sys.modules.get(module)
    for part in path.split("."):
        item = getattr(item, "__dict__", {}).get(part)
    row = getattr(item, "__dict__", {}).get("row")
    return row if isinstance(row, Primitive) and row.name == name else None


def name_of_test(test: Any, text: str) -> Any:
    """A test of `TESTS`, or that an operation fails, as JSON; `text` is what the user wrote."""
    if isinstance(test, partial) and test.func is raised:
        operation, params = test.args
        if isinstance(operation, Primitive):
            what = {"primitive": primitive_name(operation, text)}
        else:
            what = {"test": name_of_test(operation, text)}
        return {"raised": {**what, "params": encode(dict(params), text)}}
    if isinstance(test, partial) and test.func in _TEST_NAMES and not test.args:
        return {"test": _TEST_NAMES[test.func], "params": encode(test.keywords, text)}
    if test in _TEST_NAMES:
        return _TEST_NAMES[test]
    raise ArgumentError(
        f"the decision {text} was taken by {test!r:.60}, which JSON cannot name: pickle the graph"
    )


def read_test(encoded: Any) -> Callable[..., Any]:
    """The test that `name_of_test` has written."""
    if isinstance(encoded, str):
        return TESTS[encoded]
    if "raised" not in encoded:
        test = TESTS[text_of(encoded["test"])]
        return partial(test, **_settings(encoded, test is complex_rows.nearly_real))
    what = encoded["raised"]
    is_row = "primitive" in what
    operation = known_primitive(what["primitive"], "a test") if is_row else read_test(what["test"])
    return partial(raised, operation, _settings(what, is_row))


def _settings(encoded: Any, may_have_some: bool) -> dict[str, Any]:
    """The params of a test, which nearly all tests have none of."""
    params = decode(encoded["params"])
    if type(params) is not dict or (params and not may_have_some):
        raise ValueError(f"a test with {params!r:.60}")
    return params


def text_of(x: Any) -> str:
    """The text, which nothing else may stand for."""
    if not isinstance(x, str):
        raise ValueError(f"{x!r:.60} where there should be a text")
    return x
