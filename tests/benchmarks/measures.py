"""The measures, a function each: it returns what graphtrace does, and what makes the peer's work.

What makes a peer's work raises ImportError where the peer is not installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from shutil import which
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.programs import (
    SIZES,
    START,
    by_hand,
    chain,
    digits_by_hand,
    digits_loss,
    horner,
    network,
    network_at,
    orbit,
    orbit_with_exp_and_log,
    orbit_with_tanh,
    script,
    script_step,
    script_step_by_hand,
    train,
    with_tanh,
)

Work = Callable[[], Any]


@dataclass(frozen=True)
class Measure:
    what: str
    peer: str
    goal: float | None  # for ours / peer; without a peer, in seconds
    pair: Callable[[], tuple[Work, Callable[[], Work] | None]]
    unit: str = "s"
    scale: float = 1.0  # of ours, where the peer has fewer operations
    slow: bool = False
    why: str = ""  # where the time goes, said where the goal is missed


MEASURES: list[Measure] = []


def measure(what: str, peer: str, goal: float | None = None, **how: Any) -> Callable[..., Any]:
    """Declare a row of the table."""

    def declared(pair: Callable[..., Any]) -> Callable[..., Any]:
        MEASURES.append(Measure(what, peer, goal, pair, **how))
        return pair

    return declared


# -- Where the time goes, in rows that miss their goals --------------------------------------------

INTERPRETER = (
    "each operation is a call into Python, a tuple on the list and a rule on the way back, 0.8 µs "
    "in all; there is no native code"
)
RULES = (
    "some 25 µs an operation for the list, the rules, and copies of arguments and gradients, which "
    "`gt.jit` pays once; it is within a tenth of NumPy by hand"
)
MEMORY = (
    "the list keeps each value for the way back, and the operating system gives and takes half a "
    "megabyte for each array again (0.1 ms); `gt.jit` lets go of them"
)
TANH = (
    "tanh's slope by cosh, right to the last digits where 1 − h² cancels, takes 3 µs more for "
    "2,000 entries, and checking arguments 1 µs"
)
MKL = "three quarters are products of matrices, which NumPy's wheels do with OpenBLAS, not MKL"
FIRST_CALL = (
    "tracing and compiling takes 4 ms, as much as 35 steps by hand, a tenth of it Python's own "
    "compile(); a step takes 1.1 to 1.2 times that by hand: ties at a kink or in a maximum share "
    "their gradient, a softmax that has decided keeps its digits, and tanh's slope does"
)

# -- A program of numbers --------------------------------------------------------------------------

OPERATIONS = 3000


def micrograd() -> Work:
    engine = import_module("micrograd.engine")
    sys.setrecursionlimit(100 * OPERATIONS)  # its sort recurses

    def run() -> None:
        x = engine.Value(1.0)
        chain(OPERATIONS)(x).backward()

    return run


def torch_chain() -> Work:
    torch = eager()

    def run() -> None:
        x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
        chain(OPERATIONS)(x).backward()

    return run


def gradient_of(operations: int) -> Work:
    import graphtrace as gt

    return partial(gt.grad(chain(operations)), 1.0)


def traced() -> Any:
    import graphtrace as gt

    graph = gt.trace(chain(OPERATIONS), 1.0)
    graph.backward()
    return graph


def looked_at() -> Any:
    """The traced graph, when somebody has seen every attribute of every node and edge."""
    graph = traced()
    for _, attributes in graph.nodes(data=True):
        tuple(attributes.values())
    for *_, attributes in graph.edges(data=True):
        tuple(attributes.values())
    return graph


def rebuilt() -> Any:
    """The same graph, with the same attributes, by NetworkX's own methods."""
    import networkx as nx

    ours = looked_at()
    graph = nx.MultiDiGraph(**ours.graph)
    for key, attributes in ours.nodes(data=True):
        graph.add_node(key, **attributes)
    for u, v, key, attributes in ours.edges(keys=True, data=True):
        graph.add_edge(u, v, key, **attributes)
    return graph


@measure("gt.grad, 3,000 operations", "micrograd", 0.30, why=INTERPRETER)
def _() -> Any:
    return gradient_of(OPERATIONS), micrograd


