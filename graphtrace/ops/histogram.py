"""Counts: bincount and histograms.

Which bin an entry falls into is a decision; the weights pass their adjoints on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.variable import NUMPY, define, fixed, handles, traced
from graphtrace.ops.shape import gather_from

bincount = define(
    "bincount",
    lambda x, *w, minlength: np.bincount(x, w[0] if w else None, minlength),
    vjp_each=lambda k, g, y, x, *weights, minlength: np.take(g, plain(x)) if k else None,
)
NUMPY[np.bincount] = lambda x, /, weights=None, minlength=0: bincount(
    traced(x), *(() if weights is None else (traced(weights),)), minlength=fixed(minlength)
)


def _bins(sample: Any, edges: Any) -> Any:
    """The flat number, from 1 on, of the bin that each point of (count, dimensions) is in; or 0."""
    shape = tuple(len(edge) - 1 for edge in edges)
    bins, inside = [], np.ones(len(sample), bool)
    for x, edge in zip(np.transpose(sample), edges, strict=True):
        number = np.searchsorted(edge, x, side="right") - 1
        number = np.where(x == edge[-1], len(edge) - 2, number)
        inside &= (number >= 0) & (number < len(edge) - 1)
        bins.append(np.clip(number, 0, len(edge) - 2))
    return np.where(inside, np.ravel_multi_index(tuple(bins), shape) + 1, 0)


def _histogram_vjp(k: int, g: Any, y: Any, sample: Any, *weights: Any, **how: Any) -> Any:
    if not k:
        return None
    a = plain(sample)
    edges = np.histogramdd(a, **how)[1] if np.ndim(a) == 2 else [np.histogram(a, **how)[1]]
    origin = np.reshape(_bins(np.reshape(a, (len(a), len(edges))), edges), np.shape(weights[0]))
    return gather_from(g, origin=origin, shape=np.shape(y))


def _histogram_forward(sample: Any, *weights: Any, **how: Any) -> Any:
    function = np.histogramdd if np.ndim(sample) == 2 else np.histogram
    return function(sample, weights=weights[0] if weights else None, **how)[0]


histogram = define("histogram", _histogram_forward, vjp_each=_histogram_vjp)


def _edges(a: Any, bins: Any, range: Any, weights: Any = None) -> Any:
    """np.histogram_bin_edges; the ends of a number of bins are those of the data."""
    a, bins, range = traced(a), traced(bins) if not isinstance(bins, str) else bins, fixed(range)
    if np.ndim(bins) == 1:
        return bins
    edges = np.histogram_bin_edges(plain(a), fixed(bins), range, weights)
    if range is not None or np.size(a) == 0 or np.min(plain(a)) == np.max(plain(a)):
        return edges
    return np.linspace(np.min(a), np.max(a), len(edges), dtype=edges.dtype)


@handles(np.histogram)
def _histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    a, edges = traced(a), _edges(a, bins, range, plain(weights))
    chosen = () if weights is None else (np.ravel(traced(weights)),)
    bins = fixed(bins) if np.ndim(bins) == 0 else plain(edges)
    counts = histogram(np.ravel(a), *chosen, bins=bins, range=fixed(range))
    if density:
        counts = counts / np.diff(edges) / np.sum(counts)
    return counts, edges


@handles(np.histogramdd)
def _histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    if isinstance(sample, (list, tuple)):
        sample = np.stack([traced(column) for column in sample], axis=-1)
    sample = traced(sample)
    if np.ndim(sample) < 2:
        sample = np.reshape(sample, (-1, 1))
    dimensions = np.shape(sample)[1]
    kinds = [bins] * dimensions if np.ndim(bins) == 0 else list(bins)
    ranges = [None] * dimensions if range is None else list(range)
    edges = tuple(
        _edges(sample[:, i], *each) for i, each in enumerate(zip(kinds, ranges, strict=True))
    )
    chosen = () if weights is None else (traced(weights),)
    bins = [
        kind if np.ndim(kind) == 0 else plain(edge) for kind, edge in zip(kinds, edges, strict=True)
    ]
    counts = histogram(sample, *chosen, bins=bins, range=fixed(range))
    if density:
        total = np.sum(counts)
        for axis, edge in enumerate(edges):
            column = [-1 if i == axis else 1 for i in np.arange(dimensions)]
            counts = counts / np.reshape(np.diff(edge), column)
        counts = counts / total
    return counts, list(edges)


@handles(np.histogram2d)
def _histogram2d(
    x: Any, y: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    if np.ndim(bins) == 1 and len(bins) not in (1, 2):
        bins = [bins, bins]
    counts, (x_edges, y_edges) = _histogramdd([x, y], bins, range, density, weights)
    return counts, x_edges, y_edges


NUMPY[np.histogram_bin_edges] = lambda a, bins=10, range=None, weights=None: _edges(
    a, bins, range, weights
)
