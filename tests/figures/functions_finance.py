"""Functions from finance and games, as strangers write them."""

import numpy as np
from figures.example import Example
from scipy.special import erf


def norm_cdf(x):
    return 0.5 * (1 + erf(x / np.sqrt(2)))


def black_scholes(S, K, T, r, sigma):
    d1 = (np.log(S / K) + (r + 0.5 * sigma**2) * T) / (sigma * np.sqrt(T))
    d2 = d1 - sigma * np.sqrt(T)
    return S * norm_cdf(d1) - K * np.exp(-r * T) * norm_cdf(d2)


def compound_interest(principal, rate, years, n=12):
    if rate == 0:
        return principal
    return principal * (1 + rate / n) ** (n * years)


def bond_price(face, coupon, ytm, maturity=4):
    cash_flows = [face * coupon] * maturity
    cash_flows[-1] += face
    return sum(cf / (1 + ytm) ** t for t, cf in enumerate(cash_flows, start=1))


def expected_score(r_a, r_b):
    return 1 / (1 + 10 ** ((r_b - r_a) / 400))


def elo_update(r_a, r_b, score_a, k=32):
    e_a = expected_score(r_a, r_b)
    e_b = 1 - e_a
    new_a = r_a + k * (score_a - e_a)
    new_b = r_b + k * ((1 - score_a) - e_b)
    return new_a, new_b


FUNCTIONS = [
    Example(
        black_scholes,
        (100.0, 105.0, 0.5, 0.03, 0.25),
        "black_scholes",
        "Hull, Options, Futures, and Other Derivatives, 15.8",
    ),
    Example(compound_interest, (1000.0, 0.05, 10.0), "compound_interest", "a Python tutorial"),
    Example(bond_price, (1000.0, 0.05, 0.04), "bond_price", "Hull, 4.6"),
    Example(elo_update, (1613.0, 1500.0, 1.0), "elo_update", "Elo 1978; Wikipedia"),
]
