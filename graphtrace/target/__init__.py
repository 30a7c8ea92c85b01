"""What to trace and how to draw it, as somebody types it: a function, its values, options.

In: text. Out: a function, the arguments to call it with, and options of a figure. Nothing of an
expression, a value or an option is ever executed. Knows no graph. For other rooms: `function`,
`expression`, `argument`, `call`, `option`.
"""