@measure("gt.grad, 3,000 operations", "PyTorch eager", 0.10, why=INTERPRETER)
def _() -> Any:
    return gradient_of(OPERATIONS), torch_chain


@measure("gt.trace + backward, 3,000 operations", "micrograd", 0.90)
def _() -> Any:
    return traced, micrograd


@measure(
    "the same, then every attribute read",
    "micrograd",
    3,
    why="a node has ten attributes, of which names, labels and statements are read from bytecode, "
    "and dictionaries of NetworkX; micrograd has a number and a gradient. Who reads none pays none",
)
def _() -> Any:
    return looked_at, micrograd


@measure("gt.grad, per operation of 100,000", "of 3,000", 1.3, scale=0.03)
def _() -> Any:
    return gradient_of(100_000), partial(gradient_of, 3000)


@measure("gt.grad, per operation of 1,000,000", "of 3,000", 1.3, scale=0.003, slow=True)
def _() -> Any:
    return gradient_of(1_000_000), partial(gradient_of, 3000)


@measure("memory of a traced graph, all read", "add_node, add_edge", 1.0, unit="B")
def _() -> Any:
    return looked_at, lambda: rebuilt


# -- A network: value and gradient -----------------------------------------------------------------


def eager() -> Any:
    torch = import_module("torch")
    torch.set_num_threads(1)
    return torch


def torch_network(size: Any) -> Work:
    torch = eager()
    params, x = network_at(size)
    tensors = {k: torch.tensor(w, requires_grad=True) for k, w in params.items()}
    data, loss = torch.tensor(x), network(torch)

    def run() -> Any:
        for tensor in tensors.values():
            tensor.grad = None
        value = loss(tensors, data)
        value.backward()
        return value

    return run


def autograd_network(size: Any) -> Work:
    numpy = import_module("autograd.numpy")
    return partial(import_module("autograd").value_and_grad(network(numpy)), *network_at(size))


def jitted(f: Callable[..., Any], *args: Any, argnums: Any = 0) -> Work:
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    compiled = jax.jit(jax.value_and_grad(f, argnums))
    return lambda: jax.block_until_ready(compiled(*args))


def jax_network(size: Any) -> Work:
    return jitted(network(import_module("jax.numpy")), *network_at(size))


def hand_written(size: Any) -> Work:
    return partial(by_hand, *network_at(size))


def value_and_grad(size: Any, peer: Callable[[Any], Work]) -> Any:
    import numpy as np

    import graphtrace as gt

    return partial(gt.value_and_grad(network(np)), *network_at(size)), partial(peer, size)


def replay(size: Any, peer: Callable[[Any], Work]) -> Any:
    import numpy as np

    import graphtrace as gt

    graph = gt.trace(network(np), *network_at(size))
    return partial(graph.compile(wrt="params"), *network_at(size)), partial(peer, size)


GOALS = {
    ("autograd", SIZES[0]): 0.35,
    ("PyTorch eager", SIZES[0]): 0.9,
    ("NumPy by hand", SIZES[1]): 1.5,
    ("PyTorch eager", SIZES[1]): 1.0,
    ("NumPy by hand", SIZES[2]): 1.05,
}
PEERS = {
    "NumPy by hand": hand_written,
    "autograd": autograd_network,
    "PyTorch eager": torch_network,
    "jax.jit": jax_network,
}
for size in SIZES:
    shape = "×".join(map(str, size))
    for name, peer in PEERS.items():
        pair = partial(value_and_grad, size, peer)
        why = MEMORY if size == SIZES[2] else RULES
        measure(f"value_and_grad, network {shape}", name, GOALS.get((name, size)), why=why)(pair)
for size in SIZES:
    shape = "×".join(map(str, size))
    declared = measure(f"compiled, network {shape}", "NumPy by hand", 1.1, why=TANH)
    declared(partial(replay, size, hand_written))


# -- Training --------------------------------------------------------------------------------------


def jit_network(size: Any, peer: Callable[[Any], Work]) -> Any:
    import numpy as np

    import graphtrace as gt

    fast = gt.jit(gt.value_and_grad(network(np)))
    return partial(fast, *network_at(size)), partial(peer, size)


