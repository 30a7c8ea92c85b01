"""An argument that is no number counts by what it holds, however that has changed."""

from types import SimpleNamespace

import numpy as np
import pytest
from training.same import Counted, assert_bits

import graphtrace as gt


class Options:
    def __init__(self, **options):
        vars(self).update(options)


class Holding(Options):
    """An object with numbers, which is opened."""


class Keys(dict):
    __getattr__ = dict.__getitem__


class Row(list):
    pass


def _of_flag(p, x):
    return x if p.flag else -x


@pytest.mark.parametrize(
    ("argument", "change", "f"),
    [
        (Options(flag=True), lambda p: setattr(p, "flag", False), _of_flag),
        (Options(o=Options(flag=True)), lambda p: setattr(p.o, "flag", 0), lambda p, x: p.o.flag),
        (Options(o=[{"k": "a"}]), lambda p: p.o[0].update(k="b"), lambda p, x: p.o[0]["k"]),
        (Holding(w=1.0, flag=True), lambda p: setattr(p, "flag", False), _of_flag),
        (Holding(w=1.0, o=Options(k=1)), lambda p: setattr(p, "o", 2), lambda p, x: str(p.o)[:1]),
        (Holding(w=1.0, o=Options(k="a")), lambda p: setattr(p.o, "k", "b"), lambda p, x: p.o.k),
        (SimpleNamespace(w=1.0), lambda p: setattr(p, "w", 2.0), lambda p, x: p.w * x),
        (SimpleNamespace(g=lambda x: x), lambda p: setattr(p, "g", abs), lambda p, x: p.g(-x)),
        (Keys(w=1.0), lambda p: p.update(w=2.0), lambda p, x: p.w * x),
        (Row([np.ones(2)]), lambda p: p[0].fill(2.0), lambda p, x: np.sum(p[0] * x)),
        ({1.0}, lambda p: p.add(2.0), lambda p, x: sum(p) * x),
        (bytearray(b"a"), lambda p: p.append(1), lambda p, x: len(p) * x),
    ],
    ids=range(12),
)
def test_what_has_changed_in_place_inside_an_argument_is_seen(argument, change, f):
    counted = Counted(f)
    fast = gt.jit(counted)
    for _ in range(3):
        assert_bits(fast(argument, 2.0), f(argument, 2.0))
    assert counted.runs == 1
    change(argument)
    for _ in range(2):
        assert_bits(fast(argument, 2.0), f(argument, 2.0))
    assert counted.runs == 2


def test_a_linked_list_may_be_longer_than_pythons_stack():
    last = first = Options(after=None, name="a")
    for _ in range(5000):
        first = Options(after=first, name="a")
    fast = gt.jit(lambda p, x: x * 2)
    assert fast(first, 1.0) == fast(first, 1.0) == 2.0
    last.name = "b"
    assert fast(first, 1.0) == 2.0


def test_an_object_may_hold_what_it_was_called_with():
    class Model:
        def __init__(self):
            self.w, self.seen = 2.0, []

        def __call__(self, x):
            self.seen.append("called")
            return self.w * x

    model, fast = Model(), gt.jit(lambda m, x: m(x))
    assert [fast(model, x) for x in (1.0, 2.0, 3.0)] == [2.0, 4.0, 6.0]
