"""Products, np.linalg: values to the last bit, adjoints, tangents, second derivatives, edges."""

import numpy as np
import pytest
from adjoints import (
    Case,
    case,
    check_first_order,
    check_precision,
    check_second_order,
    check_value,
    cplx,
    real,
)

import graphtrace as gt


def symmetric(xp, a):
    return (a + xp.conj(xp.swapaxes(a, -1, -2))) / 2


def positive(xp, a):
    return a @ xp.conj(xp.swapaxes(a, -1, -2)) + xp.eye(a.shape[-1])


def linalg(name, *args, **how):
    return lambda xp, *operands: getattr(xp.linalg, name)(*operands, *args, **how)


def einsum(subscripts, *shapes, array=real):
    arrays = [array(*shape) for shape in shapes]
    return case(f"einsum {subscripts}", lambda xp, *a: xp.einsum(subscripts, *a), *arrays)


def along(function, **how):
    """A gufunc with `axis` or `axes`, which JAX has not."""
    return lambda xp, a, b: function(a, b, **how)


M32, M23, M33, M22, M233 = real(3, 2), real(2, 3), real(3, 3), real(2, 2), real(2, 3, 3)
V3 = real(3)

PRODUCTS = [
    einsum("ij,jk->ik", (2, 3), (3, 2), array=cplx),
    einsum("ij,jk", (2, 3), (3, 2)),
    einsum("ba", (2, 3)),
    einsum("ii->i", (3, 3)),
    einsum("ii", (3, 3)),
    einsum("iij,j->i", (2, 2, 3), (3,)),
    einsum("iii->i", (2, 2, 2)),
    einsum("ij->", (2, 3)),
    einsum("ij->j", (2, 3)),
    einsum("ij,ij->ij", (1, 3), (2, 3)),
    einsum("a,b,c->cab", (2,), (3,), (2,)),
    einsum("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
    einsum(" i , -> i ", (2,), ()),
    einsum("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
    einsum("...i,...i", (2, 3), (3,)),
    einsum("i...->...", (2, 3)),
    case("einsum by lists", lambda xp, a, b: xp.einsum(a, [0, 1], b, [1, 2], [2, 0]), M23, M32),
    case("einsum implicit", lambda xp, a, b: xp.einsum(a, [..., 1], b, [1, 2]), M23, M32),
    case(
        "einsum optimized",
        lambda xp, a, b, c: xp.einsum("ij,jk,kl", a, b, c, optimize=True),
        *(M23, M32, M22),
    ),
    case("tensordot 1", lambda xp, a, b: xp.tensordot(a, b, axes=1), M23, M32),
    case("tensordot 0", lambda xp, a, b: xp.tensordot(a, b, axes=0), V3, M32),
    case("tensordot 2", lambda xp, a, b: xp.tensordot(a, b), real(2, 2, 3), real(2, 3, 2)),
    case(
        "tensordot of lists",
        lambda xp, a, b: xp.linalg.tensordot(a, b, axes=([-1, 0], [0, -1])),
        *(real(2, 4, 3), real(3, 5, 2)),
    ),
    case("inner", lambda xp, a, b: xp.inner(a, b), real(2, 2, 3), M23),
    case("inner of vectors", lambda xp, a, b: xp.inner(a, b), V3, V3),
    case("inner with a scalar", lambda xp, a, b: xp.inner(a, b), V3, real()),
    case("vdot", lambda xp, a, b: xp.vdot(a, b), cplx(2, 3), cplx(6)),
    case("vdot mixed", lambda xp, a, b: xp.vdot(a, b), V3, cplx(3)),
    case("vecdot", lambda xp, a, b: xp.vecdot(a, b), cplx(2, 3), cplx(3)),
    case("vecdot axis", lambda xp, a, b: xp.vecdot(a, b, axis=0), M32, M32),
    case("vecdot keepdims", along(np.vecdot, axis=0, keepdims=True), M32, M32, jax=False),
    case("vecdot axes", along(np.vecdot, axes=[0, 1, ()]), M32, M23, jax=False),
    case("linalg.vecdot", linalg("vecdot", axis=0), M32, M32),
    case("matmul axes", along(np.matmul, axes=[(0, 1), (1, 0), (1, 0)]), M23, M23, jax=False),
    case("kron", lambda xp, a, b: xp.kron(a, b), M23, M22),
    case("kron of 1 and 2 axes", lambda xp, a, b: xp.kron(a, b), V3, M22),
    case("cross", lambda xp, a, b: xp.cross(a, b), M23, V3),
    case("cross axes", lambda xp, a, b: xp.cross(a, b, 0, 1, 0), M32, M23),
    case("cross broadcast", lambda xp, a, b: xp.cross(a, b, 0, -1, 0), real(3, 1), real(4, 2, 3)),
    case("linalg.cross", linalg("cross", axis=0), M32, M32),
    case("trace", lambda xp, a: xp.trace(a, 1, 1, 0), M23),
    case("trace of three axes", lambda xp, a: xp.trace(a, -1, 2, 0), real(3, 2, 4)),
    case("method trace", lambda xp, a: a.trace(), cplx(2, 2)),
    case("linalg.trace", linalg("trace", offset=1), M233),
    case("linalg.diagonal", linalg("diagonal", offset=1), M233),
    case("linalg.outer", linalg("outer"), V3, real(2)),
    case("multi_dot", lambda xp, *a: xp.linalg.multi_dot(a), M23, real(3, 4), real(4, 2)),
    case("multi_dot of vectors", lambda xp, *a: xp.linalg.multi_dot(a), V3, real(3, 4), real(4)),
    *(case(f"power {n}", linalg("matrix_power", n), real(2, 2, 2)) for n in (0, 1, 3, -2)),
]
if hasattr(np, "matvec"):
    PRODUCTS += [
        case("matvec", lambda xp, a, b: xp.matvec(a, b), cplx(2, 2, 3), cplx(3)),
        case("vecmat", lambda xp, a, b: xp.vecmat(a, b), cplx(2, 3), cplx(3, 2)),
        case(
            "matvec axes",
            along(np.matvec, axes=[(0, 1), 0, 0]),
            real(3, 2, 4),
            real(2, 4),
            jax=False,
        ),
    ]

EQUATIONS = [
    case("inv", linalg("inv"), cplx(2, 2)),
    case("inv of a batch", linalg("inv"), M233),
    case("det", linalg("det"), M233),
    case("complex det", linalg("det"), cplx(2, 2)),
    case("slogdet", linalg("slogdet"), M233),
    case("complex slogdet", linalg("slogdet"), cplx(2, 2)),
    *(case(f"pinv {a.shape}", linalg("pinv"), a) for a in (M32, real(2, 2, 3), cplx(3, 2))),
    case("hermitian pinv", lambda xp, a: xp.linalg.pinv(symmetric(xp, a), hermitian=True), M33),
    case("pinv rtol", lambda xp, a: np.linalg.pinv(a, rtol=1e-3), M32, jax=False),
    case("solve", linalg("solve"), cplx(2, 2), cplx(2)),
    case("solve for a matrix", linalg("solve"), M22, M23),
    case("solve a batch for a vector", linalg("solve"), real(3, 2, 2), real(2)),
    case("solve for a batch", linalg("solve"), M22, real(3, 2, 2)),
    case("solve, broadcast", linalg("solve"), real(3, 1, 2, 2), real(2, 2, 1)),
    case(
        "tensorinv",
        linalg("tensorinv", ind=1),
        real(4, 4).reshape(4, 2, 2) + np.eye(4).reshape(4, 2, 2),
    ),
    case("tensorsolve", linalg("tensorsolve"), real(2, 3, 6), M23),
    case("tensorsolve axes", linalg("tensorsolve", axes=(0,)), real(6, 2, 3), M23),
]


def lstsq(xp, a, b):
    x, residuals, _, s = np.linalg.lstsq(a, b)
    return x, residuals, s


LSTSQ = [
    case(f"lstsq {a.shape} {b.shape}", lstsq, a, b, jax=False)
    for a, b in [
        (real(4, 2), real(4)),
        (cplx(4, 2), cplx(4, 3)),
        (real(2, 4), real(2)),
        (M22, real(2)),
    ]
]


def spectral(xp, a):
    """A function of a matrix by its eigenvectors, on whose phases it does not depend."""
    w, v = xp.linalg.eigh(symmetric(xp, a))
    return xp.einsum("ik,k,jk->ij", v, w**3 + xp.sin(w), xp.conj(v))


def full_svd(xp, a):
    """What np.linalg.svd determines of the columns that full_matrices adds: their projector."""
    u, s, vh = np.linalg.svd(a)
    k = min(a.shape)
    whole = np.einsum("ik,k,kj->ij", u[:, :k], np.exp(s), vh[:k])
    beyond = u[:, k:] @ np.conj(u[:, k:].T), np.conj(vh[k:].T) @ vh[k:]
    return np.real(whole), *map(np.real, beyond)


def thin_svd(xp, a):
    return xp.linalg.svd(a, full_matrices=False)


# Rotates, so that its eigenvalues are a pair and one alone.
ROTATION = np.array([[0.3, -1, 0.2], [1, 0.1, 0.4], [0.2, 0.3, 2]])

DECOMPOSITIONS = [
    case("cholesky", lambda xp, a: xp.linalg.cholesky(positive(xp, a)), cplx(2, 2)),
    case("cholesky as it is", linalg("cholesky"), positive(np, M33), curved=False),
    case("cholesky of a batch", lambda xp, a: xp.linalg.cholesky(positive(xp, a)), M233),
    case("upper", lambda xp, a: xp.linalg.cholesky(positive(xp, a), upper=True), cplx(2, 2)),
    case("qr", linalg("qr"), cplx(3, 2)),
    case("qr of a batch", linalg("qr"), real(2, 3, 2)),
    case("qr of a wide matrix", linalg("qr"), cplx(2, 3), jax=False),
    case("qr, r", linalg("qr", mode="r"), M32),
    case("qr, complete", linalg("qr", mode="complete"), M23, jax=False),
    case("eigh", lambda xp, a: xp.linalg.eigh(symmetric(xp, a)), M233),
    case("eigh as it is", linalg("eigh"), symmetric(np, cplx(2, 2)), curved=False),
    case("eigh of the upper triangle", lambda xp, a: xp.linalg.eigh(symmetric(xp, a), "U"), M33),
    case("complex eigh", spectral, cplx(3, 3)),
    case("eigvalsh", lambda xp, a: xp.linalg.eigvalsh(symmetric(xp, a)), cplx(3, 3)),
    case("eigvalsh U", lambda xp, a: xp.linalg.eigvalsh(symmetric(xp, a), UPLO="U"), M33),
    case("eigvals", linalg("eigvals"), cplx(2, 3, 3)),
    case("eigvals of a real matrix", linalg("eigvals"), ROTATION, jax=False),
    case("eig", linalg("eig"), cplx(2, 3, 3), jax=False),
    case("eig of a real matrix", linalg("eig"), ROTATION, jax=False),
    case(
        "eig of a real symmetric one", lambda xp, a: np.linalg.eig(positive(np, a)), M22, jax=False
    ),
    *(case(f"svd {a.shape}", thin_svd, a) for a in (M33, M32, M23, real(2, 2, 3))),
    case("complex svd", thin_svd, cplx(3, 2), curved=False),
    case("svd without vectors", linalg("svd", compute_uv=False), cplx(2, 3)),
    case("svdvals", linalg("svdvals"), real(2, 2, 3)),
    case("hermitian svd", lambda xp, a: xp.linalg.svd(symmetric(xp, a), hermitian=True), M33),
    *(case(f"full svd {a.shape}", full_svd, a, jax=False) for a in (real(4, 2), cplx(2, 3), M22)),
]

VECTOR_ORDERS = [None, 2, 1, 3, 2.5, np.inf, -np.inf, 0, -1]
MATRIX_ORDERS = [None, "fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf]

NORMS = [
    *(case(f"norm {o} of a vector", linalg("norm", o), cplx(3)) for o in VECTOR_ORDERS),
    *(case(f"norm {o} of a matrix", linalg("norm", o), cplx(3, 2)) for o in MATRIX_ORDERS),
    *(
        case(f"norm {o} along axes", linalg("norm", o, axis=(2, 0), keepdims=True), M233)
        for o in MATRIX_ORDERS
    ),
    case("norm of three axes", linalg("norm"), M233),
    case("norm 3 along an axis", linalg("norm", 3, axis=-2), M233),
    *(
        case(f"vector_norm {o}", linalg("vector_norm", ord=o, axis=(0, 2), keepdims=True), M233)
        for o in (2, 1, 3)
    ),
    case("vector_norm of all", linalg("vector_norm", ord=3), M23),
    *(case(f"matrix_norm {o}", linalg("matrix_norm", ord=o), M233) for o in ("nuc", 1)),
    *(
        case(f"cond {p}", lambda xp, a, p=p: np.linalg.cond(a, p), M33, jax=False)
        for p in MATRIX_ORDERS
    ),
    case("cond of a batch", lambda xp, a: np.linalg.cond(a), real(2, 3, 2), jax=False),
    case("complex cond", lambda xp, a: np.linalg.cond(a, 1), cplx(2, 2, 2), jax=False),
]

CASES = PRODUCTS + EQUATIONS + LSTSQ + DECOMPOSITIONS + NORMS
every = pytest.mark.parametrize("c", CASES, ids=lambda c: c.name)


@every
def test_the_value_is_numpys_to_the_last_bit(c: Case):
    check_value(c)


@every
def test_the_adjoint_is_that_of_an_oracle_and_the_tangent_its_transpose(c: Case):
    check_first_order(c)


@pytest.mark.parametrize("c", [c for c in CASES if c.curved], ids=lambda c: c.name)
def test_the_second_derivative_is_that_of_differences(c: Case):
    check_second_order(c)


# Types


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (np.linalg.slogdet, "SlogdetResult"),
        (np.linalg.qr, "QRResult"),
        (np.linalg.eigh, "EighResult"),
        (np.linalg.eig, "EigResult"),
        (np.linalg.svd, "SVDResult"),
    ],
)
def test_several_outputs_come_in_the_tuple_that_numpy_returns(function, kind):
    kinds = []

    def f(a):
        result = function(a)
        kinds.append(type(result).__name__)
        return np.real(np.sum(result[0]))

    gt.grad(f)(M22)
    assert kinds == [kind]


@every
def test_single_precision_stays_single(c: Case):
    check_precision(c)


# Edges


def test_a_determinant_has_its_minors_for_a_gradient_where_the_matrix_is_singular():
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    np.testing.assert_array_equal(gt.grad(np.linalg.det)(a), [[4, -2], [-2, 1]])


def test_a_determinant_is_differentiated_twice_where_the_matrix_is_zero():
    d = gt.grad(lambda a: gt.grad(np.linalg.det)(a)[0, 0])(np.zeros((2, 2)))
    np.testing.assert_array_equal(d, [[0, 0], [0, 1]])


def test_a_determinant_is_differentiated_twice_where_the_matrix_is_nearly_singular():
    a = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9 + 1e-13]])
    d = gt.grad(lambda a: gt.grad(np.linalg.det)(a)[0, 0])(a)
    np.testing.assert_allclose(d, [[0, 0, 0], [0, a[2, 2], -8], [0, -6, 5]], atol=1e-12)


