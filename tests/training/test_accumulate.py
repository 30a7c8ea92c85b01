"""accumulate is value_and_grad of a mean or a sum, in pieces: the same bits whoever computes."""

import io
import multiprocessing
import pickle
import sys
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from training.losses import data, mean_loss, parameters, sum_loss
from training.same import Counted, assert_bits, leaves, share_memory

import graphtrace as gt
from graphtrace.core import waiting

X, Y = data(103)
KINDS = [("mean", mean_loss), ("sum", sum_loss)]


class Late(Executor):
    """Computes pieces when they are asked for, the last first."""

    def __init__(self):
        self.waiting = []

    def submit(self, f, /, *args, **kwargs):
        future = Future()
        self.waiting.append((future, f, args, kwargs))
        future.result = lambda timeout=None: self._result(future)
        return future

    def _result(self, future):
        for other, f, args, kwargs in reversed(self.waiting):
            other.set_result(f(*args, **kwargs))
        self.waiting.clear()
        return Future.result(future)


def assert_near(now, wanted):
    for a, b in zip(leaves(now), leaves(wanted), strict=True):
        assert (type(a), np.shape(a), np.result_type(a)) == (
            type(b),
            np.shape(b),
            np.result_type(b),
        )
        size = np.max(np.abs(b), initial=1)
        eps = np.finfo(np.result_type(b)).eps
        np.testing.assert_allclose(a, b, rtol=0, atol=200 * eps * size)


@pytest.mark.parametrize("chunk", [1, 2, 10, 51, 102, 103, 1000])
@pytest.mark.parametrize(("reduce", "loss"), KINDS)
def test_it_is_the_value_and_gradient_of_all_rows(reduce, loss, chunk):
    f = gt.accumulate(loss, over=("X", "Y"), chunk=chunk, reduce=reduce)
    wanted = gt.value_and_grad(loss)(parameters(), X, Y)
    for _ in range(2):
        assert_near(f(parameters(), X, Y), wanted)
    assert_near(f(parameters(), Y=Y, X=X), wanted)
    if chunk >= len(X):
        assert_bits(f(parameters(), X, Y), wanted)


@pytest.mark.parametrize(("reduce", "loss"), KINDS)
def test_every_executor_gives_the_same_bits(reduce, loss):
    wanted = gt.accumulate(loss, ("X", "Y"), 10, reduce)(parameters(), X, Y)
    for workers in (1, 3):
        with ThreadPoolExecutor(workers) as executor:
            f = gt.accumulate(loss, ("X", "Y"), 10, reduce, executor=executor)
            assert_bits(f(parameters(), X, Y), wanted)
    f = gt.accumulate(loss, ("X", "Y"), 10, reduce, executor=Late())
    assert_bits(f(parameters(), X, Y), wanted)


@pytest.mark.slow
def test_spawned_processes_give_the_same_bits():
    context = multiprocessing.get_context("spawn")
    wanted = gt.accumulate(mean_loss, ("X", "Y"), 20, stats=True)(parameters(), X, Y)
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        f = gt.accumulate(mean_loss, ("X", "Y"), 20, executor=executor, stats=True)
        now = f(parameters(), X, Y)
        with pytest.raises(gt.ArgumentError, match="cannot be sent to another process"):
            gt.accumulate(_unsendable(), "X", executor=executor)(1.0, X)
    assert_bits(now[:2], wanted[:2])
    assert_bits(now[2].norms, wanted[2].norms)
    assert now[2].variance == wanted[2].variance


def _unsendable():
    lock = sys.stderr  # which no pickle holds

    def loss(w, X):
        return np.mean(X) * w + (0 if lock else 1)

    return loss


def test_a_cluster_of_dask_gives_the_same_bits():
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    wanted = gt.accumulate(mean_loss, ("X", "Y"), 20)(parameters(), X, Y)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor()
        f = gt.accumulate(mean_loss, ("X", "Y"), 20, executor=executor)
        for _ in range(2):
            assert_bits(f(parameters(), X, Y), wanted)
        scale = 2.0
        g = gt.accumulate(lambda w, X: np.mean(X * w) * scale, "X", 20, executor=executor)
        assert_bits(g(3.0, X), gt.accumulate(lambda w, X: np.mean(X * w) * 2.0, "X", 20)(3.0, X))


