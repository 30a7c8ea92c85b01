"""The names of PyTorch's functions, and what is known by a name alone.

In: a function as PyTorch hands it to a mode. Out: what a graph calls it, and its arguments in the
order in which they are written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

DECISIONS = frozenset(
    "__bool__ __int__ __float__ __index__ __complex__ __contains__ item tolist equal allclose "
    "is_nonzero numpy __array__".split()
)
REFUSED = {
    "backward": "the gradient is taken here",
    "grad": "a gradient is taken here",
    "register_hook": "a hook that changes a gradient is set here",
}
SAME = frozenset("requires_grad_ retain_grad contiguous".split())
_NAMES = {"truediv": "div", "true_divide": "div", "divide": "div", "multiply": "mul"}
_NAMES |= {"subtract": "sub", "negative": "neg", "absolute": "abs", "floordiv": "floor_divide"}
_NAMES |= {"greater": "gt", "less": "lt", "greater_equal": "ge", "less_equal": "le"}
_NAMES |= {"arctan": "atan", "arcsin": "asin", "arccos": "acos", "arctan2": "atan2"}
_NAMES |= {"_softmax": "softmax", "invert": "bitwise_not", "setitem": "set"}

UNSEEN = frozenset(
    "shape size dim numel dtype device layout requires_grad is_leaf grad_fn ndim stride grad names "
    "is_contiguous _version requires_grad_ data_ptr is_floating_point is_complex is_cuda is_nested "
    "is_sparse storage_offset __len__ element_size itemsize nbytes is_quantized retain_grad _base "
    "__repr__ __format__ __hash__ _is_view output_nr is_meta is_mps is_cpu is_xla is_inference "
    "result_type can_cast is_conj is_neg get_device is_tensor".split()
)
"""What asks for no numbers, and takes none on."""


SWAPPED = frozenset("__rsub__ __radd__ __rmul__ __rtruediv__ __rdiv__ __rpow__ __rmatmul__".split())
"""Methods of the right operand, which is written behind the other one."""


def name_of(func: Callable[..., Any]) -> str:
    """The name of a function, or of the property that is read."""
    name = getattr(func, "__name__", type(func).__name__)
    if name in ("__get__", "__set__", "__delete__"):
        return str(getattr(func, "__self__", func).__name__)
    return str(name)


def plain_name(name: str) -> str:
    """`add` of `add_`, `__add__`, `__radd__`, `__iadd__`."""
    if name in SWAPPED:
        name = f"__{name[3:]}"
    if name.startswith("__") and name.endswith("__"):
        name = name[2:-2]
        name = name[1:] if name in _IN_PLACE else name
    name = name.rstrip("_") or name
    return _NAMES.get(name, name)


_IN_PLACE = frozenset("iadd isub imul itruediv ipow ifloordiv imod idiv iand ior ixor".split())


def in_order(name: str, args: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """The function's own name, and its operands in the order in which they are written."""
    if name in SWAPPED:
        args = (args[1], args[0], *args[2:])
    return plain_name(name), args