@pytest.mark.parametrize("array", [real, cplx])
def test_a_large_singular_determinant_has_its_cofactors_for_a_gradient(array):
    n = 18
    a = array(n, n)
    a[-1] = 0
    expected = np.zeros_like(a)
    expected[-1] = [np.linalg.det(np.vstack([a[:-1], unit])) for unit in np.eye(n)]
    _, pullback = gt.vjp(np.linalg.det, a)
    np.testing.assert_allclose(pullback(a.dtype.type(1))[0], expected, rtol=1e-9, atol=1e-9)


def test_the_logarithm_of_a_singular_determinant_has_nan_and_does_not_raise():
    batch = np.stack([np.eye(2), np.ones((2, 2))])
    d = gt.grad(lambda a: np.sum(np.linalg.slogdet(a).logabsdet))(batch)
    np.testing.assert_array_equal(d[0], np.eye(2))
    assert np.isnan(d[1]).all()


@pytest.mark.parametrize(
    ("f", "a"),
    [
        (lambda a: np.linalg.qr(a)[0], np.zeros((2, 2))),
        (lambda a: np.real(np.linalg.eig(a)[1]), np.eye(2)),
    ],
)
def test_a_derivative_that_does_not_exist_is_nan_and_does_not_raise(f, a):
    _, pullback = gt.vjp(f, a)
    assert np.isnan(pullback(real(2, 2))[0]).any()


