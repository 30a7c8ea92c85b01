"""What to trace, as somebody types it: a file and its function, an expression, values.

In: text. Out: a function, and the arguments to call it with. Nothing of an expression or a value
is ever executed. Knows no graph. For other rooms: `function`, `expression`, `argument`,
`describe_error`.
"""
