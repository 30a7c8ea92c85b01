"""A Figure: what a picture says, as data, before anything is drawn.

In: a graph. Out: a Figure of boxes, arrows and the parts that they say. Knows no colour, no width
and no format. For other rooms: `parts`, `build`, `options`, `frames`, `trouble`, `check`.
"""
