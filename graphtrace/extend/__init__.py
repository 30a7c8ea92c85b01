"""Operations of the user's own: gt.primitive, gt.custom_vjp, gt.checkpoint.

In: a function and its rule. Out: a function that records one row for each call. Knows no graph
and no figure. For other rooms: `primitive`, `custom_vjp`.
"""
