"""Classes: rows of scores, of which a whole number names one.

As in `nn`, these are graphtrace's own names and work on plain values too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphtrace.core.primitive import Code, Rule
from graphtrace.core.variable import Variable, define, fixed, traced
from graphtrace.ops.composed import composed
from graphtrace.ops.nn import along_last, log_softmax, softmax


def one_hot(labels: Any, classes: int) -> Any:
    """For every whole number in `labels`, a row with 1 at that position and 0 elsewhere.

    Args:
        labels: Whole numbers from 0 on, in any shape. One that is no class has a row of zeros, as
            in JAX.
        classes: How many there are.

    Returns:
        A float64 array of the shape of `labels` and one axis more, which carries no gradient.

    >>> import graphtrace as gt
    >>> gt.one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    if type(labels) is not Variable or not labels.shape or not _name_classes(labels):
        labels = np.asarray(fixed(labels))
    return _one_hot_row(labels, classes=classes)


def _name_classes(labels: Any) -> bool:
    return labels.dtype.kind in "iu"


_one_hot_row: Rule = define(
    "one_hot",
    lambda labels, *, classes: np.asarray(labels[..., None] == np.arange(classes), dtype=float),
    code=Code(static="shape", memory="own"),
)


def _places(labels: Any, count: int) -> tuple[Any, Any]:
    """The rows whose label is a class, and that class of each."""
    is_class = (labels >= 0) & (labels < count)
    return np.flatnonzero(is_class), labels[is_class]


def _entry_of(x: Any, labels: Any, *, axis: int) -> Any:
    """The entry of each row along the axis at its label; 0 where that is no class."""
    if x.ndim != 2 or axis not in (-1, 1):
        rows = np.moveaxis(x, axis, -1).reshape(labels.size, x.shape[axis])
        return _entry_of(rows, labels.reshape(-1), axis=1).reshape(labels.shape)[()]
    if np.minimum.reduce(labels, initial=0) >= 0:
        try:
            return x[np.arange(labels.size), labels]
        except IndexError:
            pass
    entries = np.zeros(labels.shape, x.dtype)
    places = _places(labels, x.shape[1])
    entries[places[0]] = x[places]
    return entries


def _entry_only(g: Any, labels: Any, *, axis: int, count: int) -> Any:
    """An entry in each row along the axis, at its label, and zeros beside it."""
    if labels.ndim != 1 or axis not in (-1, 1):
        rows = _entry_only(np.reshape(g, -1), labels.reshape(-1), axis=1, count=count)
        return np.moveaxis(rows.reshape(*labels.shape, count), -1, axis)
    rows = np.zeros((labels.size, count), g.dtype)
    if np.minimum.reduce(labels, initial=0) >= 0:
        try:
            rows[np.arange(labels.size), labels] = g
            return rows
        except IndexError:
            pass
    places = _places(labels, count)
    rows[places] = g[places[0]]
    return rows


_CODE = Code(static="rule")
_entry_of_row: Rule = define(
    "entry_of",
    _entry_of,
    vjps=(
        lambda g, y, x, labels, *, axis: _entry_only_row(
            g, labels, axis=axis, count=np.shape(x)[axis]
        ),
        None,
    ),
    code=_CODE,
)
_entry_only_row: Rule = define(
    "entry_only",
    _entry_only,
    vjps=(
        lambda h, y, g, labels, *, axis, count: _entry_of_row(h, labels, axis=axis),
        None,
    ),
    code=_CODE,
)


def _cross_entropy(logits: Any, labels: Any, *, axis: int) -> Any:
    if np.ndim(labels) < np.ndim(logits) and _name_classes(labels):
        return -_entry_of_row(log_softmax(logits, axis), labels, axis=axis)
    return -np.sum(labels * log_softmax(logits, axis), axis=axis)


def _by_logits(g: Any, y: Any, logits: Any, labels: Any, *, axis: int) -> Any:
    """The softmax less the labels, for print; where these are weights, it has their sum."""
    ndim = np.ndim(logits)
    g = np.expand_dims(g, axis) if ndim > 1 else g
    if np.ndim(labels) < ndim:
        hot = one_hot(labels, np.shape(logits)[axis])
        return g * (softmax(logits, axis) - np.moveaxis(hot, -1, axis))
    total = np.sum(labels, axis=axis, keepdims=True) if ndim > 1 else np.sum(labels)
    return g * (softmax(logits, axis) * total - labels)


_cross_entropy_row = composed(
    "cross_entropy",
    _cross_entropy,
    _cross_entropy,
    is_exact=True,
    printed=(_by_logits, None),
    notation=along_last("cross_entropy"),
)


def cross_entropy(logits: Any, labels: Any, axis: int = -1) -> Any:
    """The cross-entropy of the softmax of `logits` to `labels`, one number for each distribution.

    Args:
        logits: Scores before the softmax, along `axis`.
        labels: Probabilities of the shape of `logits`, or whole numbers that name the true class
            (one axis less). Of a number that is no class, the cross-entropy is 0.
        axis: The axis of the classes.

    Returns:
        An array of the shape of `logits` without `axis`. For a loss, take its mean.

    >>> import graphtrace as gt, numpy as np
    >>> gt.cross_entropy(np.zeros((2, 4)), [3, 0]).round(4)
    array([1.3863, 1.3863])
    >>> gt.grad(gt.cross_entropy)(np.array([0.0, 0.0]), 1)
    array([ 0.5, -0.5])
    """
    logits, labels, axis = traced(logits), traced(labels), fixed(axis)
    ndim, shape = np.ndim(logits), np.shape(logits)
    if np.ndim(labels) < ndim:
        at = axis % ndim
        if type(labels) is not Variable or not _name_classes(labels):
            labels = np.asarray(fixed(labels))[()]
        if not _name_classes(labels) or labels.shape != shape[:at] + shape[at + 1 :]:
            labels = one_hot(labels, shape[at])  # one for many rows, or a number that may be whole
            labels = labels if at == ndim - 1 else np.moveaxis(labels, -1, at)
    return _cross_entropy_row(logits, labels, axis=axis)
