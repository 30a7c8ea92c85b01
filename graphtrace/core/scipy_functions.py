"""What to write instead of the functions of SciPy that take plain arrays only.

In: the frame in which one of them asks a traced value for a plain array. Out: its public name and
what to write. SciPy's ufuncs are no part of this: a traced value reaches them, as it does NumPy's.
"""

from __future__ import annotations

import sys
from types import FrameType

_WINDOWS = (
    "np.lib.stride_tricks.sliding_window_view(np.pad(x, ...), size) and a product, np.max or "
    "np.median over the windows"
)
# By the public name of a function or of a module; the longest that fits counts.
_INSTEAD = {
    "scipy": "it with np. functions, or declare it with @gt.primitive and its vjp",
    "scipy.fft": "the function of np.fft",
    "scipy.integrate": "a loop over the steps",
    "scipy.interpolate": "np.interp",
    "scipy.linalg": "the function of np.linalg, or declare it with @gt.primitive and its vjp",
    "scipy.linalg.expm": "a Taylor series of x / 2**k, squared k times",
    "scipy.linalg.solve_banded": "np.linalg.solve of the whole matrix",
    "scipy.linalg.solve_sylvester": (
        "np.linalg.solve(np.kron(a, np.eye(m)) + np.kron(np.eye(n), b.T), np.ravel(q))"
    ),
    "scipy.linalg.solve_triangular": "np.linalg.solve(np.tril(a), b), or np.triu",
    "scipy.linalg.sqrtm": "w, v = np.linalg.eigh(a) and (v * np.sqrt(w)) @ v.T, for symmetric a",
    "scipy.ndimage": _WINDOWS,
    "scipy.signal": f"np.convolve, or {_WINDOWS}",
    "scipy.special.log_softmax": "gt.log_softmax(...)",
    "scipy.special.logsumexp": "gt.logsumexp(...)",
    "scipy.special.multigammaln": (
        "d*(d - 1)/4*np.log(np.pi) + sum(gammaln(a - j/2) for j in range(d))"
    ),
    "scipy.special.polygamma": "(-1)**(n + 1)*gamma(n + 1)*zeta(n + 1, x)",
    "scipy.special.softmax": "gt.softmax(...)",
    "scipy.stats": "the density with np. and scipy.special functions",
}


def called_in(frame: FrameType | None) -> str | None:
    """The public name of the function of SciPy that `frame` is part of; None outside SciPy."""
    found: str | None = None
    at = frame
    while at is not None and str(at.f_globals.get("__name__")).startswith("scipy."):
        # A decorator's frame has the function that it wraps among its variables.
        wrapped = [at.f_locals[name] for name in at.f_code.co_freevars if name in at.f_locals]
        for module, name in [
            (at.f_globals["__name__"], at.f_code.co_name),
            *((getattr(f, "__module__", None) or "", getattr(f, "__name__", "")) for f in wrapped),
        ]:
            public = module.partition("._")[0]
            if hasattr(sys.modules.get(public), name):
                found = f"{public}.{name}"
        found = found or "scipy"
        at = at.f_back
    return found


def instead_of(name: str) -> str:
    """What to write instead of the function of that public name.

    >>> instead_of("scipy.special.softmax")
    'gt.softmax(...)'
    """
    while name not in _INSTEAD:
        name = name.rpartition(".")[0]
    return _INSTEAD[name]
