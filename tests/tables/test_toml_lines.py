"""The line of every key of a TOML file, however it is written."""

import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.records.validation import Where
from srbench.tables import toml_lines
from srbench.tables.toml_lines import lines

# Some values in each text name their line: "L3" is on line 3.
TEXTS = {
    "plain": """\
        a = "L1"
        # b = "L9"

        b = "L4" # c = "L4"
        """,
    "lists over lines": """\
        a = ["L1", "L1",
          "L2",  # "no", ]
          # "L9",
          ["L4",
           "L5"], "L5",
        ]
        b = "L7"
        """,
    "lists of tables": """\
        [[rows]]
        a = "L2"
        [[rows]]
        a = [ "L4",
        "L5" ]
          [[ rows . more ]]
          b = "L7"
          [rows.other]
          b = "L9"
        [[rows.more]]
        b = "L11"
        [[rows]]
        a = "L13"
        [rows.other.deep]
        b = "L15"
        """,
    "dotted keys": """\
        a.b = "L1"
        a . "c.d" . e = "L2"
        [t.u]
        'a'.b = "L4"
        [t]
        x.y.z = "L6"
        1.2 = "L7"
        """,
    "quoted keys": r"""
        "a]=#" = "L2"
        'b"[' = "L3"
        "\u00e9\"" = "L4"
        "" = "L5"
        ["x]"."[[y"]
        k = "L7"
        [["p.q"]]
        k = "L9"
        """,
    "inline tables": """\
        a = { b = "L1", "c" = { d.e = "L1" }, f = [ "L1",
          { g = "L2" }, {}, ] }
        h = {}
        i = []
        j = "L5"
        """,
    "strings over lines": '''\
        a = ["""x
        b = "L9"
        [no]
        """, "L4",
        \'\'\'
        # [[no]] """ \\
        \'\'\', "L7"]
        c = ["""\\""" "L9" ""\\
          """, """""two""""", \'\'\'\'\'two\'\'\'\'\', "L9"]
        d = ["\\\\", '\\', "\\"", "L10"]
        e = ["", \'\', """""", \'\'\'\'\'\', "L11"]
        f = "L12"
        ''',
    "other values": """\
        a = [1979-05-27 07:32:00Z, 1979-05-27T07:32:00.5-07:00, 07:32:00, "L1"]
        b = [1.5e-3, -inf, nan, 0x1F, 1_000, true, "L2"] # , ]
        c = 1979-05-27 07:32:00 # d = 3
        d = { x = 1.5, y = false , z = "L4" }
        e = "L5"
        """,
    "other letters": 'a = "\u2028\x85 é"\nb = "L2"\n# \u2028\nc = "L4"',
}


def said(value: Any, where: Where = ()) -> Iterator[tuple[Where, int]]:
    """The paths of the texts that name a line, and that line."""
    if isinstance(value, str) and value[:1] == "L" and value[1:].isdigit():
        yield where, int(value[1:])
    elif isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            yield from said(part, (*where, key))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_value_is_found_on_its_line(text: str, end: str) -> None:
    text = textwrap.dedent(text)
    expected = dict(said(tomllib.loads(text)))
    found = lines(text.replace("\n", end))
    assert expected
    assert {where: found.get(where) for where in expected} == expected


def test_a_table_is_on_the_line_where_it_is_first_written() -> None:
    found = lines("[[rows]]\na = [\n{ b = 1 },\n]\n[x.y]\n[x]\n[[rows]]\n")
    tables = [("rows",), ("rows", 0), ("rows", 0, "a"), ("rows", 0, "a", 0), ("x",), ("rows", 1)]
    assert [found[where] for where in tables] == [1, 1, 2, 3, 5, 7]


@pytest.mark.parametrize("text", ["a = ", "a = 1\na = 2", "[a", "a = [" * 2000, "x"])
def test_a_text_that_is_not_toml_has_no_lines(text: str) -> None:
    assert lines(text) == {}


def test_a_text_that_tomllib_reads_differently_has_no_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert lines("a = 1\n[b]\nc = 2")
    monkeypatch.setattr(toml_lines.tomllib, "loads", lambda text: {"a": 1, "b": {"d": 2}})
    assert lines("a = 1\n[b]\nc = 2") == {}


values = st.recursive(
    st.sampled_from(["1", "true", "1.5", "'x'", '"]"', '"""\n"""', "'''\n#'''", '"\\""']),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: "[\n" + " ,# ]\n ".join(parts) + " ]"),
        st.lists(inner, max_size=3).map(
            lambda parts: f"{{{', '.join(f'k{n}.x = {part}' for n, part in enumerate(parts))}}}"
        ),
    ),
    max_leaves=6,
)
statements = st.one_of(
    st.tuples(st.sampled_from(["a", "b.c", '"d e"', "'f'.g"]), values).map(" = ".join),
    st.sampled_from(["[t]", "[t.u]", "[[l]]", "[[l.m]]", "[l.n]", "# [x]", ""]),
)


@given(st.lists(st.tuples(statements, st.booleans()), max_size=8))
def test_a_marked_key_is_found_on_its_line(drawn: list[tuple[str, bool]]) -> None:
    """Its line is found in any file that tomllib reads."""
    text = ""
    for number, (statement, is_marked) in enumerate(drawn):
        text += statement + "\n"
        if is_marked:
            text += f"mark{number} = 'L{text.count(chr(10)) + 1}'\n"
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    found = lines(text)
    assert bool(found) == bool(data)
    assert all(found[where] == line for where, line in said(data))


def test_the_committed_layouts_are_understood() -> None:
    for path in Path(__file__).parents[2].glob("*/*.toml"):
        assert lines(path.read_text(encoding="utf-8")), path
