"""A call of a PyTorch function, that can be made again: its value, its vjp and its jvp.

In: the function, its arguments with a `Slot` for each tensor, and the state that it ran in. Out:
NumPy arrays. Knows nothing of how a program is followed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import MethodType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from graphtrace.frameworks.call import Call, are_same
from graphtrace.frameworks.notation import Slot
from graphtrace.frameworks.torch_shown import shown_arguments

_NUMPY_HAS_NOT = {torch.bfloat16}
_NUMPY_HAS_NOT |= {getattr(torch, name) for name in dir(torch) if name.startswith("float8")}


def to_numpy(x: torch.Tensor) -> Any:
    """A copy of a tensor's numbers; a bfloat16 is a float32, which holds each of its numbers."""
    x = x.detach().resolve_conj().resolve_neg()
    x = x.float() if x.dtype in _NUMPY_HAS_NOT else x
    return x.cpu().numpy().copy(order="K")[()]


class Kind(NamedTuple):
    """What a tensor is beside its numbers; None stands for a number of Python's."""

    dtype: torch.dtype
    device: torch.device


def to_torch(x: Any, kind: Kind | None, *, own: bool = False) -> Any:
    """The tensor that `to_numpy` had the numbers of; a number stays one.

    It shares the memory of the array unless it is to be its `own`.
    """
    if kind is None:
        return x.item() if isinstance(x, np.generic) else x
    x = np.asarray(x)
    x = x if x.flags.writeable and all(n >= 0 for n in x.strides) and not own else x.copy()
    return torch.from_numpy(x).to(device=kind.device, dtype=kind.dtype)


def tensors_in(tree: Any) -> list[torch.Tensor]:
    """The tensors in nested tuples, lists and dicts, in their order."""
    if isinstance(tree, torch.Tensor):
        return [tree]
    items = tree.values() if isinstance(tree, dict) else tree
    if isinstance(tree, (tuple, list, dict)):
        return [x for item in items for x in tensors_in(item)]
    return []


def replaced(tree: Any, change: Callable[[Any], Any]) -> Any:
    """The same nesting with every leaf changed."""
    if isinstance(tree, dict):
        return {key: replaced(item, change) for key, item in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(replaced(item, change) for item in tree))
    if type(tree) in (tuple, list):
        return type(tree)(replaced(item, change) for item in tree)
    if isinstance(tree, slice):
        return slice(*(replaced(end, change) for end in (tree.start, tree.stop, tree.step)))
    return change(tree)


class State(NamedTuple):
    """What a call depends on beside its arguments: the random numbers, and autocast."""

    random: torch.Tensor | None
    autocast: tuple[str, torch.dtype] | None


