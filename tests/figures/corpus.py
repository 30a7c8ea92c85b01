"""The corpus of sixty functions, and the default figure of each.

>>> len(FUNCTIONS)
60
"""

from functools import cache

import numpy as np
from figures import (
    functions_calculus,
    functions_finance,
    functions_networks,
    functions_physics,
    functions_statistics,
)
from figures.example import Example

import graphtrace as gt

WIDTHS = (720, 360)
SCHEMES = ("light", "dark")
FUNCTIONS: list[Example] = [
    *functions_calculus.FUNCTIONS,
    *functions_physics.FUNCTIONS,
    *functions_statistics.FUNCTIONS,
    *functions_networks.FUNCTIONS,
    *functions_finance.FUNCTIONS,
]
BY_NAME = {example.name: example for example in FUNCTIONS}


def graph_of(example):
    """The graph, with gradients where there is one output that is a number."""
    graph = gt.trace(example.function, *example.arguments)
    if len(graph.outputs) == 1 and np.shape(graph.nodes[graph.outputs[0]]["value"]) == ():
        graph.backward()
    return graph


@cache
def default_figure(name, width, scheme):
    """The SVG with no option but where it is to stand."""
    return graph_of(BY_NAME[name]).to_svg(width=width, scheme=scheme)
