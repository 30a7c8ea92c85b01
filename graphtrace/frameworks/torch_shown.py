"""The arguments of a PyTorch function as one writes them: operands by position, the others by name.

In: a function and the arguments that it was called with, a `Slot` for each tensor. Out: what stands
in the brackets, and the settings that are not the default.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from graphtrace.frameworks.notation import REST, Slot

_CONVOLUTION = "input weight bias stride padding dilation groups"
_TRANSPOSED = "input weight bias stride padding output_padding groups dilation"
_POOLING = "input kernel_size stride padding dilation ceil_mode return_indices"
_AVERAGE = "input kernel_size stride padding ceil_mode count_include_pad divisor_override"
_NAMES = {
    **{f"conv{n}d": _CONVOLUTION for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": _TRANSPOSED for n in (1, 2, 3)},
    **{f"max_pool{n}d": _POOLING for n in (1, 2, 3)},
    **{f"avg_pool{n}d": _AVERAGE for n in (1, 2, 3)},
    **dict.fromkeys("softmax log_softmax logsumexp cumsum cumprod unbind".split(), "input dim"),
    **dict.fromkeys("squeeze unsqueeze".split(), "input dim"),
    **dict.fromkeys("sum mean prod amax amin argmax argmin".split(), "input dim keepdim"),
    **dict.fromkeys("max min sort median".split(), "input dim keepdim"),
    "var": "input dim unbiased keepdim",
    "std": "input dim unbiased keepdim",
    "gather": "input dim index",
    "index_select": "input dim index",
    "flatten": "input start_dim end_dim",
    "chunk": "input chunks dim",
    "split": "input split_size dim",
    "topk": "input k dim",
    "tril": "input diagonal",
    "triu": "input diagonal",
    "clamp": "input min max",
    "cat": "tensors dim",
    "stack": "tensors dim",
    "scaled_dot_product_attention": "query key value mask dropout_p is_causal scale enable_gqa",
    "gelu": "input approximate",
    "softplus": "input beta threshold",
}
"""The parameters of what is not written in Python, or hides its signature, in their order."""

_DEFAULTS: dict[str, Any] = {
    "stride": 1, "padding": 0, "dilation": 1, "groups": 1, "output_padding": 0, "ceil_mode": False,
    "return_indices": False, "count_include_pad": True, "keepdim": False, "diagonal": 0,
    "dropout_p": 0.0, "is_causal": False, "enable_gqa": False, "approximate": "none", "end_dim": -1,
    "beta": 1, "threshold": 20,
}  # fmt: skip
_NOT_SHOWN = frozenset("_stacklevel inplace out memory_format copy non_blocking".split())
_NOT_SHOWN_OF = {
    "layer_norm": {"normalized_shape", "eps"},
    "rms_norm": {"normalized_shape", "eps"},
    "group_norm": {"eps"},
    "batch_norm": {"running_mean", "running_var", "momentum", "eps"},
    "instance_norm": {"running_mean", "running_var", "momentum", "eps", "use_input_stats"},
    "embedding": {"padding_idx"},
}
"""What says nothing to a person who reads the formula, or stands in the operands anyhow."""

_FIRST = {"lstm": 1, "gru": 1, "rnn_tanh": 1, "rnn_relu": 1}
_FIRST |= {"lstm_cell": 2, "gru_cell": 2, "rnn_tanh_cell": 2, "rnn_relu_cell": 2}
"""Of a cell so many arguments are written; its weights and flags are "…"."""


def shown_arguments(
    function: Callable[..., Any], op: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What stands in the brackets, and the settings that are not the default."""
    if op in _FIRST:
        return (*args[: _FIRST[op]], REST), {}
    names, defaults = _parameters(function, op)
    hidden = _NOT_SHOWN.union(_NOT_SHOWN_OF.get(op, ()))
    if names is None or len(args) > len(names):
        given = [x for x in args if x is not None]
        settings = dict(kwargs)
    else:
        by_name = dict(zip(names, args, strict=False)) | dict(kwargs)
        given, settings = [], {}
        for name, x in by_name.items():
            if name in hidden:
                continue
            is_default = name in defaults and _is_same(x, defaults[name])
            if _has_slot(x):
                given.append(x)
            elif not is_default and not _is_stride_of_pool(op, name, by_name):
                settings[name] = x
    slots = [x for x in settings.values() if _has_slot(x)]
    shown = {
        name: _once(x) if name in _OF_EACH_DIMENSION else x
        for name, x in settings.items()
        if not _has_slot(x) and x is not None and name not in hidden
    }
    return (*given, *slots), shown


def _is_stride_of_pool(op: str, name: str, given: Mapping[str, Any]) -> bool:
    """Whether it is the stride of a pooling, whose default is the size of the kernel."""
    return name == "stride" and "_pool" in op and _is_same(given[name], given.get("kernel_size"))


_OF_EACH_DIMENSION = frozenset(
    "kernel_size stride padding dilation output_padding output_size".split()
)


def _once(x: Any) -> Any:
    """2 for (2, 2), as a person writes what holds for each dimension."""
    is_tuple = type(x) is tuple and bool(x) and all(type(n) is int for n in x)
    return x[0] if is_tuple and len(set(x)) == 1 else x


def _has_slot(x: Any) -> bool:
    if isinstance(x, Slot):
        return True
    return type(x) in (tuple, list) and any(map(_has_slot, x))


def _is_same(x: Any, default: Any) -> bool:
    if isinstance(x, tuple) and x and not isinstance(default, tuple):
        return all(_is_same(item, default) for item in x)
    return x is default or (type(x) is type(default) and bool(x == default))


def _parameters(
    function: Callable[..., Any], op: str
) -> tuple[tuple[str, ...] | None, dict[str, Any]]:
    if op in _NAMES:
        return tuple(_NAMES[op].split()), _DEFAULTS
    if op == "getitem":
        return None, {}
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None, {}
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters.values()):
        return None, {}
    defaults = {name: p.default for name, p in parameters.items() if p.default is not p.empty}
    return tuple(parameters), defaults
