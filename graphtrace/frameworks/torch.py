"""A PyTorch program on the Wengert list: what it calls is followed while it runs.

In: a module or function and its arguments. Out: its recording. A `TorchFunctionMode` sees every
function of PyTorch that the program calls, with plain tensors, so that it may do whatever it does
anyway; which tensors carry a gradient is PyTorch's own answer, `requires_grad`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import get_ident
from types import FrameType
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from graphtrace.core.inputs import INPUT, Opened, bind, name_of as function_name, signature_of
from graphtrace.core.pytree import Structure, flatten, leaf_names
from graphtrace.core.tape import Tape, here, recording, regard_as_library
from graphtrace.core.variable import Variable, record
from graphtrace.errors import ArgumentError, TraceError
from graphtrace.frameworks.call import add_rows
from graphtrace.frameworks.notation import Slot, operands_of
from graphtrace.frameworks.program import Program, Scopes
from graphtrace.frameworks.torch_call import (
    Kind,
    State,
    TorchCall,
    replaced,
    tensors_in,
    to_numpy,
    to_torch,
)
from graphtrace.frameworks.torch_memory import layouts, seen_through, with_part
from graphtrace.frameworks.torch_modules import Modules, refuse, refuse_tensor
from graphtrace.frameworks.torch_names import (
    DECISIONS,
    REFUSED,
    SAME,
    SWAPPED,
    UNSEEN,
    in_order,
    name_of,
)
from graphtrace.graph.recording import Recording

regard_as_library(str(Path(torch.__file__).parent))

_CALLS = {nn.Module._call_impl.__code__}


def is_program(given: Sequence[Any]) -> bool:
    """Whether it is PyTorch's: the function a module, or a tensor among the arguments."""
    f, *arguments = given
    if isinstance(f, (nn.Module, torch.jit.ScriptFunction)):
        return True
    if isinstance(getattr(f, "__self__", None), nn.Module):
        return True
    return any(isinstance(x, (nn.Module, torch.Tensor)) for x in _leaves(arguments))


def _leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (list, tuple)):
        for item in tree:
            yield from _leaves(item)
    else:
        yield tree


