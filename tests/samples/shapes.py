"""Indexing, and functions that move entries."""

import numpy as np
from oracles import Sample

from samples.arrays import MASK, A, B, C, N, R, V, calls, named


def item(*index):
    """`a[index]`, without a list in the index where JAX runs it."""
    where = index if len(index) != 1 else index[0]
    arrays = tuple(np.array(part) if isinstance(part, list) else part for part in index)
    return Sample(lambda xp, a: a[where], (N,), lambda xp, a: a[arrays])


SHAPES = {
    "getitem": [
        *(
            item(*index)
            for index in [
                (0,),
                (-1,),
                (np.int64(1),),
                (slice(None),),
                (slice(1, None), 0),
                (..., slice(None, None, -1)),
                (slice(None), slice(None), slice(2, 0, -2)),
                (None,),
                (None, 1, None),
                (...,),
                (..., 1),
                (0, ..., 2),
                (1, 0, 2),
                ([1, 0, 1],),
                (0, [1, 0, 1]),
                ([1, 0], slice(None), [2, 2]),
                (np.array([[0, 1], [1, 1]]),),
                (slice(None), np.array([-1, 0, -1])),
                (MASK[:, :2],),
                (slice(None), MASK[0, 1:]),
                (..., MASK[0]),
                (N > 0,),
                (True,),
                (slice(0, 0),),
            ]
        ),
        *calls(lambda xp, a: a[a > 0], (A,), twin=lambda xp, a: a[A > 0]),
        *calls(lambda xp, a: a[np.argmax(a)], (V,), twin=lambda xp, a: a[2]),
        *calls(lambda xp, a: a[np.argsort(a)] * a, (V,), twin=lambda xp, a: a[np.argsort(V)] * a),
        *calls(lambda xp, a: [row * row for row in a], (A,)),
        *calls(
            lambda xp, a: [x * x for x in a.flat],
            (A,),
            twin=lambda xp, a: [x * x for x in a.ravel()],
        ),
        *calls(lambda xp, a: xp.split(a, 3, axis=1), (A,)),
        *calls(lambda xp, a: xp.split(a, [1, 3, 3], axis=-1), (N,)),
        *calls(lambda xp, a: xp.array_split(a, 2), (V,)),
        *calls(lambda xp, a: xp.hsplit(a, 3), (A,)),
        *calls(lambda xp, a: xp.vsplit(a, 2), (A,)),
        *calls(lambda xp, a: xp.dsplit(a, 3), (N,)),
    ],
    "where": [
        *calls(lambda xp, a, b: xp.where(MASK, a, b), (A, B), (V, C), (0.3, B), (A, 0.2)),
        *calls(lambda xp, a, b: xp.where(a > b, a * a, b), (A, B)),
        *calls(lambda xp, a: xp.where(a > 0, a, 0.0), (0.7,), (-0.7,), (A,)),
        *calls(lambda xp, a: xp.where(True, a, 2 * a), (0.7,)),
        *calls(lambda xp, a: xp.where(np.bool_(True), a + 1.0, 2.0), (0.7,)),
        *calls(lambda xp, a: xp.where(MASK, 1.0, a), (C,)),
    ],
    "clip": [
        *calls(lambda xp, a: xp.clip(a, -0.5, 0.9), (0.7,), (1.2,), (-0.8,), (A,)),
        *calls(lambda xp, a, low, high: xp.clip(a, low, high), (A, R - 1, 0.7), (0.3, -0.2, V)),
        *calls(lambda xp, a: xp.clip(a, None, 0.6), (A,)),
        *calls(lambda xp, a: xp.clip(a, 0.1, None), (A,)),
        *calls(lambda xp, a: xp.clip(a, min=0.1), (A,)),
        *calls(lambda xp, a: a.clip(0.1, 0.6), (A,)),
        *calls(lambda xp, a: a.clip(max=0.6), (A,)),
    ],
    "reshape": [
        *calls(lambda xp, a: xp.reshape(a, (3, 2)), (A,)),
        *calls(lambda xp, a: xp.reshape(a, -1), (A,)),
        *calls(lambda xp, a: xp.reshape(a, (2, -1), order="F"), (N,)),
        *calls(lambda xp, a: a.reshape(3, 2), (A,)),
        *calls(lambda xp, a: a.reshape((3, -1), order="F"), (N,)),
        *calls(lambda xp, a: xp.ravel(a), (A,)),
        *calls(lambda xp, a: xp.ravel(a, order="F"), (A,)),
        *calls(lambda xp, a: a.flatten("F") * a.ravel(), (A,)),
        *calls(lambda xp, a: xp.reshape(a, (1, 1)), (0.7,)),
        *calls(lambda xp, a: a[0, 1].item() * a, (A,), twin=lambda xp, a: a[0, 1] * a),
        *calls(lambda xp, a: a.item(0, 1) * a, (A,), twin=lambda xp, a: a[0, 1] * a),
        *calls(lambda xp, a: a.item(4) * a, (A,), twin=lambda xp, a: a.reshape(-1)[4] * a),
        *calls(lambda xp, a: xp.atleast_1d(a), (0.7,), (V,)),
        *calls(lambda xp, a: xp.atleast_2d(a), (0.7,), (V,)),
        *calls(lambda xp, a: xp.atleast_3d(a), (V,), (A,)),
        *calls(lambda xp, a, b: xp.atleast_2d(a, b), (0.7, V)),
    ],
    "transpose": [
        *calls(lambda xp, a: xp.transpose(a), (A,), (N,), (V,)),
        *calls(lambda xp, a: xp.transpose(a, (2, 0, 1)), (N,)),
        *calls(lambda xp, a: xp.transpose(a, (-1, 0, -2)), (N,)),
        *calls(lambda xp, a: a.T * 2, (N,)),
        *calls(lambda xp, a: a.transpose(1, 2, 0), (N,)),
        *calls(lambda xp, a: a.transpose((1, 2, 0)), (N,)),
        *calls(lambda xp, a: a.transpose(), (N,)),
        *calls(lambda xp, a: xp.permute_dims(a, (1, 0)), (A,)),
    ],
    "matrix_transpose": [
        *calls(lambda xp, a: xp.matrix_transpose(a), (A,), (N,)),
        *calls(lambda xp, a: xp.linalg.matrix_transpose(a), (N,)),
        *calls(lambda xp, a: a.mT * 2, (N,)),
    ],
    "broadcast_to": [
        *calls(lambda xp, a: xp.broadcast_to(a, (2, 2, 3)), (0.7,), (V,), (R,), (C,), (A,)),
        *calls(lambda xp, a, b: xp.broadcast_arrays(a, b), (V, C), (0.2, A)),
        *calls(lambda xp, a, b: xp.full_like(a, b) * a, (A, 0.4)),
        *calls(lambda xp, a, b: xp.full_like(a, fill_value=b) * a, (A, 0.4)),
    ],
    "concatenate": [
        *calls(lambda xp, a, b: xp.concatenate([a, b]), (A, B), (V, V[:2])),
        *calls(lambda xp, a, b: xp.concatenate((a, b), axis=1), (A, C)),
        *calls(lambda xp, a, b: xp.concatenate([a, b, a], axis=-1), (N, N[..., :1])),
        *calls(lambda xp, a, b: xp.concatenate([a, b], axis=None), (A, V)),
        *calls(lambda xp, a: xp.concatenate([a, B, np.ones((1, 3))]), (A,)),
        *calls(lambda xp, a: np.concatenate(a), (N,), twin=lambda xp, a: xp.reshape(a, (4, 3))),
        *calls(lambda xp, a, b: xp.concat([a, b]), (A, B)),
        *calls(lambda xp, a, b: xp.hstack([a, b]), (A, C), (V, V), (0.2, V)),
        *calls(lambda xp, a, b: xp.vstack([a, b]), (A, V), (0.2, 0.3)),
        *calls(lambda xp, a, b: xp.dstack([a, b]), (A, B), (V, V)),
        *calls(lambda xp, a, b: xp.column_stack([a, b]), (V, V), (C, A)),
        *calls(lambda xp, a, b: xp.append(a, b), (A, V), (V, 0.2)),
        *calls(lambda xp, a, b: xp.append(a, b, axis=0), (A, R)),
    ],
    "stack": [
        *calls(lambda xp, a, b: xp.stack([a, b]), (A, B), (0.2, 0.3)),
        *calls(lambda xp, a, b: xp.stack((a, b, a), axis=-1), (A, B)),
        *calls(lambda xp, a, b: xp.stack((a, b), axis=1), (A, B)),
        *calls(lambda xp, a: xp.stack([a, B]), (A,)),
        *calls(
            lambda xp, a: np.stack([[a, 2 * a], [a * a, -a]]),
            (0.3,),
            twin=lambda xp, a: xp.array([[a, 2 * a], [a * a, -a]]),
        ),
        *calls(lambda xp, a, b: xp.array([a, b]) * xp.array([b, b]), (0.2, 0.3)),
    ],
    "expand_dims": calls(lambda xp, a: xp.expand_dims(a, 1), (A,))
    + calls(lambda xp, a: xp.expand_dims(a, (0, -1)), (A,)),
    "squeeze": calls(named("squeeze"), (C,), (N[:1, :1],))
    + calls(lambda xp, a: xp.squeeze(a, axis=0), (N[:1, :1],))
    + calls(lambda xp, a: a.squeeze(-1), (C,)),
    "swapaxes": calls(lambda xp, a: xp.swapaxes(a, 0, -1), (N,))
    + calls(lambda xp, a: a.swapaxes(1, 0), (A,)),
    "moveaxis": calls(lambda xp, a: xp.moveaxis(a, 0, -1), (N,))
    + calls(lambda xp, a: xp.moveaxis(a, [0, 1], [-1, 0]), (N,)),
    "rollaxis": calls(lambda xp, a: xp.rollaxis(a, 2), (N,))
    + calls(lambda xp, a: xp.rollaxis(a, 0, 3), (N,)),
    "flip": calls(named("flip"), (A,), (V,))
    + calls(lambda xp, a: xp.flip(a, 1), (A,))
    + calls(lambda xp, a: xp.flip(a, axis=(0, -1)), (N,)),
    "fliplr": calls(named("fliplr"), (A,)),
    "flipud": calls(named("flipud"), (A,), (V,)),
    "rot90": calls(named("rot90"), (A,)) + calls(lambda xp, a: xp.rot90(a, 3, (1, 2)), (N,)),
    "roll": calls(lambda xp, a: xp.roll(a, 2), (A,))
    + calls(lambda xp, a: xp.roll(a, -1, axis=1), (A,))
    + calls(lambda xp, a: xp.roll(a, (1, 2), axis=(0, 2)), (N,)),
    "repeat": calls(lambda xp, a: xp.repeat(a, 2), (A,), (0.7,))
    + calls(lambda xp, a: xp.repeat(a, 3, axis=0), (A,))
    + calls(lambda xp, a: xp.repeat(a, np.array([1, 0, 2]), axis=1), (A,))
    + calls(lambda xp, a: a.repeat(2), (V,)),
    "tile": calls(lambda xp, a: xp.tile(a, 2), (A,), (V,))
    + calls(lambda xp, a: xp.tile(a, (2, 1, 3)), (A,)),
    "resize": calls(lambda xp, a: xp.resize(a, (2, 4)), (A,), (V,))
    + calls(lambda xp, a: xp.resize(a, 2), (V,)),
    "take": calls(lambda xp, a: xp.take(a, np.array([2, 0, 2])), (A,), (V,))
    + calls(lambda xp, a: xp.take(a, 1, axis=0), (A,))
    + calls(lambda xp, a: xp.take(a, np.array([[0, -1]]), axis=-1), (A,))
    + calls(lambda xp, a: xp.take(a, np.array([5, -4]), axis=1, mode="wrap"), (A,))
    + calls(lambda xp, a: xp.take(a, np.array([5, -4]), axis=1, mode="clip"), (A,))
    + calls(lambda xp, a: a.take([1, 1]), (V,), twin=lambda xp, a: a[np.array([1, 1])]),
    "take_along_axis": calls(
        lambda xp, a: xp.take_along_axis(a, np.array([[2, 0], [1, 1]]), axis=1), (A,)
    )
    + calls(lambda xp, a: xp.take_along_axis(a, np.argsort(A, 0), 0), (A,))
    + calls(
        lambda xp, a: np.take_along_axis(a, np.argsort(a, 1), 1),
        (A,),
        twin=lambda xp, a: xp.take_along_axis(a, np.argsort(A, 1), 1),
    ),
    "delete": calls(lambda xp, a: xp.delete(a, 1), (A,), (V,))
    + calls(lambda xp, a: xp.delete(a, np.array([0, 2]), axis=1), (A,))
    + calls(lambda xp, a: xp.delete(a, slice(0, 2), axis=1), (A,)),
    "diag": calls(named("diag"), (V,), (A,))
    + calls(lambda xp, a: xp.diag(a, 1), (V,), (A,))
    + calls(lambda xp, a: xp.diag(a, k=-1), (V,), (A,)),
    "diagonal": calls(named("diagonal"), (A,), (N,))
    + calls(lambda xp, a: xp.diagonal(a, 1, 0, 2), (N,))
    + calls(lambda xp, a: a.diagonal(offset=-1), (A,)),
    "diagflat": calls(named("diagflat"), (A,)) + calls(lambda xp, a: xp.diagflat(a, 1), (V,)),
    "tril": calls(named("tril"), (A,), (N,)) + calls(lambda xp, a: xp.tril(a, 1), (A,)),
    "triu": calls(named("triu"), (A,), (N,)) + calls(lambda xp, a: xp.triu(a, k=-1), (A,)),
}
