"""Programs with a loop that carries a state, each with arguments."""

import numpy as np

W = np.array([[0.1, -0.5, 0.3], [0.2, 0.4, -0.3], [-0.6, 0.1, 0.2]])
U = np.array([[0.5, -0.2], [0.1, 0.3], [-0.4, 0.2]])
XS = np.array([[0.4, 1.0], [-0.1, 1.4], [-0.7, 0.3], [0.2, -0.9]])
H = np.full(3, 0.1)


def rnn(W, U, x, h):
    for t in range(4):
        h = np.tanh(W @ h + U @ x[t])
    return h.sum()


def rnn_scalar(w, u, b, x):
    h = 0.0
    for t in range(len(x)):
        h = np.tanh(w * h + u * x[t] + b)
    return h


def rnn_loss(w, u, x, y):
    h, loss = 0.0, 0.0
    for xt, yt in zip(x, y, strict=True):
        h = np.tanh(w * h + u * xt)
        loss += (h - yt) ** 2
    return loss


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm(w, x, h, c):
    for t in range(3):
        z = w @ np.array([h, x[t]])
        f = sigmoid(z[0])
        i = sigmoid(z[1])
        o = sigmoid(z[2])
        c = f * c + i * np.tanh(z[3])
        h = o * np.tanh(c)
    return h


def gru(a, b, d, x, h):
    for t in range(3):
        z = sigmoid(a * h + x[t])
        r = sigmoid(b * h + x[t])
        n = np.tanh(d * (r * h) + x[t])
        h = (1 - z) * h + z * n
    return h


def euler(v0, g, dt):
    y, v = 0.0, v0
    for _ in range(4):
        y = y + dt * v
        v = v - dt * g
    return y


def newton(a, x):
    for _ in range(4):
        x = x - (x * x - a) / (2 * x)
    return x


def logistic(r, x):
    for _ in range(48):
        x = r * x * (1 - x)
    return x


def kalman(z, q, r, x, P):
    for zt in z:
        P = P + q
        K = P / (P + r)
        x = x + K * (zt - x)
        P = (1 - K) * P
    return x


def horner(c, x):
    y = c[0]
    for a in c[1:]:
        y = y * x + a
    return y


def momentum(w, a, lr, beta):
    v = 0.0
    for _ in range(4):
        g = 2 * a * (w - 1)
        v = beta * v - lr * g
        w = w + v
    return w


def cell(w, h, x):
    return np.tanh(w * h + x)


def run(w, h, xs):
    for x in xs:
        h = cell(w, h, x)
    return h


def in_a_helper(w, h, xs):
    y = run(w, h, xs)
    return y * y


def nested(x, a):
    for _ in range(3):
        for _ in range(3):
            x = x + a * x
        x = np.sin(x)
    return x


def states(w, x, h):
    hs = [h]
    for t in range(3):
        hs.append(np.tanh(w * hs[-1] + x[t]))
    return sum(hs)


def enumerated(w, x):
    h = 0.0
    for t, xt in enumerate(x):
        h = np.tanh(w * h + xt) / (t + 1)
    return h


def two_loops(a, x):
    for _ in range(3):
        x = a * x
    for _ in range(5):
        x = np.sin(x) + a
    return x


def regularized(w, x, lam):
    h = 0.5
    for xt in x:
        h = np.tanh(w * h + xt)
    return h + lam * w * w


LOOPS = {
    rnn: (W, U, XS, H),
    rnn_scalar: (0.5, -1.0, 0.1, [1.0, 2.0, -1.0]),
    rnn_loss: (0.5, -1.0, [1.0, 2.0, -1.0], [0.2, -0.3, 0.5]),
    lstm: (
        np.array([[0.3, 1.0], [-0.4, 0.2], [0.6, -0.7], [0.1, 0.8]]),
        [1.0, 0.5, -1.0],
        0.1,
        0.2,
    ),
    gru: (0.5, -0.3, 0.8, [1.0, 0.5, -1.0], 0.2),
    euler: (20.0, 9.81, 0.1),
    newton: (2.0, 1.0),
    logistic: (3.2, 0.3),
    kalman: ([1.0, 1.2, 0.9], 0.1, 0.5, 0.0, 1.0),
    horner: ([2.0, -3.0, 1.0, 5.0], 2.0),
    momentum: (3.0, 0.7, 0.1, 0.9),
    in_a_helper: (0.5, 0.1, [1.0, -0.5, 0.3]),
    nested: (0.5, 0.1),
    states: (0.5, [1.0, 0.5, -1.0], 0.2),
    enumerated: (0.5, [1.0, 0.5, -1.0, 2.0]),
    two_loops: (0.7, 0.4),
    regularized: (0.5, [1.0, 0.5, -1.0], 0.01),
}


# What a box says where it is all of such a loop or comprehension


