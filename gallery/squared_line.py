"""Andrew Ng's J = (2 + 3w)² at w = 3: a is 11, J is 121, dJ/da is 22 and dJ/dw is 66."""

import graphtrace as gt


def J(w):
    a = 2 + 3 * w
    return a**2


graph = gt.trace(J, w=3)
graph.backward()
