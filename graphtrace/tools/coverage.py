"""The table of public functions and whether each is differentiated, found by trying it.

In: the functions of the installed NumPy and SciPy, and docs/peers.tsv, which says what other
packages differentiate. Out: `python -m graphtrace.tools.coverage` prints the table as tab-separated
text, `--write docs/coverage.md` writes it as a page. Knows no rule; `trial` tries a function.
"""

from __future__ import annotations

import csv
import functools
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from graphtrace.ops.special import NAMES
from graphtrace.tools.classification import DIFFERENTIATED, FLAT, table
from graphtrace.tools.trial import Outcome, resolve, try_function

PEERS = Path(__file__).parents[2] / "docs" / "peers.tsv"
_METHODS = ("accumulate", "at", "outer", "reduce", "reduceat")


class Line(NamedTuple):
    """One function: what the other packages say, and what trying it said."""

    function: str
    peers: dict[str, str]
    outcome: Outcome

    @property
    def is_reached(self) -> bool:
        """Whether both modes differentiate it."""
        return self.outcome == ("yes", "yes")


def peers() -> dict[str, dict[str, str]]:
    """For each function the columns of the other packages; none outside the source tree."""
    if not PEERS.exists():
        return {}
    with PEERS.open(encoding="utf-8") as lines:
        return {row.pop("function"): row for row in csv.DictReader(lines, delimiter="\t")}


def own_functions() -> list[str]:
    """The public names of all that a traced value can reach, the methods of ufuncs among them."""
    names = [
        name.replace("ndarray.", "numpy.ndarray.")
        if name.startswith("ndarray.")
        else name.replace("np.", "numpy.", 1)
        for name, one in table().items()
        if one.group in (DIFFERENTIATED, FLAT)
    ]
    for name in list(names):
        ufunc = resolve(name)
        if (
            isinstance(ufunc, np.ufunc)
            and (ufunc.nin, ufunc.nout) == (2, 1)
            and not ufunc.signature
        ):
            names += [f"{name}.{method}" for method in _METHODS]
    names += [f"numpy.lib.scimath.{name}" for name in np.emath.__all__]
    names += ["numpy.lib.stride_tricks.sliding_window_view"]
    if find_spec("scipy"):
        special = import_module("scipy.special")
        names += [f"scipy.special.{name}" for name in NAMES if hasattr(special, name)]
    return names


_WRONG = "NumPy 2.4 returns a[0]**a[-1], on processors with wide vectors"
NUMPY_IS_WRONG = {
    f"numpy.{f}.reduce": Outcome(_WRONG, _WRONG) for f in ("power", "pow", "arctan2", "atan2")
}
"""They are not tried, so that the table is the same on every machine."""


@functools.cache
def line(function: str) -> Line:
    """The row of one function."""
    try:
        outcome = NUMPY_IS_WRONG.get(function) or try_function(function)
    except (ImportError, AttributeError):
        outcome = Outcome("not installed", "not installed")
    known = table().get(function.replace("numpy.", "np.", 1))
    if known is not None and known.reason and outcome.vjp != "yes":
        outcome = Outcome(known.reason, known.reason)
    return Line(function, peers().get(function, {}), outcome)


def lines() -> list[Line]:
    """The rows of the other packages' table, and those that only graphtrace has."""
    own = [name for name in own_functions() if name not in peers()]
    rows = map(line, [*peers(), *own])
    return sorted(one for one in rows if one.peers or one.is_reached)


def versions() -> str:
    """The releases that a table is of."""
    scipy = f", SciPy {import_module('scipy').__version__}" if find_spec("scipy") else ""
    return f"NumPy {np.__version__}{scipy}"


def as_text(rows: Iterable[Line]) -> str:
    """Tab-separated: the columns of docs/peers.tsv, and whether each mode of graphtrace agrees."""
    columns = list(next(iter(peers().values()), {}))
    header = ["function", *columns, "graphtrace_vjp", "graphtrace_jvp"]
    body = (
        [one.function, *(one.peers.get(c, "") for c in columns), *map(_yes, one.outcome)]
        for one in rows
    )
    return "".join("\t".join(fields) + "\n" for fields in [header, *body])


def _yes(outcome: str) -> str:
    return "yes" if outcome == "yes" else ""


def as_page(rows: Sequence[Line]) -> str:
    """The page docs/coverage.md."""
    known = [one for one in rows if one.peers]
    missing = [one for one in known if not one.is_reached]
    reached = len(known) - len(missing)
    own = [one.function for one in rows if not one.peers]
    reasons: dict[str, list[str]] = {}
    for one in missing:
        why = next(outcome for outcome in one.outcome if outcome != "yes")
        reasons.setdefault(why.replace(f"{one.function} ", "it "), []).append(one.function)
    parts = [
        _INTRODUCTION.format(versions=versions(), total=len(known), reached=reached, own=len(own)),
        _markdown(known),
        "\n## What a traced value cannot reach\n\n",
        *(f"- {', '.join(f'`{n}`' for n in names)}: {why}.\n" for why, names in reasons.items()),
        "\n## Differentiated here alone\n\n",
        ", ".join(f"`{name}`" for name in own) + "\n",
    ]
    return "".join(parts)


_INTRODUCTION = """<!-- Written by: python -m graphtrace.tools.coverage --write docs/coverage.md -->

# Which functions are differentiated

Of the {total} functions below, which HIPS autograd or advect differentiate, graphtrace
differentiates {reached}, and {own} more that are listed at the end. Each yes was found by calling
the function and comparing with difference quotients: vjp stands for reverse mode and reverse over
each mode, jvp for forward mode and forward over each mode. The table is of {versions}.

"""
_COLUMNS = "autograd_vjp autograd_jvp advect_vjp advect_jvp graphtrace_vjp graphtrace_jvp".split()


def _markdown(rows: Sequence[Line]) -> str:
    head = " | ".join(column.replace("_", " ") for column in ["function", *_COLUMNS])
    text = [f"| {head} |\n", "| --- " * 7 + "|\n"]
    for one in rows:
        cells = [*(one.peers[column] for column in _COLUMNS[:4]), *map(_yes, one.outcome)]
        text.append(f"| `{one.function}` | {' | '.join(cells)} |\n".replace("  ", " "))
    return "".join(text)


def main(arguments: Sequence[str]) -> None:
    """Print the table, or with `--write FILE` write the page."""
    with np.errstate(all="ignore"):
        rows = lines()
    if arguments:
        Path(arguments[-1]).write_text(as_page(rows), encoding="utf-8")
    else:
        sys.stdout.write(as_text(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
