"""A compiled training run learns what the one by hand learns, step for step."""

import numpy as np
from benchmarks.programs import digits, digits_by_hand, digits_loss, train

import graphtrace as gt


def test_it_reads_digits_as_well_as_the_gradient_by_hand():
    share = train(gt.jit(gt.value_and_grad(digits_loss)))
    assert share > 0.94
    assert abs(share - train(digits_by_hand)) <= 0.01


def test_pieces_of_the_data_give_the_gradient_of_all():
    x, y = digits()
    rng = np.random.default_rng(0)
    params = {
        "W1": rng.normal(size=(64, 64)),
        "b1": np.zeros(64),
        "W2": rng.normal(size=(64, 10)),
        "b2": np.zeros(10),
    }
    value, slope = gt.accumulate(digits_loss, over=("x", "y"), chunk=500)(params, x, y)
    wanted = digits_by_hand(params, x, y)
    np.testing.assert_allclose(value, wanted[0], rtol=1e-12)
    for name, w in wanted[1].items():
        np.testing.assert_allclose(slope[name], w, rtol=0, atol=1e-12)
