"""A call option after Black and Scholes: delta, vega and rho are its gradients, in red."""

import numpy as np
from scipy.special import ndtr

import graphtrace as gt


def call(S, K, T, r, sigma):
    d1 = (np.log(S / K) + (r + sigma**2 / 2) * T) / (sigma * np.sqrt(T))
    d2 = d1 - sigma * np.sqrt(T)
    C = S * ndtr(d1) - K * np.exp(-r * T) * ndtr(d2)
    return C


graph = gt.trace(call, S=100.0, K=95.0, T=0.5, r=0.02, sigma=0.2)
graph.backward()
options = {"detail": "statements"}