def test_data_may_be_a_memmap_a_list_or_anything_that_can_be_sliced(tmp_path):
    class Rows:
        """As a file of HDF5 has them."""

        def __init__(self, x):
            self.x, self.shape = x, x.shape

        def __getitem__(self, some):
            assert isinstance(some, slice)
            return self.x[some]

    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    f = gt.accumulate(mean_loss, over=("X", "Y"), chunk=25)
    wanted = f(parameters(), X, Y)
    for x in (mapped, Rows(X), X.tolist(), np.asfortranarray(X), X[::-1][::-1]):
        assert_near(f(parameters(), x, Y), wanted)


def test_the_loss_is_traced_once_for_each_size_of_a_piece():
    loss = Counted(mean_loss)
    f = gt.accumulate(loss, over=("X", "Y"), chunk=10)
    f(parameters(), X, Y)
    runs = loss.runs
    assert runs <= 2 + 3  # the pieces and the last of them; once the check of halves
    for _ in range(3):
        f(parameters(), X, Y)
    assert loss.runs == runs


def test_float32_stays_and_other_arguments_go_on():
    params = {k: w.astype(np.float32) for k, w in parameters().items()}
    x, y = X.astype(np.float32), Y.astype(np.float32)
    f = gt.accumulate(mean_loss, over=("X", "Y"), chunk=10)
    assert_near(f(params, x, y, ridge=0.5), gt.value_and_grad(mean_loss)(params, x, y, ridge=0.5))


def test_several_arguments_and_a_number_are_differentiated_in():
    def loss(w, x, b, *, power=2):
        return np.mean((x * w + b) ** power)

    f = gt.accumulate(loss, over="x", chunk=7, argnums=(0, 2))
    assert_near(f(0.5, X[:, 0], 0.1), gt.value_and_grad(loss, (0, 2))(0.5, X[:, 0], 0.1))


def test_the_result_is_nobody_elses_memory_and_arguments_stay():
    params, x, y = parameters(), X.copy(), Y.copy()
    f = gt.accumulate(mean_loss, over=("X", "Y"), chunk=200)
    results = [f(params, x, y) for _ in range(2)]
    assert not share_memory(results[0], results[1])
    assert not share_memory(results[0], (params, x, y))
    assert_bits((params, x, y), (parameters(), X, Y))


def test_it_pickles_and_has_the_name_of_the_loss():
    f = gt.accumulate(mean_loss, over=("X", "Y"), chunk=10)
    assert f.__name__ == "mean_loss"
    assert_bits(pickle.loads(pickle.dumps(f))(parameters(), X, Y), f(parameters(), X, Y))


def test_within_another_trace_it_is_the_value_and_gradient_of_all_rows():
    f = gt.accumulate(mean_loss, over=("X", "Y"), chunk=10)
    assert_bits(gt.jit(f)(parameters(), X, Y), gt.value_and_grad(mean_loss)(parameters(), X, Y))
    slope = gt.grad(lambda p: f(p, X, Y)[0])(parameters())
    assert_bits(slope, gt.grad(mean_loss)(parameters(), X, Y))
    with pytest.raises(gt.TraceError, match=r"stats=True\) cannot be traced"):
        gt.jit(gt.accumulate(mean_loss, ("X", "Y"), np.int64(10), stats=True))(parameters(), X, Y)


# -- Single rows -----------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [1, 10, 103])
@pytest.mark.parametrize(("reduce", "loss"), KINDS)
def test_stats_are_those_of_the_gradients_of_single_rows(reduce, loss, chunk):
    f = gt.accumulate(loss, ("X", "Y"), chunk, reduce, stats=True)
    value, gradient, stats = f(parameters(), X, Y)
    assert_bits(
        (value, gradient), gt.accumulate(loss, ("X", "Y"), chunk, reduce)(parameters(), X, Y)
    )
    rows = [gt.grad(loss)(parameters(), X[i : i + 1], Y[i : i + 1]) for i in range(103)]
    table = np.array([np.concatenate([g.ravel() for g in row.values()]) for row in rows])
    np.testing.assert_allclose(stats.norms, np.linalg.norm(table, axis=1), rtol=1e-12)
    variance = np.trace(np.cov(table, rowvar=False))
    np.testing.assert_allclose(stats.variance, variance, rtol=1e-10)
    scale = variance / np.sum(table.mean(0) ** 2)
    np.testing.assert_allclose(stats.noise_scale, scale, rtol=1e-10)


