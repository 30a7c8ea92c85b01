"""The modules of a PyTorch program: their parameters by name, and their state, which is kept.

In: what is traced, with its arguments. Out: parameters, names for the modules that run, and a
context that leaves their buffers as they were. Refuses what cannot be followed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from graphtrace.core.describe_error import is_installed
from graphtrace.core.inputs import name_of
from graphtrace.errors import ArgumentError, TraceError


def refuse(f: Any) -> None:
    """Raise TraceError for what runs somewhere else than in Python."""
    if isinstance(f, (torch.jit.ScriptModule, torch.jit.ScriptFunction)):
        raise TraceError(
            f"{type(f).__name__} runs outside Python, where it cannot be followed; trace the "
            f"Python module or function that was scripted"
        )
    if hasattr(f, "_orig_mod") or hasattr(f, "_torchdynamo_orig_callable"):
        raise TraceError(
            "what torch.compile has compiled cannot be followed; trace the module or function "
            "itself (model._orig_mod)"
        )


def refuse_tensor(x: torch.Tensor, name: str) -> None:
    """Raise ArgumentError for a tensor without plain numbers."""
    kind = ""
    if x.is_quantized:
        kind = "quantised; hand it over as x.dequantize()"
    elif x.layout != torch.strided:
        kind = "sparse; hand it over as x.to_dense()"
    elif x.is_nested:
        kind = "nested; hand it over as x.to_padded_tensor(0.0)"
    elif x.device.type == "meta":
        kind = "on the device meta, which holds no numbers; create it on the CPU"
    if kind:
        raise ArgumentError(f"{name} is {kind}")


class Modules:
    """All modules that a program may run, by the names that its author gave them.

    The traced module's own parameters have their names in its `state_dict`, those of another
    module stand behind the variable that holds it: `net.0.weight`.
    """

    def __init__(self, f: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
        self.root = f if isinstance(f, nn.Module) else None
        holders = {"": f} if isinstance(f, nn.Module) else dict(_held_by(f, set()))
        holders |= {name: x for name, x in arguments.items() if isinstance(x, nn.Module)}
        self.names: dict[int, str] = {}
        self.parameters: dict[str, torch.Tensor] = {}
        self._modules: list[nn.Module] = []
        known: set[int] = set()
        for holder, thing in holders.items():
            if isinstance(thing, torch.Tensor):
                if id(thing) not in known:
                    known.add(id(thing))
                    self.parameters[holder] = thing
                continue
            refuse(thing)
            for path, module in thing.named_modules():
                if isinstance(module, torch.jit.ScriptModule):
                    refuse(module)
                self.names.setdefault(id(module), ".".join(filter(None, (holder, path))))
                self._modules.append(module)
            for path, parameter in thing.named_parameters():
                if parameter.requires_grad and id(parameter) not in known:
                    known.add(id(parameter))
                    name = ".".join(filter(None, (holder, path)))
                    name = f"module.{name}" if name in arguments else name
                    refuse_tensor(parameter, f"the parameter {name}")
                    self.parameters[name] = parameter

    def name(self, module: nn.Module) -> str:
        """Where the module stands, `layers.0.attention`; its class where that is not known."""
        return self.names.get(id(module), type(module).__name__.lower())

    def tensor(self, x: Any) -> Any:
        """An array of NumPy's that a module is given, as a tensor of the type of its parameters."""
        if self.root is None or not isinstance(x, (np.ndarray, np.number)):
            return x
        tensor = torch.as_tensor(x)
        kinds = (p.dtype for p in self.root.parameters() if p.is_floating_point())
        return tensor.to(next(kinds, tensor.dtype)) if tensor.is_floating_point() else tensor

    @contextmanager
    def kept(self, copies: Mapping[str, Any]) -> Iterator[None]:
        """What the program does to buffers and parameters is undone afterwards.

        `copies` are the parameters' numbers, by their names; batch_norm changes its buffers without
        a trace in their `_version`.
        """
        buffers = [(module, dict(module._buffers)) for module in self._modules]
        before = [
            (x, x.detach().clone()) for _, own in buffers for x in own.values() if x is not None
        ]
        versions = {name: x._version for name, x in self.parameters.items()}
        try:
            yield
        finally:
            for module, own in buffers:
                module._buffers.update(own)
            with torch.no_grad():
                for x, numbers in before:
                    if not torch.equal(x, numbers):
                        x.copy_(numbers)
                for name, x in self.parameters.items():
                    if name in copies and x._version != versions[name]:
                        x.copy_(torch.from_numpy(np.asarray(copies[name])))


def _held_by(f: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """The modules, and tensors that want a gradient, that a function takes from around it."""
    if id(f) in seen:
        return
    seen.add(id(f))
    if isinstance(f, partial):
        for name, x in f.keywords.items():
            yield from _held(name, x, seen)
        for i, x in enumerate(f.args):
            yield from _held(f"{name_of(f)}_{i}", x, seen)
        yield from _held_by(f.func, seen)
        return
    owner = getattr(f, "__self__", None)
    if isinstance(owner, nn.Module):
        yield "", owner
    elif owner is not None and not inspect.ismodule(owner):
        for name, x in getattr(owner, "__dict__", {}).items():
            yield from _held(name, x, seen)
    function = inspect.unwrap(getattr(f, "__func__", f))
    code = getattr(function, "__code__", None)
    if code is None:
        return
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    around = {name: cell.cell_contents for name, cell in cells if _is_filled(cell)}
    around |= {n: function.__globals__[n] for n in _names_in(code) if n in function.__globals__}
    for name, x in around.items():
        yield from _held(name, x, seen)


def _held(name: str, x: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if isinstance(x, nn.Module) or (isinstance(x, torch.Tensor) and x.requires_grad and x.is_leaf):
        yield name, x
    elif inspect.isfunction(x) and not is_installed(x.__code__.co_filename):
        yield from _held_by(x, seen)


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _names_in(code: Any) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if inspect.iscode(inner):
            yield from _names_in(inner)
