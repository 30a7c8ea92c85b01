"""Fourier transforms and complex values: the convention, adjoints, tangents, second derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from adjoints import Case, case, check_first_order, check_second_order, check_value, cplx, real

import graphtrace as gt


def fft(name, **how):
    return lambda xp, a: getattr(xp.fft, name)(a, **how)


FROM_REAL = ("rfft", "ihfft", "rfft2", "rfftn")
ONE_AXIS = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
MANY_AXES = ("fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn")


def operand(name, *shape):
    return real(*shape) if name in FROM_REAL else cplx(*shape)


TRANSFORMS = [
    *(case(name, fft(name, axis=0), operand(name, 3, 4)) for name in ONE_AXIS),
    *(
        case(f"{name} {n} {norm}", fft(name, n=n, norm=norm), operand(name, 5), jax=False)
        for name in ONE_AXIS
        for n, norm in [(None, "ortho"), (1, None), (2, "backward"), (3, "forward"), (8, None)]
    ),
    *(case(f"{name} of reals", fft(name), real(2, 4)) for name in ("fft", "irfft", "hfft")),
    *(case(name, fft(name), operand(name, 3, 4, 2)) for name in MANY_AXES),
    *(
        case(f"{name} {how}", fft(name, **how), operand(name, 3, 4, 2), jax=False)
        for name in MANY_AXES
        for how in [
            {"s": (5, 3), "axes": (0, 1), "norm": "ortho"},
            {"s": (-1, 3), "axes": (0, -1), "norm": "forward"},
            {"axes": (1,)},
            {"axes": (0, 1, 0)},
            {"s": (3, 5), "axes": (1, 1)},
        ]
    ),
    case("fftshift", fft("fftshift"), real(3, 4)),
    case("fftshift of an axis", fft("fftshift", axes=1), real(3, 5)),
    case("ifftshift", fft("ifftshift", axes=(0,)), real(3, 4)),
    case("power spectrum", lambda xp, a: xp.abs(xp.fft.rfft(a)) ** 2, real(6)),
    case("filter", lambda xp, a: xp.fft.irfft(xp.fft.rfft(a) * 1j, 5), real(5)),
]

PARTS = {
    "conj": lambda xp, z: xp.conj(z),
    "method conj": lambda xp, z: z.conj(),
    "method conjugate": lambda xp, z: z.conjugate(),
    "real": lambda xp, z: xp.real(z),
    "attribute real": lambda xp, z: z.real,
    "imag": lambda xp, z: xp.imag(z),
    "attribute imag": lambda xp, z: z.imag,
    "angle": lambda xp, z: xp.angle(z),
    "angle in degrees": lambda xp, z: xp.angle(z, deg=True),
    "abs": lambda xp, z: abs(z),
    "np.abs": lambda xp, z: xp.abs(z),
    "square of the modulus": lambda xp, z: z * xp.conj(z),
    "parts": lambda xp, z: xp.exp(z) * xp.real(z) + xp.sin(z.imag) * 1j,
}
HOLOMORPHIC = ["sqrt", "log", "exp", "sin", "cos", "tan", "sinh", "tanh", "square", "reciprocal"]

COMPLEX = [
    *(case(name, f, cplx(2, 3)) for name, f in PARTS.items()),
    *(case(f"{name} of a scalar", f, cplx()) for name, f in PARTS.items()),
    *(case(name, lambda xp, z, n=name: getattr(xp, n)(z), cplx(3)) for name in HOLOMORPHIC),
    case("sign", lambda xp, z: np.sign(z), cplx(3), jax=False),
    case("power", lambda xp, a, b: a**b, cplx(3), cplx(3)),
    case("real and complex", lambda xp, a, b: a / b + a * b - b, real(3), cplx(3)),
    case("conj of reals", lambda xp, z: xp.conj(z) * z.conj(), real(3)),
    case("real of reals", lambda xp, z: xp.real(z) * z.real, real(3)),
    case("imag of reals", lambda xp, z: np.imag(z) + z, real(3), jax=False),
    case("angle of reals", lambda xp, z: xp.angle(z) + z, real(3)),
    case("outer", lambda xp, a, b: xp.outer(a, b), cplx(3), real(3)),
    case("matmul", lambda xp, a, b: a @ b, cplx(2, 3), real(3)),
]

CASES = TRANSFORMS + COMPLEX
every = pytest.mark.parametrize("c", CASES, ids=lambda c: c.name)


@every
def test_the_value_is_numpys_to_the_last_bit(c: Case):
    check_value(c)


@every
def test_the_adjoint_is_that_of_an_oracle_and_the_tangent_its_transpose(c: Case):
    check_first_order(c)


@every
def test_the_second_derivative_is_that_of_differences(c: Case):
    check_second_order(c)


# The convention


@pytest.mark.parametrize("scalar", [complex, np.complex128, np.complex64])
def test_the_gradient_of_the_squared_modulus_is_twice_the_conjugate(scalar):
    g = gt.grad(lambda z: np.real(z * np.conj(z)))(scalar(3 + 4j))
    assert g == 6 - 8j
    assert type(g) is scalar


@pytest.mark.parametrize("f", ["real", "imag", "abs", "angle"])
def test_a_gradient_in_a_complex_number_is_that_of_jax(f):
    z = 1.0 + 2.0j
    ours, theirs = gt.grad(getattr(np, f))(z), jax.grad(getattr(jnp, f))(z)
    np.testing.assert_allclose(ours, theirs)


def test_a_real_operand_of_a_complex_function_has_a_real_gradient():
    g = gt.grad(lambda x: np.sum(np.abs(np.fft.fft(x * (1 + 2j))) ** 2))(real(4))
    assert g.dtype == np.float64
    np.testing.assert_allclose(g, 2 * 4 * 5 * real(4))


def test_the_modulus_has_gradient_zero_at_zero():
    assert gt.grad(np.abs)(0j) == 0


@pytest.mark.parametrize("name", ["fft", "ifft", "irfft", "hfft"])
def test_single_precision_stays_single(name):
    a = cplx(3).astype(np.complex64)
    value, pullback = gt.vjp(getattr(np.fft, name), a)
    assert value.dtype == getattr(np.fft, name)(a).dtype
    assert pullback(np.ones_like(value))[0].dtype == np.complex64


def test_single_precision_reals_have_a_single_precision_gradient():
    g = gt.grad(lambda x: np.sum(np.abs(np.fft.rfft(x))))(real(4).astype(np.float32))
    assert g.dtype == np.float32


# What a real operand leaves in the graph, and what changes in place


def test_the_conjugate_of_a_real_array_is_no_node():
    g = gt.trace(lambda x: np.sum(np.conj(x) * np.real(x)), real(3))
    assert [node["op"] for node in g.nodes.values()] == ["input", "multiply", "sum"]


def test_a_conjugate_changed_in_place_leaves_the_original_alone():
    def f(x):
        y = np.conj(x)
        y += 1
        return np.sum(x * y)

    np.testing.assert_array_equal(gt.grad(f)(np.ones(2)), [3, 3])


def test_a_node_of_each_transform_has_numpys_name():
    g = gt.trace(lambda x: np.sum(np.imag(np.fft.fftshift(np.fft.fft2(x)))), real(2, 2))
    assert [node["op"] for node in g.nodes.values()] == ["input", "fft2", "fftshift", "imag", "sum"]


def test_the_edges_of_a_complex_graph_compose_to_the_gradient():
    def power(x):
        z = np.fft.rfft(x)
        return np.sum(np.real(z * np.conj(z)) * np.abs(z))

    g = gt.trace(power, real(5)).backward()
    np.testing.assert_allclose(g["x"], gt.grad(power)(real(5)))


def test_real_if_close_is_a_decision_that_is_remembered():
    def f(z):
        return np.sum(np.abs(np.real_if_close(z)) ** 2)

    g = gt.trace(f, np.array([1.0 + 0j, 2.0]))
    assert g.forward(z=np.array([3.0 + 0j, 2.0])) == 13
    with pytest.raises(gt.BranchChanged):
        g.forward(z=np.array([1.0 + 1j, 2.0]))


def test_what_asks_for_the_kind_of_a_value_is_answered_plainly():
    def f(z):
        assert np.iscomplexobj(z)
        assert not np.isrealobj(z)
        return np.sum(np.where(np.isreal(z), 0, np.abs(z)))

    np.testing.assert_allclose(gt.grad(f)(np.array([1.0 + 0j, 3 + 4j])), [0, 0.6 - 0.8j])


def test_frequencies_are_plain_numbers():
    g = gt.grad(lambda x: np.sum(np.abs(np.fft.rfft(x)) ** 2 * np.fft.rfftfreq(len(x))))(real(4))
    assert g.shape == (4,)


def test_a_transform_does_not_write_into_out():
    with pytest.raises(gt.TraceError, match="cannot write a traced result"):
        gt.grad(lambda x: np.sum(np.abs(np.fft.fft(x, out=np.zeros(3, complex)))))(real(3))