def test_inverting_a_singular_matrix_raises_as_numpy_does():
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        gt.grad(lambda a: np.sum(np.linalg.inv(a)))(np.ones((2, 2)))


@pytest.mark.parametrize(("ord", "at_zero"), [(None, np.nan), (2, np.nan), (3, np.nan), (1, 1.0)])
def test_a_norm_at_zero_is_as_the_square_root_and_the_absolute_value_there(ord, at_zero):
    d = gt.grad(lambda x: np.linalg.norm(x, ord))(np.zeros(2))
    np.testing.assert_array_equal(d, [at_zero, at_zero])


@pytest.mark.parametrize("ord", [2, -2])
def test_equal_singular_values_share_the_gradient_of_a_norm(ord):
    d = gt.grad(lambda a: np.linalg.norm(a, ord))(np.eye(2))
    np.testing.assert_allclose(d, np.eye(2) / 2)


def test_equal_entries_share_the_gradient_of_a_maximum_norm():
    d = gt.grad(lambda x: np.linalg.norm(x, np.inf))(np.array([1.0, -1.0, 0.5]))
    np.testing.assert_array_equal(d, [0.5, -0.5, 0])


def with_eigenvalues(*w):
    q, _ = np.linalg.qr(real(len(w), len(w)))
    return symmetric(np, q * np.array(w) @ q.T)


