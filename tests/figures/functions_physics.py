"""Functions from physics, engineering, biology and geometry, as strangers write them."""

import numpy as np
from figures.example import Example

G = 9.81


def kepler(M, e, n_iter=3):
    """Solve Kepler's equation M = E - e sin E by Newton's method."""
    E = M
    for _ in range(n_iter):
        f = E - e * np.sin(E) - M
        fp = 1 - e * np.cos(E)
        E = E - f / fp
    return E


def lens_maker(n, R1, R2, d=0.0, n_medium=1.0):
    power = (n - 1) * (1 / R1 - 1 / R2 + (n - 1) * d / (n * R1 * R2))
    return 1 / power


def van_der_waals(n, T, V):
    R = 8.314
    a = 0.1382
    b = 3.186e-5
    ideal = n * R * T / V
    p = n * R * T / (V - n * b) - a * n**2 / V**2
    return p


def rc_lowpass(R, C, f):
    omega = 2 * np.pi * f
    gain = 1 / np.sqrt(1 + (omega * R * C) ** 2)
    return 20 * np.log10(gain)


def pendulum(theta, omega, dt=0.05, g=9.81, L=1.0):
    for _ in range(5):
        omega -= g / L * np.sin(theta) * dt
        theta += omega * dt
    return theta


def lotka_volterra(x, y, alpha, beta, delta, gamma):
    dt = 0.1
    for _ in range(4):
        x, y = (
            x + dt * (alpha * x - beta * x * y),
            y + dt * (delta * x * y - gamma * y),
        )
    return x, y


def sir(S, I, R, beta, gamma, days=3):
    N = S + I + R
    for day in range(days):
        new_infections = beta * S * I / N
        recoveries = gamma * I
        S = S - new_infections
        I = I + new_infections - recoveries
        R = R + recoveries
    return I


def michaelis_menten(S, Vmax, Km, I, Ki):
    Km_app = Km * (1 + I / Ki)
    v = Vmax * S / (Km_app + S)
    return v


def rodrigues(v, k, theta):
    k = k / np.linalg.norm(k)
    cos, sin = np.cos(theta), np.sin(theta)
    return v * cos + np.cross(k, v) * sin + k * np.dot(k, v) * (1 - cos)


def imu_rotation(roll, pitch, yaw, acc):
    cr, sr = np.cos(roll), np.sin(roll)
    cp, sp = np.cos(pitch), np.sin(pitch)
    cy, sy = np.cos(yaw), np.sin(yaw)
    Rx = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    Ry = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    Rz = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    R = Rz @ Ry @ Rx
    return R @ acc - np.array([0, 0, G])


def haversine(lat1, lon1, lat2, lon2):
    lat1, lon1, lat2, lon2 = map(np.radians, (lat1, lon1, lat2, lon2))
    dlat = lat2 - lat1
    dlon = lon2 - lon1
    a = np.sin(dlat / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin(dlon / 2) ** 2
    c = 2 * np.arcsin(np.sqrt(a))
    return 6371 * c


def logistic_map(x, r):
    for i in range(6):
        x = r * x * (1 - x)
    return x


def projectile_range(v0, angle, h):
    vx = v0 * np.cos(angle)
    vy = v0 * np.sin(angle)
    t = (vy + np.sqrt(vy**2 + 2 * G * h)) / G
    return vx * t


FUNCTIONS = [
    Example(kepler, (1.2, 0.3), "kepler", "Curtis, Orbital Mechanics, 3.4"),
    Example(lens_maker, (1.5, 0.2, -0.3), "lens_maker", "Hecht, Optics, 5.2"),
    Example(van_der_waals, (1.0, 300.0, 0.025), "van_der_waals", "Atkins, Physical Chemistry, 1C"),
    Example(rc_lowpass, (1000.0, 1e-6, 200.0), "rc_lowpass", "Horowitz and Hill, 1.7"),
    Example(pendulum, (0.5, 0.0), "pendulum", "a blog on symplectic integrators"),
    Example(
        lotka_volterra,
        (10.0, 5.0, 1.1, 0.4, 0.1, 0.4),
        "lotka_volterra",
        "Murray, Mathematical Biology, 3.1",
    ),
    Example(sir, (990.0, 10.0, 0.0, 0.3, 0.1), "sir", "Kermack and McKendrick 1927"),
    Example(michaelis_menten, (2.0, 10.0, 0.5, 1.0, 0.8), "michaelis_menten", "Lehninger, 6.3"),
    Example(
        rodrigues,
        (np.array([1.0, 0.0, 0.5]), np.array([0.0, 1.0, 2.0]), 0.7),
        "rodrigues",
        "Wikipedia, Rodrigues' rotation formula",
    ),
    Example(
        imu_rotation,
        (0.1, -0.2, 0.5, np.array([0.3, -0.1, 9.9])),
        "imu_rotation",
        "Titterton and Weston, Strapdown Inertial Navigation, 3.6",
    ),
    Example(haversine, (52.52, 13.405, 48.857, 2.352), "haversine", "Sinnott 1984; Rosetta Code"),
    Example(logistic_map, (0.2, 3.7), "logistic_map", "May 1976"),
    Example(projectile_range, (20.0, 0.8, 1.5), "projectile_range", "Taylor, Mechanics, 2"),
]
