"""Classes: rows of scores, of which a whole number names one.

As in `nn`, these are graphtrace's own names and work on plain values too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphtrace.core.primitive import Code, Rule
from graphtrace.core.variable import Variable, define, fixed, traced
from graphtrace.ops.composed import composed
from graphtrace.ops.nn import along_last, log_softmax, softmax, sum_of_rows


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


def _adjoint(g: Any, y: Any, labels: Any, *, axis: int) -> Any:
    """What the logits get: g times the softmax less the one-hot label, `y` being its logarithm.

    At the label it is minus the sum of the others, as 1 - p cancels where p is nearly 1.
    """
    if y.ndim != 2 or axis not in (-1, 1):
        rows = np.moveaxis(y, axis, -1)
        flat = rows.reshape(labels.size, y.shape[axis])
        adjoint = _adjoint(np.reshape(g, -1), flat, labels.reshape(-1), axis=1)
        return np.moveaxis(adjoint.reshape(rows.shape), -1, axis)
    if np.minimum.reduce(labels, initial=0) >= 0:
        others, places = np.exp(y), (np.arange(labels.size), labels)
        try:
            others[places] *= 0  # nan stays nan
        except IndexError:
            pass
        else:
            others[places] = 0 - sum_of_rows(others)
            return others * g[:, None]
    is_class = (labels >= 0) & (labels < y.shape[1])
    return _adjoint(np.where(is_class, g, 0), y, np.where(is_class, labels, 0), axis=1)


def _adjoint_formula(g: Any, y: Any, labels: Any, *, axis: int) -> Any:
    hot = np.moveaxis(_one_hot_row(labels, classes=np.shape(y)[axis]), -1, axis)
    others = np.exp(y) * (1 - hot)
    balanced = others - hot * np.sum(others, axis=axis, keepdims=True)
    g = np.expand_dims(g, axis) if np.ndim(y) > 1 else g
    return g * (balanced * np.sum(hot, axis=axis, keepdims=True))


_entry_of_row: Rule = define("entry_of", _entry_of, code=Code(static="rule"))
_adjoint_row = composed(
    "cross_entropy_adjoint", _adjoint, _adjoint_formula, code=Code(static="rule", memory="own")
)


def _are_classes(labels: Any, logits: Any) -> bool:
    return np.ndim(labels) < np.ndim(logits) and _name_classes(labels)


def _cross_entropy(logits: Any, labels: Any, *, axis: int) -> Any:
    if _are_classes(labels, logits):
        return -_entry_of_row(log_softmax(logits, axis), labels, axis=axis)
    return -np.sum(labels * log_softmax(logits, axis), axis=axis)


def _of_classes(k: int, g: Any, y: Any, logits: Any, labels: Any, *, axis: int) -> Any:
    """The adjoint of the logits where the labels are classes."""
    if not _are_classes(labels, logits):
        return None
    return _adjoint_row(g, log_softmax(logits, axis), labels, axis=axis)


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
    quick=_of_classes,
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
            if at < ndim - 1:
                padded = (1,) * (ndim - np.ndim(labels)) + np.shape(labels)
                labels = np.moveaxis(np.reshape(labels, padded), -1, at)
    return _cross_entropy_row(logits, labels, axis=axis)