def test_the_vectors_of_equal_eigenvalues_have_no_derivative():
    d = gt.grad(lambda a: np.linalg.eigh(a).eigenvectors[0, 0])(with_eigenvalues(1.0, 1.0, 2.0))
    assert np.isnan(d).any()


def test_a_function_of_the_eigenvalues_is_differentiated_where_they_are_equal():
    a = with_eigenvalues(1.0, 1.0, 2.0)
    d = gt.grad(lambda a: np.sum(np.linalg.eigvalsh(a) ** 3))(a)
    np.testing.assert_allclose(d, 3 * a @ a, atol=1e-12)


@pytest.mark.parametrize("transform", [gt.grad, gt.jacobian])
def test_a_single_eigenvector_is_differentiated_where_the_other_eigenvalues_are_equal(transform):
    a = with_eigenvalues(0.0, 0.0, 0.0, 2.0)

    def leading(a):
        v = np.linalg.eigh(symmetric(np, a)).eigenvectors[:, -1]
        return v[0] * v[1]

    _, v = np.linalg.eigh(a)
    turned = np.outer(v[:, -1], v[:, :-1] @ v[:, :-1].T @ [v[1, -1], v[0, -1], 0, 0]) / 2
    np.testing.assert_allclose(transform(leading)(a), symmetric(np, turned), atol=1e-12)


