"""The lecture's figures that are no traced graphs: plots of functions, networks of neurons.

In: functions, numbers, layers. Out: a `Drawing`, in one look with the traced figures.
"""

from graphtrace.figures.activation import activation
from graphtrace.figures.drawing import Drawing
from graphtrace.figures.network import network
from graphtrace.figures.slope import slope

__all__ = ["Drawing", "activation", "network", "slope"]
