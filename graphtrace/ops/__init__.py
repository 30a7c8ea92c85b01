"""The rows: one module a family, imported here so that every operation is declared.

In: NumPy's functions, ufuncs and operators on traced values. Out: rows with a derivative rule and a
notation. Knows no graph. A new operation is one row in one of these files; docs/design.md shows
the ways to write it. For other rooms: the rows, by name.
"""

# ruff: noqa: F401  (imported for what they declare)
from graphtrace.ops import (
    accumulate,
    arithmetic,
    as_python,
    assign,
    calculus,
    calls,
    choose,
    classes,
    compare,
    complex,
    composed,
    decompose,
    einsum,
    elementwise,
    fft,
    histogram,
    index,
    inverses,
    least_squares,
    matmul,
    methods,
    nn,
    norms,
    operators,
    order,
    plain,
    polynomials,
    products,
    reduce,
    rows,
    shape,
    special,
    stable,
    statistics,
    stop,
    triangles,
    ufunc_methods,
)
