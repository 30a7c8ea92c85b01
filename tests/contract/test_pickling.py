"""What graphtrace makes of a function is pickled where the function is, and copied."""

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import graphtrace as gt

X = np.array([1.0, 2.0, 3.0])
W = {"w": X, "b": 1.0}


def cubed(x):
    return np.sum(x**3)


def scaled(params, x, *, power=2):
    return np.sum(params["w"] * x**power) + params["b"]


def with_aux(x):
    return np.sum(x**2), {"size": len(x)}


def same(x):
    return x * 1.0


def forward(x):
    return x, None


def backward(_, g):
    return (np.clip(g, -1, 1),)


def adjoint(g, y, x):
    return g


class Model:
    def __init__(self, w):
        self.w = w

    def __call__(self, x):
        return np.sum(self.w * x**2)

    slope = gt.grad(__call__, argnums=1)


@gt.grad
def decorated(x):
    return np.sum(x**4)


@gt.custom_vjp
def clipped(x):
    return x


clipped.defvjp(forward, backward)


@gt.primitive(partials=[lambda x, y: 1 - y**2])
def squash(x):
    return np.tanh(x)


@gt.checkpoint
def kept(x):
    return np.sin(x)


undecorated = gt.custom_vjp(same)
undecorated.defvjp(forward, backward)


MADE = {
    "grad": (gt.grad(cubed), (X,)),
    "grad with aux": (gt.grad(with_aux, has_aux=True), (X,)),
    "grad in two": (gt.grad(scaled, argnums=(0, 1)), (W, X)),
    "grad of a grad": (gt.grad(gt.grad(abs)), (2.0,)),
    "grad of an object": (gt.grad(Model(X)), (X,)),
    "value_and_grad": (gt.value_and_grad(scaled), (W, X)),
    "jacobian": (gt.jacobian(same, mode="fwd"), (X,)),
    "hessian": (gt.hessian(cubed), (X,)),
    "checkpoint": (gt.grad(gt.checkpoint(cubed)), (X,)),
    "custom_vjp": (undecorated, (X,)),
    "primitive": (gt.grad(gt.primitive(vjp=adjoint)(same)), (2.0,)),
    "pullback": (gt.vjp(scaled, W, X)[1], (2.0,)),
    "compiled": (gt.trace(cubed, X).compile(), (X + 1,)),
    "compiled, of numbers": (gt.trace(pow, 2.0, 3.0).compile(), (4.0, 2.0)),
    "compiled, in one": (gt.trace(scaled, W, X).compile(wrt=["params"]), (W, X)),
}


def by_pickle(f):
    return pickle.loads(pickle.dumps(f))


@pytest.mark.parametrize("twin", [by_pickle, copy.deepcopy, copy.copy])
@pytest.mark.parametrize("name", MADE)
def test_it_is_pickled_and_copied_and_does_the_same(name, twin):
    f, args = MADE[name]
    assert repr(twin(f)(*args)) == repr(f(*args))


@pytest.mark.parametrize("f", [decorated, clipped, squash, kept])
def test_a_decorated_function_is_found_by_its_name(f):
    assert by_pickle(f) is copy.deepcopy(f) is f


def test_a_twin_of_custom_vjp_has_the_same_backward_pass():
    twin = by_pickle(undecorated)
    assert gt.grad(lambda x: 5 * twin(x))(2.0) == gt.grad(lambda x: 5 * undecorated(x))(2.0) == 1.0


def test_a_deep_copy_of_a_gradient_has_an_object_of_its_own():
    model = Model(2.0)
    gradient = gt.grad(model)
    twin = copy.deepcopy(gradient)
    model.w = 10.0
    assert (gradient(1.0), twin(1.0)) == (20.0, 4.0)


def test_a_gradient_that_is_made_in_a_class_is_a_method_of_it():
    assert Model(3.0).slope(2.0) == 12.0
    assert Model.slope(Model(3.0), 2.0) == 12.0


def test_a_twin_has_the_name_and_the_signature():
    import inspect

    twin = by_pickle(gt.grad(scaled))
    assert twin.__name__ == "scaled"
    assert inspect.signature(twin) == inspect.signature(scaled)


def test_what_is_made_of_a_lambda_is_pickled_no_more_than_it():
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(gt.grad(lambda x: x))


def test_a_pullback_inside_a_traced_function_is_refused():
    def f(x):
        pickle.dumps(gt.vjp(np.sin, x)[1])
        return x

    with pytest.raises(gt.TraceError, match="cannot be pickled"):
        gt.grad(f)(1.0)


SCRIPT = """\
import multiprocessing
import numpy as np
import graphtrace as gt

def loss(w):
    return np.sum(w**2)

def graph():
    return gt.trace(loss, np.ones(3))

if __name__ == "__main__":
    w = np.array([1.0, 2.0, 3.0])
    functions = [gt.grad(loss), gt.value_and_grad(loss), gt.hessian(loss), graph().compile()]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        for f in functions:
            assert repr(pool.apply(f, (w,))) == repr(f(w)), f
    print("alike")
"""


def test_they_reach_a_spawned_process(tmp_path):
    (tmp_path / "spawning.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "spawning.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(gt.__file__).parents[1])},
    )
    assert (done.stdout, done.returncode) == ("alike\n", 0), done.stderr