JIT_GOALS = {
    "NumPy by hand": (1.1, 1.1, 1.1),
    "PyTorch eager": (0.3, 0.45, 1.0),
    "jax.jit": (1.0, 1.0, 2.5),
}
for i, size in enumerate(SIZES):
    shape = "×".join(map(str, size))
    for name, goals in JIT_GOALS.items():
        pair = partial(jit_network, size, PEERS[name])
        why = TANH if name == "NumPy by hand" else MKL
        measure(f"jit'd value_and_grad, network {shape}", name, goals[i], why=why)(pair)


@measure("jit'd training of digits, 10 epochs", "NumPy by hand", 1.2, why=FIRST_CALL)
def _() -> Any:
    import graphtrace as gt

    # Traced and compiled in each run, as in a script of one's own.
    ours = lambda: train(gt.jit(gt.value_and_grad(digits_loss)))  # noqa: E731
    return ours, lambda: partial(train, digits_by_hand)


@measure("the training script of docs/training.md", "NumPy by hand", 1.2, why=FIRST_CALL)
def _() -> Any:
    import graphtrace as gt

    return lambda: script(gt.jit(script_step)), lambda: partial(script, script_step_by_hand)


def rows_of_data() -> Any:
    import numpy as np

    rng = np.random.default_rng(0)
    return network_at((1, 64, 32))[0], rng.normal(size=(400_000, 64))


def in_pieces() -> Work:
    import numpy as np

    import graphtrace as gt

    return partial(gt.accumulate(network(np), over="x", chunk=10_000), *rows_of_data())


def in_one_piece() -> Work:
    import numpy as np

    import graphtrace as gt

    return partial(gt.value_and_grad(network(np)), *rows_of_data())


@measure("accumulate, 400,000 rows of 64", "value_and_grad of all", 0.8)
def _() -> Any:
    return in_pieces(), in_one_piece


@measure("accumulate, memory beyond the data", "value_and_grad of all", 0.1, unit="peak B")
def _() -> Any:
    return in_pieces(), in_one_piece


# -- Compiled programs of numbers ------------------------------------------------------------------


def compiled_orbit(**how: Any) -> Work:
    import graphtrace as gt

    return partial(gt.trace(orbit, *START).compile(**how), *START)


def casadi_orbit() -> Work:
    """CasADi at its fastest: the numbers stay in the same memory from call to call."""
    import numpy as np

    ca = import_module("casadi")
    xs = ca.SX.sym("x", 3)
    value = orbit(xs[0], xs[1], xs[2])
    buffer, run = ca.Function("orbit", [xs], [value, ca.gradient(value, xs)]).buffer()
    given, out, gradient = np.array(START), np.zeros(1), np.zeros(3)
    buffer.set_arg(0, memoryview(given))
    buffer.set_res(0, memoryview(out))
    buffer.set_res(1, memoryview(gradient))

    def call() -> Any:
        given[:] = START
        run()
        return out[0], gradient

    call.keep = buffer  # type: ignore[attr-defined]  # the memory is the buffer's
    return call


def jax_compiler() -> Work:
    import_module("jax")
    # A function of its own each time: what has been compiled once is not compiled again.
    return lambda: jitted(lambda *args: orbit(*args), *START, argnums=(0, 1, 2))()


def jit_gradient(f: Any) -> Work:
    import graphtrace as gt

    return partial(gt.jit(gt.value_and_grad(f, (0, 1, 2))), *START)


@measure("jit'd gradient, 200 operations", "jax.jit", 0.5)
def _() -> Any:
    return jit_gradient(orbit), partial(jitted, orbit, *START, argnums=(0, 1, 2))


def with_functions(program: Callable[[Any], Any]) -> Any:
    """A program of NumPy's functions, and the same of JAX's."""
    import numpy as np

    def theirs() -> Work:
        return jitted(program(import_module("jax.numpy")), *START, argnums=(0, 1, 2))

    return jit_gradient(program(np)), theirs


@measure("jit'd gradient, 200 operations with np.tanh", "jax.jit", 0.5)
def _() -> Any:
    return with_functions(orbit_with_tanh)


