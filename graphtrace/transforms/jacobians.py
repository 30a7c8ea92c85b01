"""jacobian, hessian and hvp: whole matrices of derivatives, and the product with one of them.

In: a function. Out: a function, or the product. One evaluation is swept once for each entry of the
output (reverse) or of the arguments (forward), whichever are fewer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from graphtrace.core.inputs import is_static, value_of
from graphtrace.core.made import Made
from graphtrace.core.pytree import flatten
from graphtrace.errors import ArgumentError, NoDerivative
from graphtrace.transforms.grad import grad, jvp
from graphtrace.transforms.linearize import Argnums, Linearized, positions

_MODES = (None, "fwd", "rev")


def jacobian(
    f: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    mode: str | None = None,
) -> Callable[..., Any]:
    """The function that returns the Jacobian of `f`.

    Args:
        f: A function as for `vjp`.
        argnums: The position of the argument to differentiate with respect to, or several.
        has_aux: Whether `f` returns `(value, aux)`; the result is then `(jacobian, aux)`.
        mode: "rev" for a reverse sweep for each entry of the value, "fwd" for a forward sweep for
            each entry of the arguments. Both give the same; by default the fewer sweeps are made,
            reverse ones where the numbers are equal.

    Returns:
        A function of the same arguments. Its result has the structure of the value of `f`, each
        leaf replaced by a tree of the argument's structure (a tuple of such for several), whose
        leaves have the value's shape followed by the argument's.

    >>> import numpy as np
    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    if mode not in _MODES:
        raise ArgumentError(f'mode={mode!r} is not known; give "fwd", "rev" or None')

    @functools.wraps(f, updated=())
    def jacobian_of_f(*args: Any, **kwargs: Any) -> Any:
        run = Linearized(f, args, argnums, kwargs, has_aux=has_aux)
        chosen = tuple(args[i] for i in positions(argnums))
        matrix = _matrix(run, chosen, mode)
        several = isinstance(argnums, Sequence)
        trees = [tuple(row) if several else row[0] for row in matrix]
        blocks = run.structure(trees)
        return (blocks, run.aux) if has_aux else blocks

    call = functools.partial(jacobian, f, argnums, has_aux=has_aux, mode=mode)
    return Made(jacobian_of_f, call)


