"""What the tests of this room share: equal to the bit, and what shares memory."""

import numpy as np


def leaves(tree):
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (list, tuple)):
        return [leaf for part in tree for leaf in leaves(part)]
    return [tree]


def assert_bits(now, wanted):
    """Equal in structure, type, shape, dtype and every bit but the sign of a zero."""
    assert type(now) is type(wanted)
    now, wanted = leaves(now), leaves(wanted)
    assert len(now) == len(wanted)
    for a, b in zip(now, wanted, strict=True):
        assert type(a) is type(b)
        if isinstance(b, (np.ndarray, np.generic, float, complex)):
            assert (np.shape(a), np.result_type(a)) == (np.shape(b), np.result_type(b))
            if np.result_type(b).kind in "fc":
                a, b = a + 0, b + 0
            assert np.asarray(a).tobytes() == np.asarray(b).tobytes(), (a, b)
        else:
            assert a == b


def share_memory(one, other):
    arrays = [[x for x in leaves(tree) if isinstance(x, np.ndarray)] for tree in (one, other)]
    return any(np.shares_memory(a, b) for a in arrays[0] for b in arrays[1])


class Counted:
    """A function that counts how often its body runs."""

    def __init__(self, f):
        self.__wrapped__ = f
        self.__name__ = f.__name__
        self.runs = 0

    def __call__(self, *args, **kwargs):
        self.runs += 1
        return self.__wrapped__(*args, **kwargs)
