"""What NumPy warns of in a traced function is said of the user's line, as without tracing."""

import warnings
from pathlib import Path

import numpy as np
import pytest

import graphtrace as gt

HERE = Path(__file__).name


def divides(x):
    return np.sum(1 / (x - 1))


def takes_logs(x):
    return np.log(x - 1).sum()


def calls_a_method(x):
    return (x * 1e300).prod()


def of_a_scalar(x):
    return np.sqrt(x[0] - 5)


def adds_scalars(x):
    return (np.log(x[0] - 1) + 1) - np.log(x[1] - 1)


def of_constants(x):
    return np.sum(x * (np.zeros(2) / 0))


def of_a_reduction_of_constants(x):
    return x[0] + np.mean(np.full(2, 1e308) * 10)


FUNCTIONS = [
    *(divides, takes_logs, calls_a_method, of_a_scalar, adds_scalars, of_constants),
    of_a_reduction_of_constants,
]


def warned(run):
    """What a run warns of, each with the name of its file and its line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run()
    return [(str(one.message), Path(one.filename).name, one.lineno) for one in caught]


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("run", [gt.trace, lambda f, x: gt.grad(f)(x)], ids=["trace", "grad"])
def test_a_warning_has_the_line_and_the_words_of_the_function_by_itself(f, run):
    x = np.ones(2)
    wanted = warned(lambda: f(x))
    assert wanted
    told = warned(lambda: run(f, x))
    assert [(file, line) for _, file, line in told] == [
        (HERE, f.__code__.co_firstlineno + 1) for _ in wanted
    ]
    words = [message.replace("reduce", "prod") for message, _, _ in wanted]
    assert [message for message, _, _ in told] == words


def test_a_graph_that_is_run_again_warns_of_the_line_that_it_was_traced_at():
    graph = gt.trace(takes_logs, np.full(2, 3.0))
    line = takes_logs.__code__.co_firstlineno + 1
    message = "divide by zero encountered in log"
    assert warned(lambda: graph.forward(x=np.ones(2))) == [(message, HERE, line)]
    assert warned(lambda: graph.at(x=np.ones(2))) == [(message, HERE, line)]
    assert warned(graph.backward) == []


def test_a_warning_may_be_an_error_and_its_traceback_has_the_line():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning, match="divide by zero encountered in log") as info:
            gt.grad(takes_logs)(np.ones(2))
    assert any(entry.name == "takes_logs" for entry in info.traceback)


def test_what_numpy_is_told_holds_in_a_trace():
    def quiet(x):
        with np.errstate(divide="ignore"):
            return np.log(x - 1).sum()

    assert warned(lambda: gt.grad(quiet)(np.ones(2))) == []
    with np.errstate(all="ignore"):
        assert warned(lambda: gt.grad(takes_logs)(np.ones(2))) == []
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        gt.grad(takes_logs)(np.ones(2))
    seen = []
    with np.errstate(call=lambda *what: seen.append(what), divide="call"):
        gt.grad(takes_logs)(np.ones(2))
    assert seen == [("divide by zero", 1)]
    before = np.geterr()
    gt.trace(takes_logs, np.full(2, 3.0))
    assert np.geterr() == before


def test_a_warning_is_shown_once_for_each_line():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        globals().pop("__warningregistry__", None)
        for _ in range(3):
            gt.grad(divides)(np.ones(2))
    assert len(caught) == 1
