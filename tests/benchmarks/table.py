"""Print every measure beside its goal, and write docs/benchmarks.md: `python -m benchmarks.table`.

Each row has two times of one run, of repeats in turn (A, B, A, B, ...): the least of each, and the
median of the ratios A / B, as whatever else slows the machine down slows both of a pair. One thread
for each library, the garbage collector as users have it. Arguments are words: only the rows that
have all of them are measured, and nothing is written; `--slow` adds those that take minutes.
"""

from __future__ import annotations

import gc
import os
import platform
import statistics
import subprocess
import sys
import textwrap
import time
import tracemalloc
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measures import MEASURES, Measure, Work

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
PACKAGES = """graphtrace numpy networkx micrograd autograd torch jax casadi numba torchviz
graphviz-pure scikit-learn""".split()
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}
BATCH, ROW, FEWEST = 0.001, 2.0, 3  # seconds of a batch of calls and of a row; repeats at least


class Result(NamedTuple):
    ours: float | None
    peer: float | None = None
    ratio: float | None = None
    note: str = ""


def main(words: list[str]) -> None:
    is_slow, words = "--slow" in words, [word for word in words if word != "--slow"]
    chosen = [m for m in MEASURES if all(word in f"{m.what} {m.peer}" for word in words)]
    rows = [("measure", "beside", "graphtrace", "peer", "ratio", "goal", "held")]
    missed: dict[str, list[str]] = {}
    for m in chosen:
        if is_slow or not m.slow:
            print(f"{m.what} / {m.peer}", end=" ... ", file=sys.stderr, flush=True)
            rows.append(row(m, result(m)))
            print(rows[-1][-1] or "measured", file=sys.stderr)
            if rows[-1][-1] == "**no**":
                missed.setdefault(m.why, []).append(" / ".join(filter(None, (m.what, m.peer))))
    text = markdown(rows)
    print(text)
    if not words:
        PAGE.write_text(page(text, reasons(missed)), encoding="utf-8")


def result(m: Measure) -> Result:
    """What a measure gives; a refusal of ours is said in the row."""
    import graphtrace as gt

    try:
        ours, make_peer = m.pair()
        peer = work_of(make_peer)
        return bytes_of(m.unit, ours, peer) if "B" in m.unit else seconds_of(ours, peer)
    except gt.GraphtraceError as error:
        return Result(None, note="folds not yet" if "folded" in m.what else str(error))


def work_of(make_peer: Callable[[], Work] | None) -> Work | None:
    """The peer's work; None where there is no peer, or it is not installed."""
    try:
        return None if make_peer is None else make_peer()
    except ImportError:
        return None


def seconds_of(ours: Work, peer: Work | None) -> Result:
    """The least time of a call of each, and the median ratio of repeats in turn."""
    works = [work for work in (ours, peer) if work is not None]
    calls = []
    for work in works:
        work()  # what is done once: imports, compilers, caches
        calls.append(max(1, round(BATCH / timed(work, 1))))
    start, repeats = time.perf_counter(), []
    while len(repeats) < FEWEST or time.perf_counter() < start + ROW:
        repeats.append([timed(*pair) for pair in zip(works, calls, strict=True)])
    least = map(min, zip(*repeats, strict=True))
    if peer is None:
        return Result(*least)
    return Result(*least, statistics.median(a / b for a, b in repeats))


def timed(work: Work, calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - start) / calls


def bytes_of(unit: str, *works: Work | None) -> Result:
    """The memory that what is returned takes, or the most at any time."""
    sizes: list[float] = []
    for work in filter(None, works):
        work()
        gc.collect()
        tracemalloc.start()
        kept = work()
        gc.collect()
        sizes.append(float(tracemalloc.get_traced_memory()[unit == "peak B"]))
        tracemalloc.stop()
        del kept
    return Result(*sizes, *([sizes[0] / sizes[1]] if len(sizes) > 1 else []))


def row(m: Measure, found: Result) -> tuple[str, ...]:
    """The texts of a row; a dash stands for a peer that is not installed."""
    ours, peer, ratio, note = found
    if ours is None:
        return m.what, m.peer, note, "", "", goal(m), ""
    if peer is None and m.peer:
        return m.what, m.peer, quantity(ours, m.unit), "—", "—", goal(m), "—"
    shown = ours if ratio is None else ratio * m.scale
    text = f"{shown:.2f}" if shown >= 0.1 else f"{shown:.3f}"
    held = "" if m.goal is None else "yes" if float(text) <= m.goal else "**no**"
    times = quantity(ours, m.unit), quantity(peer, m.unit)
    return m.what, m.peer, *times, "" if ratio is None else text, goal(m), held


def goal(m: Measure) -> str:
    if m.goal is None:
        return ""
    return f"≤ {m.goal:g}" if m.peer else f"≤ {m.goal:g} s"


def quantity(x: float | None, unit: str) -> str:
    """`1.23 ms`."""
    if x is None:
        return ""
    scales = [(1e6, "MB"), (1e3, "kB")] if "B" in unit else [(1, "s"), (1e-3, "ms"), (1e-6, "µs")]
    size, name = next((s for s in scales if x >= s[0]), scales[-1])
    return f"{x / size:.3g} {name}" if x / size < 999.5 else f"{x / size:.0f} {name}"


def markdown(rows: list[tuple[str, ...]]) -> str:
    """A table in Markdown, with its columns aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        f"| {' | '.join(text.ljust(width) for text, width in zip(r, widths, strict=True))} |"
        for r in [rows[0], rule, *rows[1:]]
    )


def reasons(missed: dict[str, list[str]]) -> str:
    """Where the time goes in the rows that miss their goals."""
    return "\n".join(
        textwrap.fill(
            f"* {'; '.join(rows)}: {why or 'not known'}.", 100, subsequent_indent="  ",
            break_long_words=False, break_on_hyphens=False,
        )
        for why, rows in missed.items()
    )  # fmt: skip


def page(table: str, missed: str) -> str:
    return f"""# Benchmarks

Written by `make bench`. Both times of a row come from one run of repeats in turn: the least of
each. The ratio is graphtrace's time divided by the other's, the median of all repeats, so that what
slows the machine down for a while counts for both. One thread for each library, the garbage
collector on. A dash is a peer that was not installed. The programs are in
`tests/benchmarks/programs.py`.

{machine()}

{table}

## Where a goal is missed

{missed or "None is."}
"""


def machine() -> str:
    versions = [f"{name} {found}" for name in PACKAGES if (found := version_of(name))]
    system = f"{platform.system()} {platform.machine()}"
    return (
        f"{processor()}, {os.cpu_count()} cores, {system}; "
        f"{platform.python_implementation()} {platform.python_version()}, {', '.join(versions)}."
    )


def processor() -> str:
    """The CPU's model."""
    try:
        from cpuinfo import get_cpu_info  # comes with pytest-benchmark
    except ImportError:
        return platform.processor() or "an unknown processor"
    info: dict[str, Any] = get_cpu_info()
    return str(info.get("brand_raw") or platform.processor())


def version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # NumPy reads them once, when it is imported.
        again = [sys.executable, "-m", "benchmarks.table", *sys.argv[1:]]
        sys.exit(subprocess.call(again, env={**os.environ, **ONE_THREAD}))
    main(sys.argv[1:])
