"""np.fft: discrete Fourier transforms, along one axis or several.

A transform is linear and its matrix symmetric, so that the adjoint of a transform is the same
transform of the adjoint; where the operand was cut or padded to `n`, it is padded or cut back. A
real transform keeps half of the spectrum, and the half that it keeps stands for both: there the
adjoint takes weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.core.variable import NUMPY, define
from graphtrace.ops.rows import arguments_of, numpy_row

_SCALED_BACK: dict[str | None, Any] = {
    None: "forward",
    "backward": "forward",
    "ortho": "ortho",
    "forward": "backward",
}
"""norm -> the norm of the opposite transform that scales by the same factor."""


def _resized(g: Any, n: int, axis: int) -> Any:
    """Cut or padded with zeros to length `n`."""
    size = np.shape(g)[axis]
    if size > n:
        index: list[Any] = [slice(None)] * np.ndim(g)
        index[axis] = slice(n)
        return g[tuple(index)]
    if size < n:
        rest = list(np.shape(g))
        rest[axis] = n - size
        return np.concatenate([g, np.zeros(rest, np.result_type(g))], axis=axis)
    return g


def _resized_like(g: Any, a: Any, axes: Any) -> Any:
    for axis in axes:
        g = _resized(g, np.shape(a)[axis], axis)
    return g


def _weights(g: Any, n: int, axis: int, inner: float) -> Any:
    """1 for the frequencies that a real spectrum of length `n` has once, `inner` for the pairs."""
    size = n // 2 + 1
    weights = np.ones(size, np.finfo(np.result_type(g)).dtype)
    weights[1 : (n + 1) // 2] = inner
    return np.reshape(weights, (size,) + (1,) * (-axis - 1 if axis < 0 else np.ndim(g) - axis - 1))


def _rfft_adjoint(g: Any, n: int, axis: int, norm: Any) -> Any:
    """The n real entries from the adjoint of their half spectrum, conjugated."""
    return np.fft.irfft(g * _weights(g, n, axis, 0.5), n, axis, _SCALED_BACK[norm])


def _irfft_adjoint(g: Any, axis: int, norm: Any) -> Any:
    """The half spectrum from the adjoint of the real entries, conjugated."""
    spectrum = np.fft.rfft(g, None, axis, _SCALED_BACK[norm])
    return spectrum * _weights(g, np.shape(g)[axis], axis, 2)


def _one_axis(function: Callable[..., Any], adjoint: Callable[..., Any]) -> None:
    """Declare a transform of length n along one axis, with `adjoint(g, n, axis, norm)`."""

    def vjp(g: Any, y: Any, a: Any, *, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
        length = np.shape(a)[axis] if n is None else n
        return _resized(adjoint(g, length, axis, norm), np.shape(a)[axis], axis)

    numpy_row(function, vjp)


_one_axis(np.fft.fft, lambda g, n, axis, norm: np.fft.fft(g, None, axis, norm))
_one_axis(np.fft.ifft, lambda g, n, axis, norm: np.fft.ifft(g, None, axis, norm))
_one_axis(np.fft.rfft, lambda g, n, axis, norm: _rfft_adjoint(np.conjugate(g), n, axis, norm))
_one_axis(np.fft.irfft, lambda g, n, axis, norm: np.conjugate(_irfft_adjoint(g, axis, norm)))
# hfft(a) is irfft(conj(a)), ihfft(a) is conj(rfft(a)), each with the opposite norm.
_one_axis(np.fft.hfft, lambda g, n, axis, norm: _irfft_adjoint(g, axis, _SCALED_BACK[norm]))
_one_axis(np.fft.ihfft, lambda g, n, axis, norm: _rfft_adjoint(g, n, axis, _SCALED_BACK[norm]))


def _all_axes(a: Any, s: Any, axes: Any) -> tuple[int, ...]:
    """The axes of a transform, where they are left out."""
    if axes is not None:
        return tuple(axes)
    return tuple(range(-(np.ndim(a) if s is None else len(s)), 0))


def _complex_vjp(transform: Callable[..., Any]) -> Callable[..., Any]:
    return lambda g, a, s, axes, norm: _resized_like(transform(g, None, axes, norm), a, axes)


def _rfftn_vjp(g: Any, a: Any, s: Any, axes: tuple[int, ...], norm: Any) -> Any:
    *others, last = axes
    n = np.shape(a)[last] if s is None or s[-1] in (-1, None) else s[-1]
    if others:
        g = np.fft.fftn(g, None, others, norm)
    return _resized_like(_rfft_adjoint(np.conjugate(g), n, last, norm), a, axes)


def _irfftn_vjp(g: Any, a: Any, s: Any, axes: tuple[int, ...], norm: Any) -> Any:
    *others, last = axes
    g = np.conjugate(_irfft_adjoint(g, last, norm))
    if others:
        g = np.fft.ifftn(g, None, others, norm)
    return _resized_like(g, a, axes)


def _many_axes(
    function: Callable[..., Any],
    rule: Callable[..., Any],
    last: Callable[..., Any],
    others: Callable[..., Any],
) -> None:
    """Declare a transform along several axes: `last` along the last, `others` before it."""
    default = (-2, -1) if function.__name__.endswith("2") else None

    def vjp(g: Any, y: Any, a: Any, *, s: Any = None, axes: Any = default, norm: Any = None) -> Any:
        return rule(g, a, s, _all_axes(a, s, axes), norm)

    row = define(function.__name__, function, vjps=(vjp,))
    split = arguments_of(function, 1)

    def handler(*args: Any, **kwargs: Any) -> Any:
        (a,), params = split(args, kwargs)
        s = params.get("s")
        axes = _all_axes(a, s, params.get("axes", default))
        if len({axis % np.ndim(a) for axis in axes}) == len(axes):
            return row(a, **params)
        return in_turn(a, s, axes, params.get("norm"))

    def in_turn(a: Any, s: Any, axes: tuple[int, ...], norm: Any) -> Any:
        """An axis that is named twice is transformed twice: one row for each time."""
        shape = np.shape(a)
        if s is None:
            s = [shape[axis] for axis in axes]
            if last is np.fft.irfft:
                s[-1] = 2 * (s[-1] - 1)
        order = range(len(axes)) if last is np.fft.irfft else reversed(range(len(axes)))
        for i in order:
            n = shape[axes[i]] if s[i] == -1 else s[i]
            a = (last if i == len(axes) - 1 else others)(a, n, axes[i], norm)
        return a

    NUMPY[function] = handler


for _transform, _rule, _last, _others in (
    ("fft", _complex_vjp(np.fft.fftn), np.fft.fft, np.fft.fft),
    ("ifft", _complex_vjp(np.fft.ifftn), np.fft.ifft, np.fft.ifft),
    ("rfft", _rfftn_vjp, np.fft.rfft, np.fft.fft),
    ("irfft", _irfftn_vjp, np.fft.irfft, np.fft.ifft),
):
    for _suffix in ("2", "n"):
        _many_axes(getattr(np.fft, _transform + _suffix), _rule, _last, _others)

numpy_row(np.fft.fftshift, lambda g, y, x, *, axes=None: np.fft.ifftshift(g, axes))
numpy_row(np.fft.ifftshift, lambda g, y, x, *, axes=None: np.fft.fftshift(g, axes))