class TorchCall(Call):
    """See `Call`. `changed` are the operands that it changes in place, which are results too."""

    framework = "PyTorch"

    def __init__(
        self,
        op: str,
        function: Callable[..., Any],
        given: tuple[tuple[Any, ...], dict[str, Any]],
        kinds: Sequence[Kind | None],
        moving: Sequence[bool],
        changed: Sequence[int],
        picked: Sequence[int],
        state: State,
    ) -> None:
        self.op = op
        self._function = function
        self._given = given
        self._kinds = kinds
        self._moving = moving  # what is no constant, and may want a gradient
        self._changed = changed
        self._picked = picked
        self._state = state
        # batch_norm writes into its buffers, and a function of the user's into what it wants.
        self._writes = op in ("batch_norm", "instance_norm") or isinstance(function, MethodType)
        self._last: tuple[Any, Any, int, list[Any]] | None = None

    @functools.cached_property
    def _shown(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return shown_arguments(self._function, self.op, *self._given)

    @property
    def args(self) -> tuple[Any, ...]:  # type: ignore[override]
        """What is written in the brackets."""
        return self._shown[0]

    @property
    def settings(self) -> Mapping[str, Any]:  # type: ignore[override]
        """What is written by name."""
        return self._shown[1]

    def value(self, xs: Sequence[Any]) -> list[Any]:
        """See `Call`."""
        with self._again(), torch.no_grad():
            return [to_numpy(y) for y in self._run(self._tensors(xs))]

    def vjp(self, output: int, g: Any, xs: Sequence[Any]) -> list[Any]:
        """See `Call`. The sweep asks operand by operand: the last answer is kept."""
        last = self._last
        if last is not None and last[0] is g and last[2] == output and are_same(last[1], xs):
            return last[3]
        with self._again():
            leaves = self._leaves(xs)
            y = self._run(leaves)[output]
            wanted = [x for x in leaves if isinstance(x, torch.Tensor) and x.requires_grad]
            adjoint = to_torch(g, Kind(y.dtype, y.device)).reshape(y.shape).contiguous()
            grads = iter(torch.autograd.grad(y, wanted, adjoint, allow_unused=True))
            answer = [
                _numbers(next(grads)) if isinstance(x, torch.Tensor) and x.requires_grad else None
                for x in leaves
            ]
        self._last = (g, tuple(xs), output, answer)
        return answer

    def jvp(self, output: int, k: int, t: Any, xs: Sequence[Any]) -> Any:
        """See `Call`. By forward mode where the function has it, else by two of reverse mode."""
        tangent = to_torch(t, self._kinds[k])
        with self._again():
            leaves = self._leaves(xs)
            fixed = [x.detach() if isinstance(x, torch.Tensor) else x for x in leaves]

            def moved(x: torch.Tensor) -> torch.Tensor:
                return self._run([*fixed[:k], x, *fixed[k + 1 :]])[output]

            try:
                with sdpa_kernel(SDPBackend.MATH):  # the fused one has no forward derivative
                    return to_numpy(torch.func.jvp(moved, (fixed[k],), (tangent,))[1])
            except (RuntimeError, NotImplementedError):
                pass
        with self._again():
            y = moved(leaves[k])
            u = torch.zeros_like(y, requires_grad=True)
            (pulled,) = torch.autograd.grad(y, leaves[k], u, create_graph=True)
            (pushed,) = torch.autograd.grad(pulled, u, tangent, allow_unused=True)
            return _numbers(pushed)

    def _tensors(self, xs: Sequence[Any]) -> list[Any]:
        own = self._writes
        return [to_torch(x, kind, own=own) for x, kind in zip(xs, self._kinds, strict=True)]

    def _leaves(self, xs: Sequence[Any]) -> list[Any]:
        leaves = self._tensors(xs)
        for x, moves in zip(leaves, self._moving, strict=True):
            if moves and isinstance(x, torch.Tensor) and (x.is_floating_point() or x.is_complex()):
                x.requires_grad_()
        return leaves

    def _run(self, tensors: Sequence[Any]) -> list[torch.Tensor]:
        """All results, the operands that are changed among them."""
        tensors = [x.clone() if k in self._changed else x for k, x in enumerate(tensors)]
        args, kwargs = replaced(self._given, lambda x: tensors[x.k] if isinstance(x, Slot) else x)
        results = tensors_in(self._function(*args, **kwargs))
        return [results[i] for i in self._picked] + [tensors[k] for k in self._changed]

    @contextmanager
    def _again(self) -> Iterator[None]:
        """The state of the call; that of the caller comes back."""
        with ExitStack() as stack:
            stack.enter_context(torch.inference_mode(False))
            stack.enter_context(torch.enable_grad())
            if self._state.random is not None:
                stack.enter_context(torch.random.fork_rng(devices=[]))
                torch.random.set_rng_state(self._state.random)
            device, dtype = self._state.autocast or ("cpu", None)
            stack.enter_context(torch.autocast(device, dtype, enabled=dtype is not None))
            yield


def _numbers(x: torch.Tensor | None) -> Any:
    return None if x is None else to_numpy(x)