def test_a_leading_singular_vector_is_differentiated_where_the_rank_is_one():
    a = np.outer([1.0, 2.0, 3.0], [1.0, -1.0])

    def leading(xp, a):
        u, _, vh = xp.linalg.svd(a, full_matrices=False)
        return u[:, 0] * u[0, 0], vh[0] * u[1, 0]

    check_first_order(case("rank one", leading, a, jax=False))


def test_an_empty_matrix_has_an_empty_gradient():
    assert gt.grad(np.linalg.det)(np.zeros((0, 0))).shape == (0, 0)


def test_the_rank_is_a_number_without_a_gradient():
    d = gt.grad(lambda a: np.linalg.matrix_rank(a) * np.sum(a))(M22)
    np.testing.assert_array_equal(d, 2 * np.ones((2, 2)))


@pytest.mark.parametrize(
    "f",
    [
        lambda a: np.trace(a, out=np.zeros(())),
        lambda a: np.einsum("ij->i", a, out=np.zeros(2)),
        lambda a: np.vecdot(a, a, out=np.zeros(2)),
        lambda a: np.linalg.multi_dot([a, a], out=np.zeros((2, 2))),
    ],
)
def test_a_traced_result_is_not_written_into_out(f):
    with pytest.raises(gt.TraceError, match="cannot write a traced result"):
        gt.grad(f)(M22)


