"""What holds of every graph of another framework's program, whatever the framework."""

from collections.abc import Mapping
from typing import Any

import numpy as np

import graphtrace as gt


def by_paths(graph: gt.Graph, seeds: Mapping[str, Any]) -> dict[str, Any]:
    """The gradient at each node, from nothing but `local` on the edges: the sum over the paths."""
    adjoints: dict[str, Any] = dict(seeds)
    for node in reversed(list(graph)):
        if node not in adjoints:
            continue
        for parent, _, local in graph.in_edges(node, data="local"):
            g = adjoints[node]
            part = g @ local if hasattr(local, "to_dense") else g * local
            adjoints[parent] = adjoints[parent] + part if parent in adjoints else part
    return adjoints


def assert_close(ours: Any, theirs: Any, what: str) -> None:
    """Equal to 1e-6 of the largest entry in float32, 1e-12 in float64."""
    theirs = np.asarray(theirs)
    ours = np.zeros(theirs.shape) if ours is None else np.asarray(ours)
    assert ours.shape == theirs.shape, what
    if theirs.dtype.kind not in "fc":
        np.testing.assert_array_equal(ours, theirs, err_msg=what)
        return
    tolerance = {2: 2e-3, 4: 1e-6, 8: 1e-12}[theirs.dtype.itemsize]
    scale = max(1.0, float(np.max(np.abs(theirs), initial=0.0, where=np.isfinite(theirs))))
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * scale, err_msg=what)
