"""A call, or several, of every operation: what the tests of derivatives run through.

In: nothing. Out: `SAMPLES`, from the name of a row to its samples; `INNER`, the rows that only
derivative rules apply; `ELSEWHERE`, the rows with tests of their own. A sample is written as
`f(xp, *args)`, so that NumPy and JAX can run it.
"""

from samples.arrays import QN, A, B, C, M, N, P, Q, R, U, V, W
from samples.elementwise import CHOICES, COMPLEX, ELEMENTWISE, OPERATORS
from samples.linalg import CONTRACTIONS, DECOMPOSITIONS, FOURIER, LINALG, POLYNOMIALS
from samples.reductions import ACCUMULATIONS, ORDER, REDUCTIONS, STATISTICS
from samples.shapes import SHAPES

__all__ = [
    "ELSEWHERE",
    "INNER",
    "QN",
    "SAMPLES",
    "A",
    "B",
    "C",
    "M",
    "N",
    "P",
    "Q",
    "R",
    "U",
    "V",
    "W",
]


SAMPLES = (
    OPERATORS
    | ELEMENTWISE
    | REDUCTIONS
    | SHAPES
    | LINALG
    | ACCUMULATIONS
    | CHOICES
    | COMPLEX
    | DECOMPOSITIONS
    | FOURIER
    | ORDER
    | CONTRACTIONS
    | STATISTICS
    | POLYNOMIALS
)

# Rows that no NumPy function stands for: the derivative rules apply them.
INNER = {
    "nonzero": "in the rule of power",
    "power_slope": "in the rule of power",
    "gap": "in the rule of logaddexp (tests/ops/test_kinks.py)",
    "cosine": "in the rule of hypot",
    "sech_squared": "in the rules of tanh and sigmoid",
    "hypotenuse": "in the rules of arcsinh and arctan",
    "one_less_square": "in the rules of arcsin, arccos and arctanh",
    "softmax_adjoint": "in the rule of softmax",
    "log_softmax_adjoint": "in the rule of log_softmax",
    "gamma_kernel": "in the rules of gammainc and its like",
    "beta_kernel": "in the rules of betainc and its like",
    "erfc_ratio": "in the rules of erfcx and hazard",
    "hazard": "in the rules of log_ndtr and ndtri",
    "log_ratio": "in the rules of rel_entr and kl_div",
    "expn_derivative": "in the rule of expn",
    "psi_difference": "in the rules of beta and its like",
    "cross_entropy_adjoint": "in the rule of cross_entropy",
    "scatter_at": "the vjp of getitem",
    "scatter": "the vjp of the functions that move entries",
    "gather": "the vjp of scatter",
    "numpy_number": "in a rule that met Python's number at a pole (tests/ops/test_poles.py)",
    "identity": "the input of an inner transform",
    "over": "in the rules of eigenvalues: 1 / x, and 0 between equal ones",
    "add.at": "np.add.at on an array of the trace (tests/ops/test_assign.py)",
    "subtract.at": "the same",
}

# Rows that are no NumPy functions: they have tests of their own.
ELSEWHERE = {
    *("relu gelu silu sigmoid softplus softmax log_softmax logsumexp".split()),
    *("layer_norm cross_entropy".split()),
    "sliding_window_view",  # jax has none; tests/ops/test_sorting_and_statistics.py
}