def hessian(
    f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """The function that returns the Hessian of the scalar-valued `f`: the Jacobian of its gradient.

    Arguments and errors are those of `grad`; the result has the structure of that of `jacobian`.

    >>> import numpy as np
    >>> hessian(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return jacobian(grad(f, argnums, has_aux=has_aux), argnums, has_aux=has_aux)


def hvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of the scalar-valued `f` at `primals` times `tangents`, without the Hessian.

    It costs a few gradients: a forward sweep over the reverse one, `jvp(grad(f), ...)`.

    Args:
        f: A function as for `grad`.
        primals: Its arguments, a tuple.
        tangents: The vector: for each argument one of its structure and shapes.

    Returns:
        The product, in the structure of the argument; of several arguments a tuple.

    >>> import numpy as np
    >>> hvp(lambda x: np.sum(x**3), (np.array([1.0, 2.0]),), (np.array([1.0, 10.0]),))
    array([  6., 120.])
    """
    count = len(primals) if isinstance(primals, (tuple, list)) else 1
    argnums = 0 if count == 1 else tuple(range(count))
    product: Any = jvp(grad(f, argnums), primals, tangents)[1]
    return product


def _matrix(run: Linearized, chosen: tuple[Any, ...], mode: str | None) -> list[list[Any]]:
    """For each leaf of the value, and in it for each argument, the block of derivatives."""
    leaves = flatten(list(chosen))[0]
    rows, columns = _entries(run.leaves), _entries(leaves)
    if _mixes(leaves, run.leaves):  # a real sweep back would keep half of a complex derivative
        if mode == "rev":
            raise _mixed(mode, "complex values of real arguments", "fwd")
        mode = "fwd"
    if _mixes(run.leaves, leaves):
        if mode == "fwd":
            raise _mixed(mode, "real values of complex arguments", "rev")
        mode = "rev"
    if mode == "rev" or (mode is None and rows <= columns):
        return _by_rows(run, chosen)
    try:
        return _by_columns(run, chosen)
    except NoDerivative:
        if mode == "fwd":
            raise
        return _by_rows(run, chosen)  # an operation in it has a reverse mode only


def _mixes(some: list[Any], others: list[Any]) -> bool:
    """Whether there are real numbers in the ones and complex ones in the others."""
    kinds = [
        {np.result_type(value_of(x)).kind for x in xs if not is_static(x)} for xs in (some, others)
    ]
    return bool(kinds[0] - {"c"}) and "c" in kinds[1]


def _mixed(mode: str, what: str, other: str) -> ArgumentError:
    return ArgumentError(
        f'a jacobian with mode="{mode}" has no place for the derivatives of {what}; give '
        f'mode="{other}", or take the real and the complex ones one at a time'
    )


def _by_rows(run: Linearized, chosen: tuple[Any, ...]) -> list[list[Any]]:
    blocks = []
    for k, leaf in enumerate(run.leaves):
        pulled = [run.pullback(run.structure(unit)) for unit in _units(run.leaves, k)]
        shape = np.shape(leaf)
        blocks.append([_stacked([p[i] for p in pulled], shape, x) for i, x in enumerate(chosen)])
    return blocks


def _by_columns(run: Linearized, chosen: tuple[Any, ...]) -> list[list[Any]]:
    leaves, structure = flatten(chosen)
    values = [value_of(leaf) for leaf in leaves]
    of_leaf = []
    for j, leaf in enumerate(values):
        units = [structure(unit) for unit in _units(values, j)]
        pushed = [run.structure.leaves_of(run.pushforward(*unit), "") for unit in units]
        of_leaf.append(
            [_columns(run.leaves[k], leaf, [p[k] for p in pushed]) for k in range(len(run.leaves))]
        )
    return [list(structure([of[k] for of in of_leaf])) for k in range(len(run.leaves))]


def _columns(value: Any, leaf: Any, pushed: list[Any]) -> Any:
    """The block of one leaf of the value in one of the arguments, from its columns."""
    shape = np.shape(value) + np.shape(leaf)
    if not pushed:
        return np.zeros(shape, np.result_type(value))
    block = np.reshape(np.stack(pushed, axis=-1), shape)
    kind = _kind(leaf)  # which a reverse sweep gives
    return (block.astype(kind, copy=False) if kind.kind == block.dtype.kind == "f" else block)[()]


def _kind(leaf: Any) -> np.dtype[Any]:
    """The dtype of derivatives in a leaf."""
    return np.result_type(np.asarray(leaf).dtype, np.float16)


def _entries(leaves: list[Any]) -> int:
    return sum(np.size(value_of(leaf)) for leaf in leaves if not is_static(leaf))


def _units(leaves: list[Any], k: int) -> Iterator[list[Any]]:
    """The adjoints that pick out one entry of leaf `k` after the other."""
    zeros = [np.zeros_like(leaf)[()] for leaf in leaves]
    for i in range(np.size(leaves[k])):
        unit = np.zeros_like(leaves[k])
        unit.flat[i] = 1
        yield [*zeros[:k], unit[()], *zeros[k + 1 :]]


def _stacked(trees: Sequence[Any], shape: tuple[int, ...], like: Any) -> Any:
    """The trees, of the structure of `like`, put together leaf by leaf along axes of `shape`."""
    leaves, structure = flatten(like)
    if not trees:  # an output without entries
        values = map(value_of, leaves)
        return structure([np.zeros(shape + np.shape(x), _kind(x)) for x in values])
    columns = zip(*(flatten(tree)[0] for tree in trees), strict=True)
    return structure(
        [np.reshape(np.stack(column), shape + np.shape(column[0]))[()] for column in columns]
    )
