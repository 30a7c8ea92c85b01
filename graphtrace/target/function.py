"""Load the function that a TARGET names.

In: text. Out: a function. The rule, in this order: what ends in `.py` or in `.py:function` is a
file; `package.module:function` is a module and its function, and a dotted name alone is a module
without one; everything else is an expression, such as `J = 3*(a + b*c)`. Knows nothing of graphs.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import linecache
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from graphtrace.core.describe_error import describe
from graphtrace.errors import ExpressionError, TargetError

_FILE = re.compile(r"(?P<path>.+\.pyw?)(:(?P<name>[\w.]*))?")
_MODULE = re.compile(r"(?P<module>[^\W\d]\w*(\.[^\W\d]\w*)*)(:(?P<name>[\w.]*))?")
_NOT_IN_PATH = re.compile(r"[\s=()\[\]]")


def load(target: str, folder: Path | None = None) -> Callable[..., Any]:
    """The function that `target` names; the path of a file begins in `folder`, here by default.

    A file is imported by its path, with its folder on the import path while it loads; a module is
    imported with the current folder on the import path. `TargetError` says what cannot be found,
    and lists the functions that are there; `ExpressionError` what an expression may not hold. Where
    the file or module itself raised, that exception is the `TargetError`'s `__cause__`.

    >>> load("J = 3*(a + b*c)")(a=5, b=3, c=2)
    33
    >>> load("math:hypot")(3, 4)
    5.0
    """
    text = target.strip()
    if match := _FILE.fullmatch(text):
        path = _from_here((folder or Path()) / match["path"])
        return _function(_load_named_file(path, match["name"]), match["name"], str(path))
    if match := _MODULE.fullmatch(text):
        if not match["name"]:
            raise TargetError(
                f"'{text}' names no function: write path/to/file.py:function, "
                "package.module:function, or an expression such as 'J = 3*(a + b*c)'"
            )
        return _function(_load_module(match["module"]), match["name"], match["module"])
    if _is_path(text):
        raise TargetError(f"'{text}' is not a Python file: write path/to/file.py:function")
    from graphtrace.target.expression import (
        parse,  # it is for expressions only, and it imports NumPy
    )

    return parse(target)


def source_of(target: str, folder: Path | None = None) -> Path | None:
    """The file that `load` would run; None for an expression, and where there is none."""
    text = target.strip()
    if match := _FILE.fullmatch(text):
        return (folder or Path()) / match["path"]
    if (match := _MODULE.fullmatch(text)) and match["name"]:
        with _importing(f"'{match['module']}'", Path.cwd()), suppress(ModuleNotFoundError):
            spec = importlib.util.find_spec(match["module"])
            return Path(spec.origin) if spec and spec.has_location and spec.origin else None
    return None


def _from_here(path: Path) -> Path:
    """The path as one would type it in the current folder, if it is in it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _is_path(text: str) -> bool:
    """Whether it is written as `folder/file:name`, whatever the file is."""
    path, colon, name = text.rpartition(":")
    is_name = not name or name.replace("_", "a").isalnum()
    return (
        bool(colon) and is_name and "/" in path.replace("\\", "/") and not _NOT_IN_PATH.search(path)
    )


