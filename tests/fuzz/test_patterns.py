"""Every regular expression of the package on long texts that it might read in many ways."""

import ast
import gc
import importlib
import itertools
import random
import re
import time
from pathlib import Path

from fuzz.budget import cases

import graphtrace as gt

PACKAGE = Path(gt.__file__).parent


def seconds(action):
    gc.disable()  # a collection of what other tests have left takes longer than a pattern
    start = time.process_time()
    action()
    taken = time.process_time() - start
    gc.enable()
    return taken


def patterns():
    """Each regular expression of the package that is a constant, and how it is applied."""
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                names[id(node.value)] = node.targets[0].id
        if not any(isinstance(n, ast.Import) and n.names[0].name == "re" for n in ast.walk(tree)):
            continue
        relative = path.relative_to(PACKAGE.parent).with_suffix("")
        try:
            module = vars(importlib.import_module(".".join(relative.parts)))
        except ModuleNotFoundError as error:  # a room for Sphinx or PyTorch, where that is missing
            if error.name.startswith("graphtrace"):
                raise
            continue
        for node in ast.walk(tree):
            match node:
                case ast.Call(ast.Attribute(ast.Name("re"), how), [pattern, *_]):
                    if how == "compile" and id(node) in names:
                        compiled = module[names[id(node)]]
                        used = rf"\b{names[id(node)]}\.(\w+)\("
                        yield path.name, compiled, set(re.findall(used, path.read_text()))
                    elif how != "compile" and isinstance(pattern, ast.Constant):
                        yield path.name, re.compile(pattern.value), {how}


def apply(pattern, how, text):
    result = pattern.sub("", text) if how == "sub" else getattr(pattern, how)(text)
    if how == "finditer":
        list(result)


def pumped(pattern, rng):
    """Long texts of what the pattern holds, which it might read in many ways."""
    signs = {c for c in pattern.pattern if not c.isalnum()} | {"a", "0", " ", "_"}
    pairs = [a + b for a, b in itertools.product(sorted(signs), "a0 _.,[(/:")]
    for pump in [*sorted(signs), *rng.sample(pairs, cases(2, 60))]:
        for before, after in (("", "\0"), ("d", "("), ("a[0", "]x")):
            for length in (24, 6000):  # what takes a second for the first never ends the second
                yield before + pump * (length // len(pump)) + after


def test_no_regular_expression_takes_more_than_time_in_proportion():
    seen, rng = 0, random.Random(30)
    for where, pattern, ways in patterns():
        for text in pumped(pattern, rng):
            for how in ways:
                seen += 1
                taken = seconds(lambda: apply(pattern, how, text))  # noqa: B023
                assert taken < 0.1, (where, pattern.pattern, how, text[:20])
    assert seen > 500
