"""Draw the corpus into a folder, in each column and scheme, with a table of who breaks which law.

    cd tests && PYTHONPATH=.. python -m figures.sheet /tmp/sixty

writes 720-light/rosenbrock.svg and so on, and offenders.md.
"""

import argparse
from pathlib import Path

from figures.corpus import FUNCTIONS, SCHEMES, WIDTHS, default_figure
from figures.laws import LAWS, Drawn


def offenders(name, width, law):
    """What breaks the law in the default figure of that width; in the dark the text is the same."""
    return list(dict.fromkeys(law(Drawn(default_figure(name, width, "light"), width))))


def judged():
    """The offenders by name, width and law, of those that have any."""
    cases = [
        (e.name, width, law.__name__, law) for e in FUNCTIONS for width in WIDTHS for law in LAWS
    ]
    broken = {(name, width, rule): offenders(name, width, law) for name, width, rule, law in cases}
    return {case: sentences for case, sentences in broken.items() if sentences}


def draw(folder):
    """Write every figure."""
    for width in WIDTHS:
        for scheme in SCHEMES:
            place = folder / f"{width}-{scheme}"
            place.mkdir(parents=True, exist_ok=True)
            for example in FUNCTIONS:
                svg = default_figure(example.name, width, scheme)
                (place / f"{example.name}.svg").write_text(svg, encoding="utf-8")


def table(broken):
    """Counts of functions by law, counts of offenders by function, and every offender."""
    rules = [law.__name__ for law in LAWS]
    yield f"| functions that offend | {' | '.join(map(str, WIDTHS))} |"
    yield "| --- |" + " ---: |" * len(WIDTHS)
    for rule in rules:
        counts = [sum(1 for _, w, r in broken if (w, r) == (width, rule)) for width in WIDTHS]
        yield f"| {rule} | {' | '.join(map(str, counts))} |"
    yield f"\n| function | size at {WIDTHS[0]} | {' | '.join(rules)} |"
    yield "| --- |" + " ---: |" * (len(rules) + 1)
    worst = sorted(FUNCTIONS, key=lambda e: -sum(n == e.name for n, _, _ in broken))
    for example in worst:
        size = Drawn(default_figure(example.name, WIDTHS[0], "light"), WIDTHS[0]).size
        cells = [
            " / ".join(str(len(broken.get((example.name, w, rule), ()))) for w in WIDTHS)
            for rule in rules
        ]
        yield f"| {example.name} | {size[0]:.0f} × {size[1]:.0f} | {' | '.join(cells)} |"
    yield ""
    for (name, width, rule), sentences in broken.items():
        yield f"- {name} at {width}, {rule}: {'; '.join(sentences)}"


def main():
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    chosen = parser.parse_args()
    draw(chosen.folder)
    broken = judged()
    lines = list(table(broken))
    (chosen.folder / "offenders.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(*lines[: len(LAWS) + 2], sep="\n")


if __name__ == "__main__":
    main()
