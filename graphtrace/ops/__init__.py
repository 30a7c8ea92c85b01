"""The rows: one module a family, imported here so that every operation is declared.

A new operation is one row in one of these files. The order is that of their imports.
"""

from graphtrace.ops import arithmetic, compare, elementwise, index, linalg, methods, reduce, shape

__all__ = ["arithmetic", "compare", "elementwise", "index", "linalg", "methods", "reduce", "shape"]