def trapezoid(a, b):
    n = 16
    h = (b - a) / n
    inner = sum(np.exp(-((a + k * h) ** 2)) for k in range(1, n))
    return h * ((np.exp(-(a**2)) + np.exp(-(b**2))) / 2 + inner)


def monte_carlo(S, K, r, sigma, zs):
    paths = [S * np.exp((r - sigma**2 / 2) + sigma * z) for z in zs]
    payoffs = [np.maximum(s - K, 0.0) for s in paths]
    return np.exp(-r) * sum(payoffs) / len(payoffs)


def least_squares(a, b, xs, ys):
    return sum((a * x + b - y) ** 2 for x, y in zip(xs, ys, strict=True))


def softmax_by_hand(z):
    m = max(z)
    e = [np.exp(v - m) for v in z]
    s = sum(e)
    return np.log(s) + m - z[2]


def all_states(W, U, b, xs):
    h = np.zeros(2)
    hs = []
    for x in xs:
        h = np.tanh(W @ h + U @ x + b)
        hs.append(h)
    return sum(np.sum(h * h) for h in hs)


def newton_until(a, x):
    for _ in range(50):
        new = x - (x * x - a) / (2 * x)
        if abs(new - x) < 1e-6:
            break
        x = new
    return new


G = 9.81


def projectile(vx, vy, dt):
    x, y = 0.0, 0.0
    while y >= 0:
        vy = vy - G * dt
        x = x + vx * dt
        y = y + vy * dt
    return x


def fibonacci_like(a, b):
    for _ in range(8):
        if a > b:
            a, b = b, a - b
        elif a > 1:
            a = a / 2
        else:
            a, b = a + b, b / 3
    return a * b


def nested_decisions(x, a):
    for _ in range(8):
        if x > 1:
            if x > 2:  # noqa: SIM108
                x = x / 2
            else:
                x = x - a
        else:
            x = x + 2 * a
    return x


def with_continue(x, a):
    for _ in range(9):
        if x > 3:
            x = x - 1
            continue
        x = x + a * x
    return x


def shrink(p, f):
    for _ in range(6):
        p = p - f * p * p
        if p > 0.4:
            p = p * 0.9 + G
    return p


def of_a_helper(w, rate):
    y = shrink(w, rate)
    return y * y


ZS = [0.1, -0.1, 0.6, 0.2, -0.5, 0.4, 1.3, 0.9, -0.7, -1.3]
LINES = {
    trapezoid: (
        (0.0, 1.0),
        [
            "h = (b - a)/16",
            "inner = sum(exp(-(a + k*h)**2) for k = 1 … 15)",
            "trapezoid = h*((exp(-a**2) + exp(-b**2))/2 + inner)",
        ],
    ),
    monte_carlo: (
        (100.0, 95.0, 0.03, 0.2, ZS),
        [
            "paths = S*exp(r - sigma**2/2 + sigma*z) for z in zs",
            "payoffs = maximum(s - K, 0) for s in paths",
            "monte_carlo = exp(-r)*sum(payoffs)/len(payoffs)",
        ],
    ),
    least_squares: (
        (2.0, 1.0, ZS, ZS[::-1]),
        ["least_squares = sum((a*x + b - y)**2 for x, y in zip(xs, ys))"],
    ),
    softmax_by_hand: (
        (ZS,),
        [
            "e = exp(v - max(z)) for v in z",
            "s = sum(e)",
            "softmax_by_hand = log(s) + z[6] - z[2]",
        ],
    ),
    all_states: (
        (W[:2, :2], U[:2], np.full(2, 0.1), list(XS)),
        ["h ← tanh(W @ h + U @ xs[t] + b)"],
    ),
    projectile: (
        (3.0, 4.0, 0.1),
        ["vy ← vy - 9.81*dt", "x ← x + vx*dt", "y ← y + vy*dt"],
    ),
    fibonacci_like: (
        (9.0, 2.5),
        [
            "a, b ← b, a - b if a > b",
            "a ← a/2 else if a > 1",
            "a, b ← a + b, b/3 otherwise",
        ],
    ),
    nested_decisions: (
        (0.5, 0.3),
        ["x ← x/2 if x > 1 and x > 2", "x ← x - a else if x > 1", "x ← x + 2*a otherwise"],
    ),
    with_continue: (
        (1.0, 0.5),
        ["x ← x - 1 if x > 3, 3 times", "x ← x + a*x otherwise, 6 times"],
    ),
    of_a_helper: (
        (0.5, 0.1),
        ["p = w", "p ← p - rate*p*p", "p ← p*0.9 + 9.81 if p > 0.4"],
    ),
    newton_until: ((2.0, 1.0), ["new ← new - (new*new - a)/(2*new)"]),
}
"""The lines, with two boxes."""
