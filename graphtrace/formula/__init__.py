"""Formulas: an operation, or its local derivative, as a term, and the term as text.

In: a row of the Wengert list. Out: a `Symbol` that prints as plain text and as LaTeX; numbers as a
person writes them. Knows no graph, no width and no colour. For other rooms: `symbol`, `term`,
`term_text`, `number`.
"""
