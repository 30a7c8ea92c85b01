"""The script in Node: its numbers are printed as Python prints them, and its types hold."""

import json
import math
import random
import struct
import subprocess

import pytest

import graphtrace as gt
from graphtrace.formula.number import number
from graphtrace.player import page

SCRIPT = page.packaged("player.js")


def in_node(node, expression, given):
    """What an expression in the script makes of what it is given as `x`."""
    text = f"{SCRIPT}\nconst x = {given};\nconsole.log(JSON.stringify({expression}));\n}})();\n"
    run = subprocess.run(
        [node, "-"], input=text, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def numbers():
    """Of every size, ties in every digit, and what lies beside them."""
    chosen = random.Random(12)
    some = [0.0, -0.0, 1.0, 0.1, math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308]
    some += [999999.0, 1e6, 999999.5, 0.00099995, 0.001, 1e15, 1e16, 1e21, 123456.5, 2.5, 0.125]
    while len(some) < 10_000:
        kind = chosen.randrange(5)
        if kind == 0:
            x = struct.unpack("d", chosen.randbytes(8))[0]
        elif kind == 1:
            x = round(chosen.uniform(-1000, 1000), chosen.randrange(6))
        elif kind == 2:
            x = chosen.randrange(-(10**7), 10**7) / 2 ** chosen.randrange(12)
        elif kind == 3:
            x = chosen.gauss(0, 1) * 10 ** chosen.randrange(-8, 9)
        else:
            x = (2 * chosen.randrange(10**6) + 1) * 5 * 10.0 ** chosen.randrange(-9, 3)
        some += [x, -x, math.nextafter(x, 0)]
    return some


@pytest.mark.parametrize("digits", [1, 2, 4, 6, 15, 17])
def test_a_number_is_printed_to_the_letter_as_python_prints_it(node, digits):
    given = numbers()
    printed = in_node(node, f"x.map(y => number(y, {digits}))", json.dumps(given))
    assert [
        (repr(x), one, number(x, digits))
        for x, one in zip(given, printed, strict=True)
        if one != number(x, digits)
    ] == []


def test_an_attribute_has_all_digits_as_repr_writes_them(node):
    given = numbers()
    assert in_node(node, "x.map(y => repr(y))", json.dumps(given)) == list(map(repr, given))


def test_truth_values_are_printed_as_in_python(node):
    assert in_node(node, "[number(x, 4), repr(x)]", "true") == ["True", "True"]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{0} · {f1}", "2 · (−3)"),
        ("{f0}{f2}", "21.2×10⁻⁵"),
        ("1/{b2}", "1/(1.2×10⁻⁵)"),
        ("{b0} &#123;0}", "2 &#123;0}"),
        ("<i>x</i><sub>1</sub> = {b1}", "<i>x</i><sub>1</sub> = (−3)"),
    ],
)
def test_numbers_stand_in_brackets_where_they_need_them(node, template, text):
    given = json.dumps([template, [2.0, -3.0, 1.2e-5]])
    assert in_node(node, "put(x[0], x[1], 4, false)", given) == text


def test_the_script_has_types_that_hold(node, node_modules):
    compiler = [node, node_modules / "typescript" / "lib" / "tsc.js"]
    how = "--checkJs --allowJs --strict --noEmit --target es2022 --lib es2022,dom,dom.iterable"
    run = subprocess.run(
        [*compiler, *how.split(), str(page.source("player.js"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout, run.returncode) == ("", 0)


def test_the_page_of_the_lecture_is_small():
    def J(a, b, c):
        u = b * c
        v = a + u
        return 3 * v

    player = gt.trace(J, a=5, b=3, c=2).play()
    assert player.parts.program
    svg = player.parts.svg
    assert svg.replace(' role="img"', ' role="group"').strip() in player.html
    assert len(player.html.encode()) - len(svg.encode()) <= 20 * 1024
