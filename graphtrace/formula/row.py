"""A row of the Wengert list with its operands' names, as formulas are made of it.

In: what a node of the graph keeps. Out: a `Row`, and what stands for an operand in a formula.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from graphtrace.core.named_array import with_names
from graphtrace.core.primitive import Primitive
from graphtrace.formula.naming import Mark
from graphtrace.formula.term import Name, Term


class Row(NamedTuple):
    """A row of the Wengert list as a node of the graph keeps it.

    `operands` are the values that went in; `keys` the nodes they came from, None for a constant;
    `shown` what stands for them in a formula, None for a number. `array_names` are what stands in a
    formula for the arrays in `params`, None for one whose entries do.
    """

    primitive: Primitive
    value: Any
    operands: tuple[Any, ...]
    params: dict[str, Any]
    name: str
    keys: tuple[str | None, ...]
    shown: tuple[str | None, ...]
    array_names: tuple[str | None, ...] = ()

    @property
    def shown_params(self) -> dict[str, Any]:
        """The params as a formula shows them."""
        return with_names(self.params, self.array_names) if self.array_names else self.params


def atom_of(row: Row, k: int, mark: Mark = "") -> Term:
    """What stands for operand `k` in a formula: its name, or a number."""
    name, x = row.shown[k], row.operands[k]
    return Term(atom=x if name is None else Name(name, ndim_of(x), mark))


def ndim_of(x: Any) -> int:
    """The number of dimensions of a value; np.ndim makes an array of a float."""
    return getattr(x, "ndim", 0)
