"""The gallery: a folder of Python files and the figure of each, drawn again or compared.

In: a folder. Out: its SVG files and index.html, or which of them are out of date. Knows nothing of
how a figure is drawn. For other rooms: `draw`.
"""
