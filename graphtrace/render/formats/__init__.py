"""The formats: a laid-out figure as SVG, HTML, TikZ, PDF, PNG; a figure as DOT, Mermaid, text.

In: a Figure, its measured text, its Layout, a theme. Out: text or bytes, the same every time, and
files that appear whole or not at all. Knows no layout engine.
"""
