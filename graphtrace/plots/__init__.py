"""The lecture's figures that are no traced graphs: plots of functions, networks of neurons.

In: functions, numbers, layers. Out: a `Drawing`, in one look with the traced figures.
"""

from graphtrace.plots.activation import activation
from graphtrace.plots.drawing import Drawing
from graphtrace.plots.network import network
from graphtrace.plots.slope import slope

__all__ = ["Drawing", "activation", "network", "slope"]
