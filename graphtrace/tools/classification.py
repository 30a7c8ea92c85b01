"""What becomes of every public function of the installed NumPy when a traced value reaches it.

In: NumPy's namespaces and the rows. Out: a group for each function, and for what is not
differentiated the reason. A function that a new NumPy adds is in no group until it is put in one.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

import graphtrace.ops  # noqa: F401  (declares every operation)
from graphtrace.core.primitive import PRIMITIVES
from graphtrace.core.variable import NUMPY, Variable

DIFFERENTIATED = "differentiated"
FLAT = "zero derivative"
VALUE = "answered from the value"
UNREACHABLE = "not differentiable"
UNKNOWN = "not classified"


class Class(NamedTuple):
    """The group of a function, and for one that is not differentiated the reason."""

    group: str
    reason: str = ""


_VALUE = frozenset(
    """
    np.array2string np.array_repr np.array_str np.can_cast np.common_type np.diag_indices_from
    np.einsum_path np.empty_like np.iscomplexobj np.isrealobj np.ix_ np.may_share_memory
    np.min_scalar_type np.ndim np.ones_like np.ravel_multi_index np.result_type np.shape
    np.shares_memory np.size np.tril_indices_from np.triu_indices_from np.unravel_index
    np.zeros_like ndarray.dtype ndarray.itemsize ndarray.nbytes ndarray.ndim ndarray.shape
    ndarray.size
    """.split()
)

# Reason -> the functions.
_REASONS = {
    "it takes a shape or plain numbers; to assign traced values into, take gt.zeros(shape)": """
        np.arange np.bartlett np.blackman np.diag_indices np.empty np.eye np.hamming
        np.hanning np.identity np.indices np.kaiser np.mask_indices np.ones np.tri np.tril_indices
        np.triu_indices np.zeros np.fft.fftfreq np.fft.rfftfreq np.fromfunction
    """,
    "NumPy offers no protocol for it; a traced array is an array already, and a list of traced "
    "values becomes one by np.stack or gt.array": """
        np.array np.asanyarray np.asarray np.asarray_chkfinite np.ascontiguousarray
        np.asfortranarray np.asmatrix np.bmat np.fromiter np.require np.row_stack np.from_dlpack
    """,
    "it reads or writes files, text or memory, which holds no derivative": """
        np.frombuffer np.fromfile np.fromregex np.fromstring np.genfromtxt np.load np.loadtxt
        np.save np.savetxt np.savez np.savez_compressed ndarray.dump ndarray.dumps ndarray.tobytes
        ndarray.tofile ndarray.tostring
    """,
    "it shows or changes how the memory is laid out, which a traced array leaves open": """
        np.nested_iters ndarray.base ndarray.byteswap ndarray.ctypes ndarray.data ndarray.flags
        ndarray.getfield ndarray.newbyteorder ndarray.resize ndarray.setfield ndarray.setflags
        ndarray.strides ndarray.view ndarray.device ndarray.to_device
    """,
    "dates have no derivative": """
        np.busday_count np.busday_offset np.datetime_as_string np.datetime_data np.is_busday
        np.isnat
    """,
    "it is about types, settings or texts, not about values": """
        np.base_repr np.binary_repr np.broadcast_shapes np.format_float_positional
        np.format_float_scientific np.get_include np.get_printoptions np.getbufsize np.geterr
        np.geterrcall np.info np.isdtype np.isfortran np.isscalar np.issubdtype np.iterable
        np.mintypecode np.printoptions np.promote_types np.set_printoptions np.setbufsize np.seterr
        np.seterrcall np.show_config np.show_runtime np.test np.typename np.linalg.test np.fft.test
    """,
    "it makes a ufunc of any function; write the function itself, or declare a rule": """
        np.frompyfunc
    """,
}
_UNREACHABLE = {name: reason for reason, names in _REASONS.items() for name in names.split()}

_MODULES: dict[str, ModuleType] = {"np": np, "np.linalg": np.linalg, "np.fft": np.fft}


def public_functions() -> dict[str, Any]:
    """Every public function of np, np.linalg and np.fft, and attribute of arrays, by its name."""
    functions: dict[str, Any] = {}
    for prefix, module in _MODULES.items():
        for name in dir(module):
            item = getattr(module, name)
            if name[0] != "_" and callable(item) and not isinstance(item, type):
                functions[f"{prefix}.{name}"] = item
    for name in dir(np.ndarray):
        if name[0] != "_":
            functions[f"ndarray.{name}"] = getattr(np.ndarray, name)
    return functions


def classify(name: str, function: Any) -> Class:
    """The group of the function called `name` in `public_functions`.

    >>> classify("np.exp", np.exp).group, classify("np.argmax", np.argmax).group
    ('differentiated', 'zero derivative')
    """
    if name in _VALUE:
        return Class(VALUE)
    if name == "np.full":  # it makes an array of objects, the traced number in each place
        return Class(DIFFERENTIATED)
    reachable = hasattr(Variable, name[8:]) if name.startswith("ndarray.") else function in NUMPY
    if name == "ndarray.choose":  # the array itself only says which
        return Class(FLAT)
    if reachable:
        plain = getattr(np, name[8:], None) if name.startswith("ndarray.") else function
        return Class(FLAT if _is_flat(plain) else DIFFERENTIATED)
    if name in _UNREACHABLE:
        return Class(UNREACHABLE, _UNREACHABLE[name])
    return Class(UNKNOWN)


# Functions whose row has another name, or shares its name with another row.
_ROWS = {"around": "round", "nonzero": "nonzero_positions"}


def _is_flat(function: Callable[..., Any] | None) -> bool:
    """Whether the row of a function passes no gradient to any operand."""
    name = getattr(function, "__name__", "")
    primitive = PRIMITIVES.get(f"np.{name}") or PRIMITIVES.get(_ROWS.get(name, name))
    if primitive is None:
        return False
    return primitive.flat or (
        primitive.partials is not None and all(d is None or d == 0 for d in primitive.partials)
    )


def table() -> dict[str, Class]:
    """The class of every public function of the installed NumPy."""
    return {name: classify(name, function) for name, function in public_functions().items()}
