"""What every test shares: how long hypothesis searches, the oracle's precision, one figure."""

import os

import pytest
from hypothesis import settings

# Read by JAX when it is imported: we compare with it in double precision, on the CPU.
os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Each program of the oracle runs once: to optimise it takes longer than to run it.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")

# `make test` takes "ci": the same examples on every machine and in every run.
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("dev", deadline=None, max_examples=50)
settings.load_profile("dev")


@pytest.fixture(scope="session", name="lecture")
def lecture_svg():
    """The figure of the lecture, with its gradients."""
    from render.drawn import lecture

    return lecture(backward=True).to_svg()
