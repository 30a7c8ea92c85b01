r"""Names that cannot lie: how each variable of a figure, a table or a derivation is printed.

In: the keys that are printed together. Out: a `Spelling` for each, in every backend the same one:
the natural form where no other key claims it (`z_2` as z₂), else the key as it stands. Two keys
never have the same letters, not even where raised and lowered ones are level with the others.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias

from graphtrace.formula.alphabet import ACCENTS, COMMANDS, GREEK, MARKS, WIDE_ACCENTS
from graphtrace.formula.number import MINUS
from graphtrace.formula.runs import Run, Runs, joined, latex, plain

Mark: TypeAlias = Literal["", "adjoint", "tangent"]

MARK_OF: Mapping[Mark, str] = {"": "", "adjoint": MARKS["bar"], "tangent": MARKS["dot"]}


class Spelling(NamedTuple):
    """A name as it is printed: a letter or a word, its accent, what is lowered, what follows."""

    head: str
    accent: str = ""
    lowered: str = ""
    rest: str = ""

    @property
    def is_letter(self) -> bool:
        """Whether it stands side by side with its factors, as in `3v`."""
        return len(self.head) == 1

    @property
    def flat(self) -> str:
        """All of it on one level, by which two names are told apart."""
        return (self.head + self.accent + self.lowered + self.rest).replace(" ", "")

    @lru_cache(4096)  # noqa: B019  (a name is set about ten times in a figure)
    def runs(self, mark: Mark = "") -> Runs:
        """The letter italic, a word upright; a mark for the adjoint or the tangent on top."""
        head, marks = self.head, self.accent + MARK_OF[mark]
        if marks:
            at = (len(head) - 1) // 2
            while at and not head[at].isalpha():
                at -= 1
            head = head[: at + 1] + marks + head[at + 1 :]
        is_italic = self.is_letter and self.head.isalpha() and not "Α" <= self.head <= "Ω"
        pieces = (Run(head, is_italic), Run(self.lowered, False, "sub"), Run(self.rest))
        return joined(piece for piece in pieces if piece.text)

    def latex(self, mark: Mark = "") -> str:
        r"""`\bar{v}_{1}`: the accents in their braces, a word in italics."""
        text = COMMANDS.get(self.head, self.head).strip()
        if _IDENTIFIER.fullmatch(self.head):
            text = rf"\mathit{{{text.replace('_', chr(92) + '_')}}}"
        elif not (self.is_letter and self.head.isalpha()):
            text = latex((Run(self.head),))
        for accent in self.accent + MARK_OF[mark]:
            text = f"{(ACCENTS if self.is_letter else WIDE_ACCENTS)[accent]}{{{text}}}"
        lowered = COMMANDS.get(self.lowered, self.lowered).strip().replace(MINUS, "-")
        return text + (f"_{{{lowered}}}" if lowered else "") + latex((Run(self.rest),))


_IDENTIFIER = re.compile(r"[A-Za-z_]\w+", re.ASCII)
_LETTER = "|".join([*sorted(GREEK, key=len, reverse=True), r"[^\W\d_]"])
_LETTER_NAME = re.compile(
    rf"(?P<head>{_LETTER})(?:_(?P<accent>{'|'.join(MARKS)})|(?P<mark>[{''.join(ACCENTS)}]?))"
    r"(?:_?(?P<number>[0-9]+)|(?P<lowered>(?:_[A-Za-z0-9]{1,6})+))?"
)
_WORD_NAME = re.compile(r"(?P<head>[A-Za-z]+?)_?(?P<number>\d+)", re.ASCII)
CONSTANT_ARRAY = re.compile(r"(?:u?int|float|bool|complex)\d*\[")
"""How an array is printed that has no name."""

_ENTRY = re.compile(r"(?P<of>.+)\[(?P<index>[^\[\]'\"]*)\]", re.DOTALL)
_WHOLE_NUMBERS = re.compile(r"\d+(?:, ?\d+)*", re.ASCII)
_STEP = re.compile(r"t(?:[-+]\d)?", re.ASCII)
_TEMPORARY = re.compile(r"v(\d+)", re.ASCII)
_LAST_NAME = re.compile(
    r"""(?:\[(?P<index>\d+|t)\]|(?:\[['"]|\.)(?P<before>[A-Za-z]\w*)(?:['"]\])?)?"""
    r"""(?:\[['"](?P<last>[A-Za-z]\w*)['"]\]|\.(?P<field>[A-Za-z]\w*))$""",
    re.ASCII,
)


@lru_cache(4096)
def natural(key: str) -> Spelling:
    r"""How a person writes the name: x italic, W1 as W with a lowered 1, alpha as α.

    >>> natural("alpha_0"), natural("h[2]").lowered, natural("loss").head
    (Spelling(head='α', accent='', lowered='0', rest=''), '2', 'loss')
    >>> natural("loss").latex(), natural("x_hat").latex("adjoint"), natural("learning_rate").latex()
    ('\\mathit{loss}', '\\bar{\\hat{x}}', '\\mathit{learning\\_rate}')
    """
    match = _LETTER_NAME.fullmatch(_decomposed(key))
    if match is not None and not _is_phrase(match["lowered"] or ""):
        mark = MARKS[match["accent"]] if match["accent"] else match["mark"]
        lowered = [GREEK.get(s, s) for s in (match["lowered"] or "").split("_") if s]
        head = GREEK.get(match["head"], match["head"])
        return Spelling(head, mark, match["number"] or ",".join(lowered))
    if match := _WORD_NAME.fullmatch(key):
        return Spelling(match["head"], lowered=match["number"])
    if not CONSTANT_ARRAY.match(key) and (match := _ENTRY.fullmatch(key)):
        return entry(natural(match["of"]), match["index"])
    return verbatim(key)


def _is_phrase(lowered: str) -> bool:
    """Whether it is words, as in a_long_name, and no indices, as in x_i_j or W_h_max."""
    words = [word for word in lowered.split("_") if len(word) > 2 and word not in GREEK]
    return len(words) > 1


def _decomposed(key: str) -> str:
    """With the accent of the first letter behind it, for ŷ in one character."""
    return key if key[:1].isascii() else unicodedata.normalize("NFD", key[0]) + key[1:]


def verbatim(key: str) -> Spelling:
    """The key as it stands, on one line; a minus is one where no string is quoted."""
    text = " ".join(key.split())
    text = text if "'" in text or '"' in text else text.replace("-", MINUS)
    return Spelling(text if text.isprintable() else "".join(map(_visible, text)))


def _visible(c: str) -> str:
    return c if c.isprintable() else "\N{REPLACEMENT CHARACTER}"


def entry(of: Spelling, index: str) -> Spelling:
    """An entry of what has that name: whole numbers are lowered beside a bare letter."""
    is_bare = of.is_letter and not (of.lowered or of.rest)
    if is_bare and (_WHOLE_NUMBERS.fullmatch(index) or _STEP.fullmatch(index)):
        return of._replace(lowered=index.replace("-", MINUS))
    return of._replace(rest=f"{of.rest}[{re.sub(r'-(?=[0-9])', MINUS, index)}]")


def _weight_forms(key: str) -> Iterator[Spelling]:
    """W and b of a module, with as much of its path below as tells it from others.

    >>> [form.flat for form in _weight_forms("net.0.weight")]
    ['W', 'W0', 'Wnet.0', 'net.0.weight']
    """
    path, _, last = key.rpartition(".")
    if last not in _LETTER_OF:
        yield from _forms(key)
        return
    letter, parts = _LETTER_OF[last], path.split(".") if path else []
    yield Spelling(letter)
    for n in range(1, len(parts) + 1):
        yield Spelling(letter, lowered=".".join(parts[-n:]))
    yield verbatim(key)


_LETTER_OF = {"weight": "W", "bias": "b"}


def _forms(key: str) -> Iterator[Spelling]:
    """How the key may be printed, the shortest first, the last of them its own alone.

    What a container holds goes by its last string or field; where that stands for several, what
    comes before is its subscript. `alpha, beta` are two names, which are assigned at once.
    """
    if key.isidentifier():
        yield natural(key)
    elif match := _LAST_NAME.search(key):
        last = match["last"] or match["field"]
        yield natural(last)
        if match["index"]:
            yield entry(natural(last), match["index"])
        elif match["before"]:
            yield natural(f"{last}_{match['before']}")
    elif (match := _ENTRY.fullmatch(key)) and not CONSTANT_ARRAY.match(key):
        yield entry(next(_forms(match["of"])), match["index"])
    elif len(names := key.split(", ")) > 1 and all(map(str.isidentifier, names)):
        yield Spelling(", ".join(plain(natural(name).runs()) for name in names))
    yield verbatim(key)


class Naming(Mapping[str, Spelling]):
    """How the keys that are printed together are spelled; of any other key, the natural form.

    The `weights` are parameters of modules: W₀ and b₀ of the module 0.
    Those of the `temporaries` that are called `v1`, `v2` take another letter where the user has a
    `v`.

    >>> [naming["z_2"].flat for naming in (Naming(["z_2"]), Naming(["z_2", "z2"]))]
    ['z2', 'z_2']
    """

    def __init__(
        self,
        keys: Iterable[object] = (),
        temporaries: Iterable[str] = (),
        weights: Collection[str] = (),
    ) -> None:
        self._forms = _chosen(list(dict.fromkeys(map(str, keys))), temporaries, weights)
        self.taken = frozenset(form.flat for form in self._forms.values())
        self.printed: dict[Any, Any] = {}
        """What the printer has set already."""

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "printed": {}}  # it goes by identity, which no copy has

    def with_spelling(self, key: str, spelling: Spelling) -> Naming:
        """The same, but for the spelling of one key.

        >>> Naming(["loss"]).with_spelling("loss", natural("L"))["loss"].flat
        'L'
        """
        other = Naming()
        other._forms = {**self._forms, key: spelling}
        other.taken = frozenset(form.flat for form in other._forms.values())
        return other

    def __getitem__(self, key: str) -> Spelling:
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = self._other(key)
        return form

    def _other(self, key: str) -> Spelling:
        """Of an entry of a key, `params['W'][0]`, or of what is not printed elsewhere."""
        match = _ENTRY.fullmatch(key)
        known = match and self._forms.get(match["of"])
        form = entry(known, match["index"]) if match and known else next(_forms(key))
        return verbatim(key) if form.flat in self.taken else form

    def __iter__(self) -> Iterator[str]:
        return iter(self._forms)

    def __len__(self) -> int:
        return len(self._forms)


def _chosen(
    keys: list[str], temporaries: Iterable[str], weights: Collection[str]
) -> dict[str, Spelling]:
    """The first form of each key that no other key claims."""
    waiting = {key: list(_weight_forms(key) if key in weights else _forms(key)) for key in keys}
    numbered = {key for key in temporaries if _TEMPORARY.fullmatch(key) and key in waiting}
    others = {forms[0].head for key, forms in waiting.items() if key not in numbered}
    letter = next((c for c in "vwtszqpkh" if c not in others), "v")
    for key in numbered if letter != "v" else ():
        waiting[key].insert(0, natural(letter + key[1:]))
    bases = {forms[0].head for forms in waiting.values() if not forms[0].accent}
    for forms in waiting.values():  # beside x, an x̄ would be its adjoint
        if forms[0].accent in MARK_OF.values() and forms[0].head in bases and forms[0].accent:
            forms.pop(0)
    while True:
        claims = Counter(forms[0].flat for forms in waiting.values())
        rivals = [f for f in waiting.values() if claims[f[0].flat] > 1 and len(f) > 1]
        if not rivals:
            break
        for forms in rivals:
            forms.pop(0)
    chosen: dict[str, Spelling] = {}
    seen: set[str] = set()
    for key, (form, *_) in waiting.items():
        while form.flat in seen:  # keys that differ only in what no print can show
            form = form._replace(rest=form.rest + "′")
        seen.add(form.flat)
        chosen[key] = form
    return chosen
