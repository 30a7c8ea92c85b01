"""The layout: where each box, arrow and label of a figure stands.

In: a Figure and its measured text. Out: places, from the layout engine, and routes between them.
Knows no colour and no file format.
"""
