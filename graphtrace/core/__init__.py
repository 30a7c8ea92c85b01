"""What everything stands on: a traced value, the Wengert list it writes, and the sweeps over it.

In: operations as they run. Out: rows of (primitive, value, params, operands), adjoints, tangents.
Knows no operation by name, no graph and no figure. For other rooms: `primitive`, `tape`,
`variable`, `inputs`, `pytree`, `sweep`, `source`, `refusal`.
"""