@measure("jit'd gradient, 200 operations with np.exp, np.log", "jax.jit", 0.5)
def _() -> Any:
    return with_functions(orbit_with_exp_and_log)


def gradient_with_tanh() -> Work:
    import numpy as np

    import graphtrace as gt

    return partial(gt.grad(with_tanh(np, OPERATIONS)), 1.0)


def torch_with_tanh() -> Work:
    torch = eager()

    def run() -> None:
        x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
        with_tanh(torch, OPERATIONS)(x).backward()

    return run


@measure("gt.grad, 3,000 operations, a quarter np.tanh", "PyTorch eager")
def _() -> Any:
    return gradient_with_tanh(), torch_with_tanh


@measure("compiled, 200 operations", "jax.jit", 0.5)
def _() -> Any:
    return compiled_orbit(), partial(jitted, orbit, *START, argnums=(0, 1, 2))


@measure('compiled with jit="numba", 200 operations', "CasADi", 1.0)
def _() -> Any:
    return compiled_orbit(jit="numba"), casadi_orbit


@measure(
    "compile, per operation of 200",
    "jax.jit",
    0.01,
    why="70 µs an operation: the rules are run once (a third), each value becomes a node and a "
    "line, and the text is checked to say nothing but what was written, and parsed by Python "
    "(a fifth)",
)
def _() -> Any:
    import graphtrace as gt

    return gt.trace(orbit, *START).compile, jax_compiler


@measure("trace and compile, per operation of 200", "jax.jit")
def _() -> Any:
    return compiled_orbit, jax_compiler


# -- Figures ---------------------------------------------------------------------------------------


def figure(operations: int, **how: Any) -> Work:
    import graphtrace as gt

    def draw() -> str:
        graph = gt.trace(horner(operations), 0.9, 0.5)
        graph.backward()
        svg: str = graph.to_svg(**how)
        return svg

    return draw


def torchviz(operations: int) -> Work:
    torch, make_dot = eager(), import_module("torchviz").make_dot
    if which("dot") is None:
        raise ImportError("Graphviz' own dot is not on the PATH")

    def draw() -> bytes:
        x, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.9, 0.5))
        dot = make_dot(horner(operations)(x, b), params={"x": x, "b": b})
        picture: bytes = dot.pipe(format="svg")
        return picture

    return draw


@measure(
    "figure of 60 operations, typeset derivatives",
    "torchviz + dot",
    0.3,
    why="a quarter is the layout engine; the rest sets each formula and derivative in type and "
    "finds a way for two arrows and two labels an edge, where torchviz has one word a box",
)
def _() -> Any:
    return figure(60, math=True, limit=100), partial(torchviz, 60)


@measure("figure of 1,000 operations", "", 3.0)
def _() -> Any:
    return figure(1000, limit=2000), None


@measure("figure of 100,000 operations, folded", "", 10.0)
def _() -> Any:
    return figure(100_000), None


# -- From the command line -------------------------------------------------------------------------


@cache
def bytecode() -> TemporaryDirectory[str]:
    return TemporaryDirectory()


def python(*arguments: str) -> Work:
    """A new interpreter, with all bytecode at hand, as pip leaves it, also where none is kept."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if len(kept) < len(os.environ):
        kept["PYTHONPYCACHEPREFIX"] = bytecode().name
    command = [sys.executable, *arguments]
    return partial(subprocess.run, command, check=True, capture_output=True, env=kept)


IMPORTS = (
    "importing takes 30 ms after NumPy's, a third of a millisecond for each of sixty modules, most "
    "of them rows of derivatives; NetworkX, Graphviz and the formats are imported when needed"
)


@measure("graphtrace render, cold", "import numpy, networkx", 1.5, why=IMPORTS)
def _() -> Any:
    at = ["--at", "a=5", "--at", "b=3", "--at", "c=2"]
    ours = python("-m", "graphtrace", "render", "J = 3*(a + b*c)", *at, "-o", "-")
    return ours, partial(python, "-c", "import numpy, networkx")


@measure("import graphtrace, cold", "import numpy", 1.3, why=IMPORTS)
def _() -> Any:
    return python("-c", "import graphtrace"), partial(python, "-c", "import numpy")