def record_program(
    f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Recording:
    """The recording of `f(*args, **kwargs)`, which runs once.

    Raises TraceError for what cannot be followed, ArgumentError for what is no argument.
    """
    refuse(f)
    refuse(getattr(f, "__self__", None))
    body = f.forward if isinstance(f, nn.Module) else f
    name = type(f).__name__ if isinstance(f, nn.Module) else function_name(f)
    arguments = bind(body, args, kwargs)
    copies: dict[str, Any] = {}
    modules = Modules(f, arguments)
    with recording(locate=True, decide=True, nested=False) as (tape, _), modules.kept(copies):
        follower = _Follower(tape, modules)
        opened: dict[str, Opened] = {}
        handed: dict[str, Any] = {}
        with torch.inference_mode(False), torch.enable_grad():
            for key, argument in arguments.items():
                handed[key], opened[key] = follower.open(argument, key)
            named = {k: p for k, p in modules.parameters.items() if not follower.knows(p)}
            for key, parameter in named.items():
                _, opened[key] = follower.open(parameter, key, is_parameter=True)
                copies[key] = tape.rows[-1][1]
            bound = inspect.BoundArguments(signature_of(body), handed)
            with follower, _functions_seen(follower):
                out = tape.call(f, bound.args, bound.kwargs)
            traced = replaced(out, follower.traced)
        names = arguments | named
        program = Program(name, signature_of(body))
        made = _Recording(program, tape, names, opened, traced)
        made.weights = named.keys()
        return made


class _Recording(Recording):
    """A recording whose modules are no containers."""

    def _names(self, name: str, argument: Any) -> list[str]:
        return [] if isinstance(argument, nn.Module) else super()._names(name, argument)


class _Known(NamedTuple):
    """A tensor of the program, the row that it is, and its numbers when it was last looked at."""

    tensor: torch.Tensor
    row: int
    value: Any
    version: int


class _Follower(TorchFunctionMode):
    """Sees each call, and leaves a row for each of those that traced tensors go into."""

    def __init__(self, tape: Tape, modules: Modules) -> None:
        super().__init__()
        self._tape = tape
        self._known: dict[int, _Known] = {}
        self.thread = tape.thread
        self._scopes = Scopes(tape, self._label)
        self._modules = modules

    # What comes in and goes out

    def open(self, tree: Any, name: str, *, is_parameter: bool = False) -> tuple[Any, Opened]:
        """An argument as the program gets it, and its rows."""
        if isinstance(tree, nn.Module):  # whose parameters are rows of their own
            return tree, Opened(tree, [tree], [None], Structure())
        leaves, structure = flatten(tree)
        names = leaf_names(tree, name)
        leaves = [self._modules.tensor(x) for x in leaves]
        given = []
        rows: list[int | None] = []
        for leaf, each in zip(leaves, names, strict=True):
            if not isinstance(leaf, torch.Tensor):
                given.append(leaf)
                rows.append(None)
                continue
            refuse_tensor(leaf, each)
            x = leaf if is_parameter or isinstance(leaf, nn.Parameter) else _copy(leaf)
            variable = record(self._tape, INPUT, to_numpy(x))
            self._keep(x, variable.index, variable.value)
            given.append(x)
            rows.append(variable.index)
        return structure(given), Opened(structure(given), leaves, rows, structure)

    def traced(self, x: Any) -> Any:
        """The row that a tensor is, which the program returned; one from elsewhere is its value."""
        if not isinstance(x, torch.Tensor):
            return x
        known = self._current(x)
        if known is None:
            return to_numpy(x)
        return Variable(self._tape, known.row, known.value)

    def _keep(self, x: torch.Tensor, row: int, value: Any) -> None:
        self._known[id(x)] = _Known(x, row, value, x._version)

    # Each call

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        name = name_of(func)
        if name in REFUSED and not (name == "grad" and func.__name__ == "__get__"):
            raise TraceError(
                f"{here(sys._getframe())}: {REFUSED[name]}, which is no step of the computation; "
                f"trace the function that computes the loss, and take Graph.backward() of it"
            )
        if name in SAME and isinstance(args[0], torch.Tensor) and not kwargs:
            out = func(*args)
            if out is args[0] or out is None:
                return out
        tensors = tensors_in([args, kwargs])
        return self.follow(name, func, args, kwargs, tensors, func)

    def follow(
        self,
        name: str,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        tensors: list[torch.Tensor],
        shown: Callable[..., Any],
    ) -> Any:
        """Make the call, and leave a row for each result that traced tensors have gone into."""
        if torch._C._functorch.peek_interpreter_stack() is not None:
            # No TraceError, which is a TypeError: PyTorch's operators swallow those.
            raise ArgumentError(
                f"{here(sys._getframe())}: {name} runs inside a transform of torch.func (vmap, "
                f"grad), whose tensors have no numbers to look at; write the program without it"
            )
        known = [self._current(x) for x in tensors]
        self._refuse_strangers(name, tensors)
        if not any(known):
            return func(*args, **kwargs)
        constants = {
            id(x): to_numpy(x)
            for x, one in zip(tensors, known, strict=True)
            if one is None and name not in UNSEEN
        }
        versions = [x._version for x in tensors]
        random = torch.random.get_rng_state()
        out = func(*args, **kwargs)
        results = tensors_in(out)
        changed = [x for x, v in zip(tensors, versions, strict=True) if x._version != v]
        changed = [x for x in _once(changed) if x.requires_grad or self.knows(x)]
        if not results and not changed:
            if name in DECISIONS:
                self._decide(name, args, out)
            return out
        is_new = [not any(y is x for x in changed) and not self.knows(y) for y in results]
        if not any(is_new) and not changed:
            return out  # it hands on what it was given
        after = torch.random.get_rng_state()
        state = State(None if torch.equal(random, after) else random, _autocast(tensors[0]))
        self._record(name, shown, args, kwargs, constants, results, is_new, changed, state)
        return out

    def _record(
        self,
        name: str,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        constants: dict[int, Any],
        results: list[torch.Tensor],
        is_new: list[bool],
        changed: list[torch.Tensor],
        state: State,
    ) -> None:
        op, args = in_order(name, args)
        operands: list[Any] = []
        parents: list[int] = []
        kinds: list[Kind | None] = []
        slots: dict[int, Slot] = {}
        count = operands_of(op)

        def slotted(x: Any) -> Any:
            if not isinstance(x, torch.Tensor):
                return x
            one = self._known.get(id(x))
            operands.append(constants[id(x)] if one is None else one.value)
            parents.append(-1 if one is None else one.row)
            kinds.append(Kind(x.dtype, x.device))
            slot = Slot(len(operands) - 1)
            slots.setdefault(id(x), slot)
            return slot

        def argument(i: int, x: Any) -> Any:
            if i < count and type(x) in (int, float):
                operands.append(x)
                parents.append(-1)
                kinds.append(None)
                return Slot(len(operands) - 1)
            return replaced(x, slotted)

        given = tuple(argument(i, x) for i, x in enumerate(args))
        named = {key: replaced(x, slotted) for key, x in kwargs.items()}
        picked = [i for i, new in enumerate(is_new) if new]
        places = [slots[id(x)].k for x in changed]
        function = _swapped(func) if name in SWAPPED else func
        moving = [parent >= 0 for parent in parents]
        call = TorchCall(op, function, (given, named), kinds, moving, places, picked, state)
        outputs = [results[i] for i in picked] + changed
        values = [to_numpy(y) for y in outputs]
        flat = [not y.requires_grad for y in outputs]
        variables = add_rows(self._tape, call, values, operands, parents, flat)
        self._scopes.note([v.index for v in variables], sys._getframe(1))
        for y, v in zip(outputs, variables, strict=True):
            old = self._known.get(id(y))
            self._keep(y, v.index, v.value)
            if old is not None or any(y is x for x in changed):
                self._write_back(y, v)

    def _refuse_strangers(self, name: str, tensors: list[torch.Tensor]) -> None:
        """What wants a gradient and is no row would get none, in silence."""
        for x in tensors:
            is_stranger = x.requires_grad and not self.knows(x)
            if is_stranger and name not in UNSEEN and torch.is_grad_enabled():
                raise ArgumentError(
                    f"{here(sys._getframe())}: {name} takes a tensor that wants a gradient and is "
                    f"no argument and no parameter of a module in sight; hand it over as an "
                    f"argument"
                )

    def _decide(self, name: str, args: tuple[Any, ...], outcome: Any) -> None:
        """Remember what plain Python learnt of a tensor's numbers."""
        first = self._known.get(id(args[0]))
        if first is None:
            return
        kind = Kind(first.tensor.dtype, first.tensor.device)
        rest = tuple(x.detach().clone() if isinstance(x, torch.Tensor) else x for x in args[1:])
        test: Any = Decision(name, kind, rest)
        self._tape.guard(test, (first.value,), (first.row,), outcome, sys._getframe(2))

    # In-place operations

    def knows(self, x: torch.Tensor) -> bool:
        """Whether a tensor is a row."""
        one = self._known.get(id(x))
        return one is not None and one.tensor is x

    def _current(self, x: torch.Tensor) -> _Known | None:
        """What is known of a tensor; of one that changed with its base, what it is now."""
        one = self._known.get(id(x))
        if one is None or one.tensor is not x:
            return None
        if one.version == x._version:
            return one
        base = x._base
        if base is None or not self.knows(base) or self._known[id(base)].version != base._version:
            raise TraceError(
                f"{here(sys._getframe())}: a tensor was changed in place through another one that "
                f"shares its memory; write y = x + ... or clone it before"
            )
        self._record(
            "view",
            partial(seen_through, *layouts(base, x)),
            (base,),
            {},
            {},
            [x],
            [True],
            [],
            State(None, None),
        )
        return self._known[id(x)]

    def _write_back(self, x: torch.Tensor, changed: Variable) -> None:
        """What a tensor is a view of has changed with it."""
        base = x._base
        if base is None:
            return
        if not self.knows(base):
            if base.requires_grad:
                raise TraceError(
                    f"{here(sys._getframe())}: a view is changed in place of a tensor that was "
                    f"made out of sight; clone it before"
                )
            constants = {id(base): to_numpy(base)}
        else:
            constants = {}
        self._record(
            "with_view",
            partial(with_part, *layouts(base, x)),
            (base, x),
            {},
            constants,
            [base],
            [True],
            [],
            State(None, None),
        )

    def _label(self, frame: FrameType) -> str | None:
        """The name of the module whose call a frame is; "" of the traced module itself."""
        if frame.f_code not in _CALLS:
            return None
        module = frame.f_locals["self"]
        return "" if module is self._modules.root else self._modules.name(module)


class Decision(NamedTuple):
    """What `bool`, `item` and the like make of a tensor, for other numbers."""

    name: str
    kind: Kind
    rest: tuple[Any, ...]

    def __call__(self, x: Any) -> Any:
        """What it makes of `x`."""
        tensor = to_torch(x, self.kind)
        function = getattr(torch, self.name, None) or getattr(torch.Tensor, self.name)
        return function(tensor, *self.rest)


def _copy(x: torch.Tensor) -> torch.Tensor:
    """A tensor for the program that carries a gradient, and that it may change in place."""
    leaf = x.detach().clone()
    if not (x.is_floating_point() or x.is_complex()):
        return leaf
    leaf.requires_grad_()
    return leaf if x.requires_grad and x.is_leaf else leaf.clone()


def _once(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    return list({id(x): x for x in tensors}.values())


def _swapped(func: Callable[..., Any]) -> Callable[..., Any]:
    def swapped(other: Any, x: Any) -> Any:
        return func(x, other)

    return swapped


def _autocast(x: torch.Tensor) -> tuple[str, torch.dtype] | None:
    device = x.device.type
    if not torch.is_autocast_enabled(device):
        return None
    return device, torch.get_autocast_dtype(device)


@contextmanager
def _functions_seen(follower: _Follower) -> Iterator[None]:
    """An autograd.Function of the user's is one call; PyTorch does not tell a mode of it."""
    original = torch.autograd.Function.__dict__["apply"]

    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        function = original.__get__(None, cls)
        if get_ident() != follower.thread:
            return function(*args, **kwargs)
        tensors = tensors_in([args, kwargs])
        with torch._C.DisableTorchFunction():
            return follower.follow(cls.__name__, function, args, kwargs, tensors, function)

    torch.autograd.Function.apply = classmethod(apply)
    try:
        yield
    finally:
        torch.autograd.Function.apply = original