def test_rows_that_are_all_alike_have_no_variance_and_one_row_has_none_that_is_known():
    x, y = np.tile(X[:1], (50, 1)), np.tile(Y[:1], (50, 1))
    f = gt.accumulate(mean_loss, over=("X", "Y"), chunk=10, stats=True)
    assert f(parameters(), x, y)[2].variance < 1e-25
    stats = f(parameters(), x[:1], y[:1])[2]
    assert np.isnan(stats.variance)
    assert np.isnan(stats.noise_scale)


# -- What is refused -------------------------------------------------------------------------------

NO_MEAN = [
    lambda w, X: np.sum(w * X),
    lambda w, X: np.max(w * X[:, 0]),
    lambda w, X: np.mean(w * X) ** 2,
    lambda w, X: np.std(w * X),
    lambda w, X: np.mean((X - np.mean(X, axis=0)) ** 2 * w),
    lambda w, X: np.mean(X) + w / len(X),
]


@pytest.mark.parametrize("loss", NO_MEAN)
@pytest.mark.parametrize("chunk", [1, 10, 1000])
def test_a_loss_that_is_no_mean_over_its_rows_is_refused(loss, chunk):
    with pytest.raises(gt.ArgumentError, match=r"f\(\) is no mean over the rows of X: .* give"):
        gt.accumulate(loss, over="X", chunk=chunk)(1.5, X)


def test_a_loss_that_is_no_sum_over_its_rows_is_refused():
    with pytest.raises(gt.ArgumentError, match="is no sum over the rows of X and Y"):
        gt.accumulate(mean_loss, over=("X", "Y"), reduce="sum")(parameters(), X, Y)


@pytest.mark.parametrize(
    ("how", "args", "what"),
    [
        ({"over": "x"}, (), "has no parameter 'x'; over names some of params, X"),
        ({"over": ()}, (), "over is empty"),
        ({"over": "X", "chunk": 0}, (), "chunk is 0"),
        ({"over": "X", "reduce": "max"}, (), "reduce='max' is not known"),
        ({"over": 1}, (), "has no parameter 1; over names some of"),
        ({"over": "X", "executor": "threads"}, (), "executor is 'threads', which has no submit"),
        ({"over": "X", "argnums": "params"}, (), "argnums='params' is no position"),
        ({"over": "X", "argnums": 1}, (), "gradient in X, whose rows come in pieces"),
        ({"over": ("X", "Y")}, (X, Y[:3]), "X has 103 and Y has 3 rows"),
        ({"over": ("X", "Y")}, (X[:0], Y[:0]), "X has no rows"),
        ({"over": ("X", "Y")}, (X, 3.0), "Y of mean_loss.. is .*, which has no rows"),
        ({"over": ("X", "Y")}, (X,), "missing a required argument: 'Y'"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(how, args, what):
    with pytest.raises(gt.ArgumentError, match=what):
        gt.accumulate(mean_loss, **how)(parameters(), *args)


def test_an_error_in_a_piece_is_the_losss_own_and_no_piece_is_left():
    def loss(w, X):
        if np.sum(X) > 1e6:
            raise KeyError("too much")
        return np.mean(X) * w

    x = np.ones(1000)
    x[500] = 1e9
    for workers in (None, 2):
        executor = ThreadPoolExecutor(workers) if workers else None
        with pytest.raises(KeyError, match="too much"):
            gt.accumulate(loss, over="X", chunk=10, executor=executor)(1.0, x)


def test_a_terminal_sees_how_far_it_is(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(waiting, "PATIENCE", 0.01)
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    gt.accumulate(mean_loss, over=("X", "Y"), chunk=1, stats=True)(parameters(), *data(3000))
    assert "of 3,000 rows" in stream.getvalue()
    assert stream.getvalue().endswith(" \r")