def load_file(path: Path) -> ModuleType:
    """The module made by running the file, under a name of its own that no import can meet.

    Each call runs the file again. `TargetError` names the file that is missing or that failed.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise TargetError(f"the file '{path}' {what}: write path/to/file.py:function")
    # From the text: cached bytecode may be that of an edit within the same second.
    with _importing(f"'{path}'", path.resolve().parent):
        return _run(path, path.read_bytes())


def load_text(text: str, page: Path, line: int, folder: Path) -> ModuleType:
    r"""The module made by running the text, which stands on a page from that line on.

    `folder` is on the import path while it runs. `TargetError` tells what failed, and in which line
    of the page.

    >>> load_text("def J(a):\n    return 3 * a", Path("page.rst"), 7, Path()).J(2)
    6
    """
    lines = [*[""] * (line - 1), *text.splitlines()]
    # So that it can be read as it is written; a page's own text is none of Python's.
    linecache.cache[str(page)] = (0, None, [f"{one}\n" for one in lines], str(page))
    with _importing(f"the Python in '{page}'", folder, "run"):
        return _run(page, "\n".join(lines).encode("utf-8"))


def _run(path: Path, text: bytes) -> ModuleType:
    name = f"graphtrace_target_{path.stem}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses look their module up while it runs
    try:
        code = compile(text, str(path), "exec", dont_inherit=True)
        exec(code, module.__dict__)  # noqa: S102  (running it is what is asked for)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _load_named_file(path: Path, name: str | None) -> ModuleType:
    if not name and path.is_file():
        raise TargetError(f"'{path}' names no function: {_choices(_written_functions(path), path)}")
    return load_file(path)


def _written_functions(path: Path) -> list[str]:
    """The functions that a file defines, read from its text without running it."""
    return [node.name for node in _definitions(path) if not node.name.startswith("_")]


def _definitions(path: Path) -> list[ast.FunctionDef]:
    try:
        body = ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [node for node in body if isinstance(node, ast.FunctionDef)]


def written_functions(path: str) -> list[str]:
    """The functions of a file, for a shell that completes its name; [] for what is no file."""
    return _written_functions(Path(path)) if _FILE.fullmatch(path) else []


def written_parameters(target: str) -> list[str]:
    """The parameters of a target, read from its text; [] where that is not enough.

    >>> written_parameters("J = 3*(a + b*c)")
    ['a', 'b', 'c']
    """
    match = _FILE.fullmatch(target)
    if match is None:
        from graphtrace.target.expression import parse

        try:
            return list(inspect.signature(parse(target)).parameters)
        except ExpressionError:
            return []
    return [
        argument.arg
        for node in _definitions(Path(match["path"]))
        if node.name == match["name"]
        for argument in (
            *node.args.posonlyargs,
            *node.args.args,
            *([node.args.vararg] if node.args.vararg else []),
            *node.args.kwonlyargs,
        )
    ]


def _choices(functions: list[str], where: str | Path) -> str:
    if not functions:
        return f"write {where}:function, once it defines one"
    return "write " + " or ".join(f"{where}:{name}" for name in functions[:10])


def _load_module(name: str) -> ModuleType:
    with _importing(f"'{name}'", Path.cwd()):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            # a module that name itself needs may be missing, too: that is its own failure
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise
            raise TargetError(
                f"there is no module '{error.name}', neither installed nor in this folder: write "
                "package.module:function or path/to/file.py:function"
            ) from None


@contextmanager
def _importing(what: str, folder: Path, verb: str = "imported") -> Iterator[None]:
    """`folder` first on the import path, and what user code raises told in one sentence."""
    entry = str(folder)
    sys.path.insert(0, entry)
    try:
        yield
    except TargetError:
        raise
    except (Exception, SystemExit) as error:
        hint = "mend it, then try again"
        if isinstance(error, ImportError) and "relative import" in str(error):
            hint = "start in the folder above its package and write package.module:function"
        raise TargetError(f"{what} cannot be {verb}, {describe(error)}: {hint}") from error
    finally:
        if entry in sys.path:
            sys.path.remove(entry)


def _function(module: ModuleType, name: str, where: str) -> Callable[..., Any]:
    """The function of that name; a class's function is `Class.function`."""
    value: Any = module
    for part in name.split("."):
        try:
            value = getattr(value, part)
        except AttributeError:
            raise TargetError(_missing(module, name, where)) from None
    if not callable(value):
        raise TargetError(
            f"'{name}' in {where} is {_kind(value)}, not a function: "
            f"{_choices(_functions(module), where)}"
        )
    return value  # type: ignore[no-any-return]


def _functions(module: ModuleType) -> list[str]:
    """The functions that the module defines itself, or else all that it has."""
    public = [name for name in vars(module) if not name.startswith("_")]
    callables = [name for name in public if callable(getattr(module, name))]
    functions = [name for name in callables if not isinstance(vars(module)[name], type)]
    own = [n for n in functions if getattr(vars(module)[n], "__module__", "") == module.__name__]
    return own or functions or callables


def _missing(module: ModuleType, name: str, where: str) -> str:
    functions = _functions(module)
    import difflib  # for a mistake only

    close = difflib.get_close_matches(name, functions, n=1)
    hint = f"did you mean {where}:{close[0]}" if close else _choices(functions, where)
    listed = f" (it has {', '.join(functions[:10])})" if functions and close else ""
    return f"'{where}' has no function '{name}'{listed}: {hint}"


def _kind(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
