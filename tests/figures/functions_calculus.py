"""Functions from calculus and optimisation, as strangers write them."""

import math

import numpy as np
from figures.example import Example


def quadratic_formula(a, b, c):
    D = b**2 - 4 * a * c
    x1 = (-b + np.sqrt(D)) / (2 * a)
    x2 = (-b - np.sqrt(D)) / (2 * a)
    return x1, x2


def rosenbrock(x, y, a=1.0, b=100.0):
    return (a - x) ** 2 + b * (y - x**2) ** 2


def himmelblau(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def beale(x, y):
    t1 = (1.5 - x + x * y) ** 2
    t2 = (2.25 - x + x * y**2) ** 2
    t3 = (2.625 - x + x * y**3) ** 2
    return t1 + t2 + t3


def heron(a, b, c):
    s = (a + b + c) / 2
    area = np.sqrt(s * (s - a) * (s - b) * (s - c))
    return area


def newton_sqrt(a, x0=1.0, steps=4):
    x = x0
    for _ in range(steps):
        x = 0.5 * (x + a / x)
    return x


def horner(coeffs, x):
    result = 0
    for c in reversed(coeffs):
        result = result * x + c
    return result


def taylor_sin(x, terms=5):
    return sum((-1) ** k * x ** (2 * k + 1) / math.factorial(2 * k + 1) for k in range(terms))


def continued_fraction(a0, a1, a2, a3):
    value = a3
    for a in (a2, a1, a0):
        value = a + 1 / value
    return value


def simpson(a, b, n=4):
    f = lambda t: np.exp(-(t**2))
    h = (b - a) / n
    total = f(a) + f(b)
    for i in range(1, n):
        weight = 4 if i % 2 == 1 else 2
        total += weight * f(a + i * h)
    return total * h / 3


def bezier(t, p0, p1, p2, p3):
    def lerp(a, b):
        return (1 - t) * a + t * b

    q0, q1, q2 = lerp(p0, p1), lerp(p1, p2), lerp(p2, p3)
    r0, r1 = lerp(q0, q1), lerp(q1, q2)
    return lerp(r0, r1)


FUNCTIONS = [
    Example(quadratic_formula, (2.0, -7.0, 3.0), "quadratic_formula", "any algebra textbook"),
    Example(rosenbrock, (-1.2, 1.0), "rosenbrock", "Rosenbrock 1960; scipy.optimize.rosen"),
    Example(himmelblau, (1.0, 2.0), "himmelblau", "Himmelblau 1972; Wikipedia"),
    Example(beale, (1.0, 0.5), "beale", "Beale 1958; Wikipedia, test functions for optimization"),
    Example(heron, (3.0, 4.0, 5.5), "heron", "Stewart, Calculus, problems plus"),
    Example(newton_sqrt, (2.0,), "newton_sqrt", "Press et al., Numerical Recipes, 9.4"),
    Example(horner, ([1.0, -2.0, 0.5, 3.0], 1.5), "horner", "Knuth, TAOCP 2, 4.6.4"),
    Example(taylor_sin, (0.8,), "taylor_sin", "Stewart, Calculus, 11.10"),
    Example(continued_fraction, (3.0, 7.0, 15.0, 1.0), "continued_fraction", "Khinchin, 1"),
    Example(simpson, (0.0, 1.0), "simpson", "Stewart, Calculus, 7.7"),
    Example(bezier, (0.3, 0.0, 1.0, 3.0, 2.0), "bezier", "de Casteljau; a blog on curves"),
    Example(
        lambda x, y, z: x**3 * y - 2 * x * y**2 + z * (x - y),
        (1.5, -0.5, 2.0),
        "polynomial",
        "Stewart, Calculus, 14.3, exercises",
    ),
]
