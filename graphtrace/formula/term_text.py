"""The text of terms: Python's notation in plain text, or LaTeX.

In: a Term, or an operation and the texts of its operands. Out: text, and how tightly it binds. The
notation is that of the operations' rows; only names and numbers are written here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graphtrace.core.primitive import ATOM, SIGN, SUM, Form, Notation, Primitive
from graphtrace.formula.term import Name, Term

_GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
_ACCENTS = {"hat": r"\hat", "bar": r"\bar", "tilde": r"\tilde", "dot": r"\dot", "vec": r"\vec"}


def term_text(term: Term, *, latex: bool) -> str:
    """The text of a term."""
    return _printed(term, latex=latex)[0]


def operation_text(
    primitive: Primitive, params: dict[str, Any], names: Sequence[str | None], xs: Sequence[Any]
) -> str:
    """The plain text of one operation on operands that have a name, or are the constants `xs`."""
    notation = primitive.notation
    if isinstance(notation, Notation) and None not in names:  # names need no parentheses
        return _format(notation.text.template)(*names)
    atoms = [
        (name, ATOM) if name is not None else _atom(x, latex=False)
        for name, x in zip(names, xs, strict=True)
    ]
    return _filled(primitive, params, atoms, latex=False)[0]


def _printed(term: Term, *, latex: bool) -> tuple[str, int]:
    if term.primitive is None:
        return _atom(term.atom, latex=latex)
    operands = [_printed(operand, latex=latex) for operand in term.operands]
    return _filled(term.primitive, term.params, operands, latex=latex)


def _filled(
    primitive: Primitive, params: dict[str, Any], operands: list[tuple[str, int]], *, latex: bool
) -> tuple[str, int]:
    form = _form(primitive, params, len(operands), latex=latex)
    demands = form.operands
    texts = []
    for i, (text, binds) in enumerate(operands):
        if binds < demands[i if i < len(demands) else -1]:
            text = rf"\left({text}\right)" if latex else f"({text})"
        texts.append(text)
    template = form.template
    if latex and template == r"$0 \, $1" and texts[1][:1].isdigit():
        template = r"$0 \cdot $1"
    return _format(template)(*texts), form.binds


@functools.cache
def _format(template: str) -> Callable[..., str]:
    """What puts operands into `$0 + $1`."""
    literal = template.replace("{", "{{").replace("}", "}}")
    return re.sub(r"\$(\d+)", r"{\1}", literal).format


def _form(primitive: Primitive, params: dict[str, Any], count: int, *, latex: bool) -> Form:
    notation = primitive.notation
    if isinstance(notation, Notation):
        return notation.latex if latex else notation.text
    if notation is not None:
        return notation(count, params, latex)
    name = primitive.name.removeprefix("np.")
    slots = [f"${i}" for i in range(count)]
    if latex:
        return Form(rf"\operatorname{{{name}}}\left({', '.join(slots)}\right)")
    shown = (f"{k}={v}" for k, v in params.items() if v is not None and v is not False)
    return Form(f"{name}({', '.join([*slots, *shown])})")


def _atom(atom: Any, *, latex: bool) -> tuple[str, int]:
    if isinstance(atom, Name):
        return (name_latex(atom) if latex else str(atom)), ATOM
    if isinstance(atom, np.ndarray):
        return _array_text(atom), ATOM
    if isinstance(atom, (int, float, np.number)):
        text = _number_text(atom)
        if latex:
            text = re.sub(r"e([+-])0*(\d+)$", _power_of_ten, text).replace("inf", r"\infty")
        return text, SIGN if text.startswith("-") else ATOM if "e" not in text else SUM + 1
    return str(atom), ATOM


def _power_of_ten(match: re.Match[str]) -> str:
    sign = "-" if match[1] == "-" else ""
    return rf" \times 10^{{{sign}{match[2]}}}"


def _number_text(x: Any) -> str:
    """A number in a formula: six digits, and no `.0` behind a whole one."""
    if isinstance(x, (bool, np.bool_)):
        return str(bool(x))
    if isinstance(x, (complex, np.complexfloating)):
        return f"({x:.6g})"
    return f"{x:.6g}"


def _array_text(x: np.ndarray[Any, Any]) -> str:
    """A constant array in a formula: its entries if there are few, else its shape."""
    if x.ndim <= 1 and x.size <= 3:
        return "[" + ", ".join(map(_number_text, np.ravel(x))) + "]"
    return f"{x.dtype}[{','.join(map(str, x.shape))}]"


def name_latex(name: str) -> str:
    r"""A name as mathematics: `W1` has a subscript, `x_hat` a hat, `alpha` is Greek.

    >>> name_latex("W1"), name_latex("x_hat"), name_latex("alpha_2"), name_latex("params['b']")
    ('W_{1}', '\\hat{x}', '\\alpha_{2}', 'b')
    """
    key = re.fullmatch(r".*(?:\['(\w+)'\]|\.([A-Za-z]\w*))", name)
    if key:
        name = key[1] or key[2]
    entry = re.fullmatch(r"(.+)\[(\d+)\]", name)
    stem, *subscripts = (entry[1] if entry else name).split("_")
    if stem == "":
        stem, subscripts = name.replace("_", r"\_"), []
    digits = re.fullmatch(r"([A-Za-z]+?)(\d+)", stem)
    if digits:
        stem, subscripts = digits[1], [digits[2], *subscripts]
    if entry:
        subscripts.append(entry[2])
    text = f"\\{stem}" if stem in _GREEK else stem if len(stem) == 1 else rf"\mathit{{{stem}}}"
    if subscripts and subscripts[0] in _ACCENTS:
        text = f"{_ACCENTS[subscripts.pop(0)]}{{{text}}}"
    marks = [f"\\{s}" if s in _GREEK else s for s in subscripts if s]
    return text + (f"_{{{','.join(marks)}}}" if marks else "")
