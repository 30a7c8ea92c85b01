"""The paint: colours, fonts, sizes and distances of a figure.

In: a theme by name, and what of it is chosen. Out: a Theme, plain data. Knows no graph and no
format.
"""
