"""A step of a Kalman filter, of one number: predict, weigh by the gain, correct."""

import graphtrace as gt


def step(x, P, z, F, Q, R):
    x = F * x
    P = F * P * F + Q
    K = P / (P + R)
    x = x + K * (z - x)
    return x


graph = gt.trace(step, x=1.0, P=0.5, z=1.4, F=0.9, Q=0.1, R=0.2)
graph.backward()
options = {"detail": "statements"}
