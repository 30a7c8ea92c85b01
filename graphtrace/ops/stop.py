"""gt.stop_gradient: a value that the derivative takes for a constant.

In: a number, an array or a tree of them. Out: the same values, each traced one by a row without a
rule.
"""

from __future__ import annotations

from typing import Any

from graphtrace.core.inputs import own
from graphtrace.core.pytree import flatten
from graphtrace.core.variable import Variable, define, gather

_stop = define("stop_gradient", own)


def stop_gradient(x: Any) -> Any:
    """`x`, through which no gradient passes: a constant to every derivative.

    Args:
        x: A number, an array, or a tree of them.

    >>> import graphtrace as gt
    >>> gt.grad(lambda x: x * gt.stop_gradient(x))(3.0)
    3.0
    """
    leaves, structure = flatten(x)
    whole = map(gather, leaves)
    return structure([_stop(leaf) if type(leaf) is Variable else leaf for leaf in whole])
