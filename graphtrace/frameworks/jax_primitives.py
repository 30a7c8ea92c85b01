"""How the primitives of JAX are called and written: `dot_general` is `a @ b`, `reduce_sum` is sum.

In: an equation of a jaxpr. Out: the name, the settings and the order of the operands.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from string import ascii_lowercase
from typing import Any, NamedTuple

from graphtrace.frameworks.notation import Slot


class Shown(NamedTuple):
    """What an equation is written as.

    `order` says which operand comes first, if not the first; `extra` are numbers that are written
    behind them; `args` is what stands in the brackets where that is more than the operands.
    """

    op: str
    settings: Mapping[str, Any] = {}
    order: tuple[int, ...] | None = None
    extra: tuple[Any, ...] = ()
    args: tuple[Any, ...] | None = None


_NAMES = {
    "logistic": "sigmoid",
    "erf_inv": "erfinv",
    "conv_general_dilated": "conv",
    "concatenate": "concatenate",
    "reduce_window_max": "max_pool",
    "convert_element_type": "astype",
    "scatter-add": "scatter_add",
    "select_and_scatter_add": "unpool",
}
_HIDDEN = frozenset(
    "sharding out_sharding precision preferred_element_type indices_are_sorted unique_indices mode "
    "fill_value dimension_numbers accuracy weak_type is_stable num_keys slice_sizes jaxpr name bwd "
    "call_jaxpr algorithm feature_group_count batch_group_count rhs_dilation lhs_dilation jvp fwd "
    "symbolic_zeros update_jaxpr update_consts branches new_sizes num_consts out_trees".split()
)
"""Params that say nothing to a person who reads the formula."""


def shown(equation: Any) -> Shown:
    """How the equation is written."""
    name, params = str(equation.primitive.name), equation.params
    shapes = [x.aval.shape for x in equation.invars]
    if name == "dot_general":
        return _product(params["dimension_numbers"], *shapes)
    if name.startswith("reduce_") and "axes" in params:
        whole = len(params["axes"]) == len(shapes[0])
        axes = params["axes"]
        axis = axes[0] if len(axes) == 1 else tuple(axes)
        return Shown(name.removeprefix("reduce_"), {} if whole else {"axis": axis})
    if name == "integer_pow":
        return Shown("pow", extra=(float(params["y"]),))
    if name == "select_n" and len(shapes) == 3:
        return Shown("where", order=(0, 2, 1))
    if name == "transpose" and params["permutation"] == (1, 0):
        return Shown("t")
    if name in ("custom_jvp_call", "custom_vjp_call"):
        return Shown(_custom_name(params))
    if name == "reshape":
        return Shown("reshape", {"shape": params["new_sizes"]})
    if name == "broadcast_in_dim":
        is_reshaped = prod(params["shape"]) == prod(shapes[0])
        return Shown("reshape" if is_reshaped else "broadcast", {"shape": params["shape"]})
    if name == "convert_element_type":
        return Shown("astype", args=(Slot(0), str(params["new_dtype"])))
    settings = {
        key: x
        for key, x in params.items()
        if key not in _HIDDEN and _is_plain(x) and x is not False
    }
    return Shown(_NAMES.get(name, name), settings)


def _custom_name(params: Mapping[str, Any]) -> str:
    name = params.get("name")
    for key in ("call_jaxpr", "fun_jaxpr"):
        info = getattr(getattr(params.get(key), "jaxpr", None), "debug_info", None)
        name = name or getattr(info, "func_name", None)
    name = str(name or "custom")
    return name if name.isidentifier() else "f"


def _is_plain(x: Any) -> bool:
    if isinstance(x, (tuple, list)):
        return len(x) <= 4 and all(map(_is_plain, x))
    return isinstance(x, (bool, int, float, str))


def _product(numbers: Any, a: tuple[int, ...], b: tuple[int, ...]) -> Shown:
    """`a @ b` where it is that, else an einsum."""
    (left, right), (left_batch, right_batch) = numbers
    count = len(left_batch)
    is_matmul = (
        len(left) == 1
        and left[0] == len(a) - 1
        and tuple(left_batch) == tuple(right_batch) == tuple(range(count))
        and (
            (count == 0 and len(b) <= 2 and right[0] == 0)
            or (count > 0 and len(a) == len(b) == count + 2 and right[0] == count)
        )
    )
    if is_matmul:
        return Shown("matmul")
    letters = iter(ascii_lowercase)
    first = [next(letters) for _ in a]
    second = [""] * len(b)
    for i, j in [*zip(left, right, strict=True), *zip(left_batch, right_batch, strict=True)]:
        second[j] = first[i]
    second = [letter or next(letters) for letter in second]
    out = [first[i] for i in left_batch]
    out += [x for i, x in enumerate(first) if i not in left and i not in left_batch]
    out += [x for i, x in enumerate(second) if i not in right and i not in right_batch]
    text = f"{''.join(first)},{''.join(second)}->{''.join(out)}"
    return Shown("einsum", args=(text, Slot(0), Slot(1)))


def broadcast_shape(equation: Any) -> tuple[int, ...] | None:
    """The new shape, where the equation broadcasts as NumPy does by itself."""
    if equation.primitive.name != "broadcast_in_dim" or len(equation.invars) != 1:
        return None
    shape = tuple(equation.params["shape"])
    old = equation.invars[0].aval.shape
    dims = tuple(equation.params["broadcast_dimensions"])
    return shape if dims == tuple(range(len(shape) - len(old), len(shape))) else None