@pytest.mark.parametrize(("mode", "hint"), [("complete", "not unique"), ("raw", "mode='reduced'")])
def test_a_qr_without_a_derivative_says_which_has_one(mode, hint):
    with pytest.raises(gt.NoDerivative, match=hint):
        gt.grad(lambda a: np.linalg.qr(a, mode=mode)[0][0, 0])(M32)


# The graph


def whole(A, b):
    w, V = np.linalg.eigh(A)
    x = np.linalg.solve(A, b)
    U, s, Vh = np.linalg.svd(A)
    norm = np.linalg.norm(x)
    return norm + np.einsum("ij,j,jk->", V, w, U) + np.trace(Vh) * np.linalg.det(A) + s[0]


SPD, B2 = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, -1.0])


def test_each_operation_is_one_node_under_numpys_name():
    g = gt.trace(whole, SPD, B2)
    ops = [node["op"] for node in g.nodes.values()]
    assert ops.count("eigh") == 2
    assert ops.count("svd") == 3
    for op in ("solve", "norm", "einsum", "trace", "det"):
        assert ops.count(op) == 1, op


def test_the_edges_of_the_graph_compose_to_the_gradient():
    d = gt.trace(whole, SPD, B2).backward()
    expected = gt.grad(whole, argnums=(0, 1))(SPD, B2)
    np.testing.assert_allclose(d["A"], expected[0])
    np.testing.assert_allclose(d["b"], expected[1])


def test_a_graph_with_several_outputs_of_a_function_is_evaluated_again():
    g = gt.trace(whole, SPD, B2)
    other = SPD * [[1.5, -0.5], [-0.5, 1]]
    assert g.forward(A=other) == whole(other, B2)


def test_einsum_is_written_as_a_sum():
    g = gt.trace(lambda A, B: np.einsum("ij,jk->ik", A, B), M22, M22)
    formula = g.nodes[g.outputs[0]]["formula"]
    assert str(formula) == "einsum('ij,jk->ik', A, B)"
    assert formula.latex == r"\sum_{j} {A}_{ij} \, {B}_{jk}"


def test_the_local_derivative_of_solve_is_written_with_solve():
    g = gt.trace(lambda A, b: np.linalg.solve(A, b), SPD, B2)
    assert str(g.edges["b", g.outputs[0], 1]["symbol"]) == "solve(A, ·)"
