"""The layout that `srbench init` writes: what its comments say is true."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.records import printed

from srbench.records import jsonl
from srbench.tables.committed import open_draft
from srbench.tables.draft import drafted
from srbench.tables.layout import Group, Layout, TimeGate, TrainGate
from srbench.tables.start.layout_text import FirstTable, layout_text
from srbench.tables.start.toml_text import toml, toml_key

TABLE = FirstTable("mine", ("resnet18", "resnet34"), ("cbam", "sr:memories=2"), "se")
HEADING = re.compile(r"(?:# )?\[\[?([\w.]+)\]\]?")
KEY = re.compile(r'(?:# )?((?:"[^"]*"|[\w-]+) = .*)')


def opened(text: str, folder: Path) -> Layout:
    return open_draft(drafted(folder / "mine.toml", text)).layout


def all_keys(text: str) -> Iterator[tuple[str, int, str]]:
    """The section of each key, the number of its line, and the line without its comment mark."""
    section = ""
    for number, line in enumerate(text.splitlines()):
        if heading := HEADING.fullmatch(line):
            section = heading[1]
        elif key := KEY.fullmatch(line):
            yield section, number, key[1]


def keys_in_comments(text: str) -> list[tuple[str, int, str]]:
    """Those that are not in use."""
    lines = text.splitlines()
    return [found for found in all_keys(text) if lines[found[1]].startswith("#")]


def source(folder: Path, num_classes: int = 1000) -> None:
    """Records of the publication that the layout's comment names."""
    record = printed("resnet18+cbam", params="1.0")
    row = replace(record, input=(3, 224, 224), num_classes=num_classes)
    jsonl.write(folder / "mine.jsonl", [row])


def with_key(text: str, number: int, key: str) -> str:
    """The text with one key in use, below its heading."""
    lines = text.splitlines()
    lines[number] = key
    heading = next((n for n in range(number, -1, -1) if HEADING.fullmatch(lines[n])), None)
    if heading is not None:
        lines[heading] = lines[heading].removeprefix("# ")
    return "\n".join(lines)


@pytest.mark.parametrize("is_timed", [True, False])
def test_every_key_of_a_layout_is_there_once(is_timed: bool) -> None:
    text = layout_text(replace(TABLE, is_timed=is_timed))
    headings = [match[1] for line in text.splitlines() if (match := HEADING.fullmatch(line))]
    found = [(section, key.partition(" ")[0]) for section, _, key in all_keys(text)]
    for section, model in (("rows", Group), ("time", TimeGate), ("train", TrainGate)):
        keys = [key for at, key in found if at == section]
        assert sorted(keys) == sorted(model.model_fields)
    whole = [*headings, *(key for at, key in found if at == "")]
    assert sorted(whole) == sorted(Layout.model_fields)


TEXT = layout_text(TABLE)


@pytest.mark.parametrize("place", keys_in_comments(TEXT), ids=lambda p: f"{p[0]}.{p[2].split()[0]}")
def test_each_key_in_a_comment_can_be_set(place: tuple[str, int, str], tmp_path: Path) -> None:
    section, number, key = place
    if "published" in key:
        source(tmp_path)
    if section == "train" and not key.startswith("data"):  # which the section needs
        data = next(n for _, n, k in keys_in_comments(TEXT) if k.startswith("data "))
        text = with_key(with_key(TEXT, data, 'data = "digits"'), number, key)
    else:
        text = with_key(TEXT, number, key)
    before, after = opened(TEXT, tmp_path), opened(text, tmp_path)
    assert after != before or "check" in key


def test_all_keys_can_be_set_together(tmp_path: Path) -> None:
    text = TEXT
    for _, number, key in keys_in_comments(TEXT):
        text = with_key(text, number, key)
    source(tmp_path, num_classes=10)
    layout = opened(text, tmp_path)
    assert layout.train
    usual = Layout(caption="T", columns=["params"], rows=[Group(models=["resnet18"])])
    same = [name for name in Layout.model_fields if getattr(layout, name) == getattr(usual, name)]
    assert same == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"models": ["resnet18", "resnet34"]}),
        ({"size": "64"}, {"input_size": 64}),
        ({"size": "64x96", "num_classes": 7}, {"input_size": "64x96", "num_classes": 7}),
    ],
)
def test_what_was_asked_for_is_in_use(
    changes: dict[str, object], expected: dict[str, object], tmp_path: Path
) -> None:
    text = layout_text(replace(TABLE, **changes))
    (rows,) = tomllib.loads(text)["rows"]
    always = {"models": ["resnet18", "resnet34"], "variants": ["cbam", "sr:memories=2", "se"]}
    assert rows == always | expected
    time = tomllib.loads(text)["time"]
    assert time["specs"] == ["resnet18", "resnet18+cbam", "resnet18+sr:memories=2"]
    assert {k: v for k, v in time.items() if k in changes or k == "input_size"} == {
        k: v for k, v in expected.items() if k != "models"
    }
    assert opened(text, tmp_path).caption == "What each block costs: ResNet-18 and ResNet-34."


def test_without_a_gate_on_times_its_section_is_a_comment(tmp_path: Path) -> None:
    layout = opened(layout_text(replace(TABLE, is_timed=False)), tmp_path)
    assert layout.time is None


HOSTILE = ['a"b', "a\\b", "a]b", "é\u202e", "a\x7fb", "a#b", "'''", '"""', "a\tb", "[[rows]]", "😀"]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_valid_toml(text: str) -> None:
    assert tomllib.loads(f"k = {toml([text, {text: text}])}") == {"k": [text, {text: text}]}
    assert tomllib.loads(f"{toml_key(text)} = 1") == {text: 1}


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.isprintable()])
def test_any_spec_is_valid_in_keys_and_in_comments(text: str) -> None:
    block = f"mine:B:mode={text}"
    written = layout_text(replace(TABLE, blocks=(block,)))
    assert tomllib.loads(written)["rows"][0]["variants"] == [block, "se"]
    for _, number, key in keys_in_comments(written):
        assert tomllib.loads(with_key(written, number, key))


def test_lines_are_short() -> None:
    assert max(map(len, TEXT.splitlines())) <= 100
