"""A ball thrown up, by Euler's steps: how its height depends on the speed and the pull."""

import graphtrace as gt


def height(v, g):
    y = 0.0
    for _ in range(3):
        y = y + 0.1 * v
        v = v - 0.1 * g
    return y


graph = gt.trace(height, v=5.0, g=9.81)
graph.backward()
options = {"detail": "statements"}
