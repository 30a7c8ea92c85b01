"""Formulas: an operation, or its local derivative, as a term, and the term as text.

In: a row of the Wengert list. Out: a `Symbol` that prints as plain text and as LaTeX, or as runs
that a figure sets; names that no two keys share; numbers as a person writes them. Knows no graph
and no width. For other rooms: `symbol`, `term`, `printer`, `naming`, `runs`, `read`, `number`.
"""
