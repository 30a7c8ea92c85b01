"""Tables and derivations: a nudge, a Wengert list, an explanation, a quiz.

In: a traced graph. Out: data that prints as plain text, HTML, Markdown and LaTeX. Knows no place
and no colour. For other rooms: `nudge`, `wengert`, `explain`, `quiz`, `sheet`, `table`.
"""
