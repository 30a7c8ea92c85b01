"""The typesetting: what a figure says, as lines of runs with a width, or as LaTeX.

In: the parts of a Figure. Out: runs of text in a style, measured lines, outlines of mathematics.
Knows no place and no colour.
"""
