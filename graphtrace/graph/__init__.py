"""The computational graph: a networkx.MultiDiGraph with values, gradients and local derivatives.

In: a function and its arguments. Out: a Graph, whose dictionaries are filled when somebody reads
them. Knows no figure and no format. For other rooms: `trace`, `traced`, `linear_map`, `tangents`.
"""
