"""Values typed after --at: numbers, lists, dicts and files, and what is refused."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from graphtrace.errors import ArgumentError
from graphtrace.target.argument import read, split


def refusal(text):
    with pytest.raises(ArgumentError) as caught:
        read(text)
    return str(caught.value)


def refused(text):
    try:
        read(text)
    except ArgumentError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-1e-3", -1e-3),
        ("+2.5", 2.5),
        ("1_000", 1000),
        (" 7 ", 7),
        ("inf", math.inf),
        ("-inf", -math.inf),
        ("-pi", -math.pi),
        ("true", True),
        ("False", False),
    ],
)
def test_a_number_keeps_its_type(text, value):
    name, found = read(f"a={text}")
    assert name == "a"
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("lin", "lin"),
        ("größe_2", "größe_2"),
        ("'piece-wise'", "piece-wise"),
        ('"5"', "5"),
        ("''", ""),
        ("none", None),
        ("null", None),
        ("None", None),
        ("['a', 'b']", ["a", "b"]),
        ("['a', null]", ["a", None]),
        ('{"act": "relu", "bias": null, "on": true}', {"act": "relu", "bias": None, "on": True}),
    ],
)
def test_a_word_or_what_stands_in_quotes_is_a_text(text, value):
    assert read(f"mode={text}") == ("mode", value)


def test_a_json_file_may_hold_texts(tmp_path):
    path = tmp_path / "p.json"
    path.write_text('{"act": "relu", "bias": null, "names": ["a"], "layers": [{"act": "tanh"}]}')
    assert read(f"p=@{path}")[1] == json.loads(path.read_text())


def test_nan_is_a_number():
    assert math.isnan(read("a=nan")[1])


def test_an_integer_beyond_64_bits_is_a_float():
    assert read("a=" + "1" + "0" * 30) == ("a", 1e30)
    assert type(read("a=" + "1" + "0" * 30)[1]) is float


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1,2]", [1.0, 2.0]),
        ("(1, 2)", [1.0, 2.0]),
        ("[[1,2],[3,4]]", [[1.0, 2.0], [3.0, 4.0]]),
        ("[]", []),
        ("[-1, inf]", [-1.0, math.inf]),
    ],
)
def test_a_list_is_an_array_of_floats(text, value):
    array = read(f"w={text}")[1]
    assert isinstance(array, np.ndarray)
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, value)


def test_a_dict_keeps_its_structure_with_arrays_in_it():
    params = read("params={'W': [[1, 2]], 'b': 3}")[1]
    assert list(params) == ["W", "b"]
    np.testing.assert_array_equal(params["W"], [[1.0, 2.0]])
    assert params["b"] == 3


def test_a_list_of_dicts_stays_a_list():
    layers = read("layers=[{'W': [1]}, {'W': [2, 3]}]")[1]
    assert isinstance(layers, list)
    np.testing.assert_array_equal(layers[1]["W"], [2.0, 3.0])


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_a_printed_list_of_floats_is_read_back(values):
    np.testing.assert_array_equal(read(f"w={values!r}")[1], values)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_in_one_sentence(text):
    assert "\n" not in refused(f"a={text}")


@pytest.mark.parametrize("text", ["b", "b=", "=3", "1a=3", "", "a.b=3", "a b=3"])
def test_what_is_not_name_and_value_is_told_the_form(text):
    assert refusal(text) == f"'{text}' is not NAME=VALUE: write for example --at a=5"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("3x", ""),
        ("1/3", " ('1 / 3' is not a number)"),
        ("9**9", " ('9 ** 9' is not a number)"),
        ("__import__('os')", " ('__import__('os')' is not a number)"),
        ("1j", " ('1j' is not a number)"),
        ("-true", " (only a number has a sign)"),
        ("[1, [2, 3]]", " (its rows have different lengths)"),
        ("[1, 'a']", ' ("a" is not a number)'),
        ("[lin]", " ('lin' is not a number)"),
        ("lin-log", " ('lin - log' is not a number)"),
        ("lambda", ""),
        ("{1: 2}", " (the keys of a dict are text in quotes)"),
        ("{**a}", " (the keys of a dict are text in quotes)"),
        ("[*a]", " ('*a' is not a number)"),
        ("lambda: 3", " ('lambda: 3' is not a number)"),
        ("9" * 5000, ""),
        ("[" * 5000, ""),
        ("-" * 5000 + "1", ""),
        ("1\0", ""),
    ],
    ids=lambda text: text[:12].encode("unicode_escape").decode(),
)
def test_a_value_that_is_none_is_shown_and_told_the_forms(text, why):
    shown = (text if len(text) <= 60 else text[:57] + "...").replace("\0", "�")
    assert refusal(f"b={text}") == (
        f"b: '{shown}' is not a number, a list of numbers or a file{why}: write for example b=5, "
        "b=[1, 2], b=@b.npy or b=@b.json"
    )


def test_an_npy_file_is_read_as_it_is(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.arange(3, dtype=np.float32))
    array = read(f"x=@{path}")[1]
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, [0, 1, 2])


def test_an_npy_file_is_never_unpickled(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert refusal(f"x=@{path}") == (
        f"x: '{path}' cannot be used (its content is not of that kind): give an array saved with "
        "numpy.save, not of Python objects"
    )


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00"])
def test_a_broken_npy_file_is_refused(tmp_path, content):
    path = tmp_path / "x.npy"
    path.write_bytes(content)
    assert "cannot be used (its content is not of that kind)" in refusal(f"x=@{path}")


def test_a_json_file_gives_arrays_in_its_structure(tmp_path):
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"layers": [{"W": [[1, 2]], "b": 0.5}], "n": 3}))
    value = read(f"p=@{path}")[1]
    np.testing.assert_array_equal(value["layers"][0]["W"], [[1.0, 2.0]])
    assert value["layers"][0]["b"] == 0.5
    assert value["n"] == 3


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('[1, "text"]', '"text" is not a number'),
        ("[1, [2]]", "its rows have different lengths"),
        ("[1, 2", "expecting ',' delimiter: line 1 column 6 (char 5)"),
        ("[" * 100_000, "its content is not of that kind"),
    ],
    ids=lambda text: text[:12],
)
def test_a_json_file_with_anything_but_numbers_is_refused(tmp_path, content, why):
    path = tmp_path / "p.json"
    path.write_text(content)
    assert refusal(f"p=@{path}") == (
        f"p: '{path}' cannot be used ({why}): give numbers and texts, and lists and dicts of them"
    )


def test_a_file_that_is_not_there_is_named():
    assert refusal("x=@gone.npy") == "x: there is no file 'gone.npy': check the path after @"


def test_a_folder_is_no_file(tmp_path):
    folder = tmp_path / "x.json"
    folder.mkdir()
    assert refusal(f"x=@{folder}").startswith(f"x: '{folder}' cannot be read (")


def test_an_unknown_suffix_is_told_the_known_ones():
    assert refusal("x=@x.csv") == (
        "x: '@x.csv' is neither a .npy nor a .json file: save the value with "
        "numpy.save('x.npy', x) and write x=@x.npy"
    )


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("a=5 b=3 c=2", ["a=5", "b=3", "c=2"]),
        ("a=5, b = 3,", ["a=5", "b = 3"]),
        ("a=5\nb=3", ["a=5", "b=3"]),
        ("w=[1, 2] x=@data.npy", ["w=[1, 2]", "x=@data.npy"]),
        ("p={'b=': [1, 2], 'c': 3} q=1", ["p={'b=': [1, 2], 'c': 3}", "q=1"]),
        ("5 a=1", ["5", "a=1"]),
    ],
)
def test_a_line_of_assignments_is_taken_apart(text, pieces):
    assert split(text) == pieces


@given(
    st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,3}", fullmatch=True), st.floats(-1e9, 1e9))
)
def test_assignments_that_are_written_in_a_line_are_read_back(values):
    line = " ".join(f"{name}={value!r}" for name, value in values.items())
    assert dict(map(read, split(line))) == values


def test_a_path_begins_in_the_folder(tmp_path):
    np.save(tmp_path / "x.npy", np.array([1.0, 2.0]))
    assert read("x=@x.npy", "--at", tmp_path)[1].tolist() == [1.0, 2.0]
