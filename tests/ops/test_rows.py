"""The rows: each is declared once, in a module that can be imported by itself."""

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import graphtrace
from graphtrace.core.primitive import Primitive
from graphtrace.core.variable import NUMPY, add_methods, operation

PACKAGE = Path(graphtrace.__file__).parent

# Each module from nothing: without the packages' own __init__, which import all of them in order.
ALONE = """
    import importlib, sys, types
    from pathlib import Path

    package = Path(sys.argv[1])
    for path in sorted((package / "ops").glob("[!_]*.py")):
        for name in [name for name in sys.modules if name.partition(".")[0] == "graphtrace"]:
            del sys.modules[name]
        for name, folder in ("graphtrace", package), ("graphtrace.ops", package / "ops"):
            sys.modules[name] = types.ModuleType(name)
            sys.modules[name].__path__ = [str(folder)]
        importlib.import_module(f"graphtrace.ops.{path.stem}")
        print(path.stem)
"""


def test_each_family_of_rows_can_be_imported_by_itself():
    command = [sys.executable, "-c", textwrap.dedent(ALONE), str(PACKAGE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == sorted(path.stem for path in (PACKAGE / "ops").glob("[!_]*.py"))


def test_a_second_row_of_one_name_is_refused():
    with pytest.raises(ValueError, match="primitive 'sum' is declared twice"):
        operation(Primitive("sum", np.sum))


def test_a_second_handler_of_a_numpy_function_is_refused():
    before = NUMPY[np.sum]
    with pytest.raises(ValueError, match="sum is declared twice"):
        NUMPY[np.sum] = np.prod
    assert NUMPY[np.sum] is before


def test_a_second_method_of_one_name_is_refused():
    with pytest.raises(ValueError, match=r"Variable\.reshape is declared twice"):
        add_methods({"reshape": None})
