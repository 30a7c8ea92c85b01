"""Andrew Ng's cost of one example, J = (wx + b − y)²/2, at x = 2, w = −2, b = 8, y = 1."""

import graphtrace as gt


def J(w, b, x=2, y=1):
    c = w * x
    a = c + b
    d = a - y
    return d**2 / 2


graph = gt.trace(J, w=-2, b=8)
graph.backward()
options = {"width": 720}
