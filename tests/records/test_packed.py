"""The details of counts are packed: nothing is lost, little is kept, and nothing harms a reader."""

import json
import lzma
import shutil
import subprocess
import sys
import tracemalloc
from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import DATA
from support.records import counted

from srbench.cli.app import run
from srbench.records import jsonl
from srbench.records.packed import MOST_BYTES

TABLES = sorted((Path(__file__).parents[2] / "tables").glob("*.jsonl"))


def sample() -> dict:
    """The record of a network with a block, as a line of JSON says it."""
    record = jsonl.read(DATA / "schema6.jsonl").records[1]
    return json.loads(jsonl.line(record))


def line_with(details: object, **others: object) -> bytes:
    found = sample()
    found["counts"] |= {"details": details, **others}
    return json.dumps(found).encode()


def xz(text: str | bytes) -> str:
    return b64encode(lzma.compress(text.encode() if isinstance(text, str) else text)).decode()


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_committed_records_are_lean(path: Path) -> None:
    sizes = [len(line) for line in path.read_bytes().splitlines()]
    assert max(sizes) <= 6_000
    assert sum(sizes) / len(sizes) <= 3_250, "digits holds trainings, 3 kB each"


def test_committed_records_are_lean_on_average() -> None:
    sizes = [len(line) for path in TABLES for line in path.read_bytes().splitlines()]
    assert sum(sizes) / len(sizes) <= 3_000


def with_newer(record: dict) -> dict:
    """A record's JSON with the fields that later schemas added."""
    newer = {"activations": None, "param_dtypes": None, "memory": None, "layers": []}
    return record | {"counts": record["counts"] | newer}


@pytest.mark.skipif(not shutil.which("xz"), reason="needs xz")
def test_details_can_be_read_without_srbench() -> None:
    before = [json.loads(text) for text in (DATA / "schema6.jsonl").read_bytes().splitlines()]
    for old, record in zip(before, jsonl.read(DATA / "schema6.jsonl").records, strict=True):
        new = json.loads(jsonl.line(record))
        text = subprocess.run(
            "base64 -d | xz -d",
            shell=True,
            input=new["counts"].pop("details").encode(),
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        new["counts"] |= json.loads(text)
        assert (new.pop("schema"), old.pop("schema")) == (9, 6)
        assert new == with_newer(old)


def test_counts_without_details_stay_readable() -> None:
    record = counted("resnet18")
    bare = replace(record.counts, parameters={}, operators={})
    found = json.loads(jsonl.line(replace(record, counts=bare)))
    assert "details" not in found["counts"]
    assert found["counts"]["modules"] == []


def test_a_record_whose_details_are_not_packed_is_read() -> None:
    record = jsonl.read(DATA / "schema6.jsonl").records[1]
    assert jsonl.parse(jsonl.plain(record).encode()) == record
    assert record.counts.modules


BOMB = xz(b'{"operators":{' + b" " * MOST_BYTES + b"}}")
TAIL = b64encode(lzma.compress(b"{}") + b"more").decode()
HUGE_DICTIONARY = b64encode(
    lzma.compress(b"{}", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 2**30}])
).decode()


@pytest.mark.parametrize(
    ("details", "why"),
    [
        ("", "begins or ends in the middle"),
        (5, "it is no text"),
        ("no base64!", "base64"),
        ("ä", "ASCII"),
        (b64encode(b"not compressed").decode(), "format"),
        (xz('{"operators":{}}')[:-12], "begins or ends in the middle"),
        (TAIL, "begins or ends in the middle"),
        (xz("{"), "EOF"),
        (xz("[1]"), "must be modules, parameters, operators"),
        (xz('{"macs": 1}'), "must be modules, parameters, operators"),
        (xz('{"operators": {"conv1 conv": -1}}'), "a count must be from 0"),
        (xz('{"operators": {"conv1 conv": "1"}}'), "whole number"),
        (xz('{"modules": [{"stage": "layer4"}]}'), "missing"),
        (xz("[" * 5000), "recursion"),
        (BOMB, "it has 16 MiB or more"),
        (HUGE_DICTIONARY, "emory"),
    ],
)
def test_damaged_details_make_no_record(details: object, why: str, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    good = jsonl.line(counted("resnet18"))
    path.write_bytes(good + line_with(details) + b"\n" + jsonl.line(counted("resnet34")))
    tracemalloc.start()
    loaded = jsonl.read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [record.spec for record in loaded.records] == ["resnet18", "resnet34"]
    assert (loaded.problems[0].line, why in loaded.problems[0].why) == (2, True)
    assert peak < 4 * MOST_BYTES


def test_details_that_are_there_twice_make_no_record() -> None:
    details = xz('{"operators": {"conv1 conv": 1}}')
    with pytest.raises(ValueError, match=r"counts\.operators is there twice"):
        jsonl.parse(line_with(details, operators={"conv1 conv": 2}))


def test_a_flipped_bit_never_changes_a_figure() -> None:
    """xz has a checksum, so that damage is noticed, and not read as other counts."""
    right = sample()
    text = right["counts"]["details"]
    for place in range(0, len(text) - 4, 37):
        damaged = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        try:
            found = jsonl.parse(line_with(damaged))
        except ValueError:
            continue
        assert found == jsonl.parse(line_with(text)), "only padding may be damaged unnoticed"


def test_the_command_shows_what_is_packed(capsys: pytest.CaptureFixture) -> None:
    path = DATA / "schema6.jsonl"
    before = [json.loads(text) for text in path.read_bytes().splitlines()]
    assert run(["records", str(path)]) == 0
    shown = capsys.readouterr().out
    assert '      "conv1 conv": ' in shown
    decoder, found, rest = json.JSONDecoder(), [], shown
    while rest:
        one, end = decoder.raw_decode(rest)
        found.append(one | {"schema": 6})
        rest = rest[end:].lstrip()
    none = {"claim": None}
    for one in found:
        assert one["counts"].pop("conventions") is None
    assert found == [with_newer(one) | none for one in before]
    assert run(["records", str(path), "cifar_resnet20"]) == 0
    assert json.loads(capsys.readouterr().out)["spec"] == "cifar_resnet20"
    assert run(["records", str(path), "cifar_resnet2"]) == 2
    assert "did you mean cifar_resnet20" in capsys.readouterr().err


def test_lines_that_are_no_records_are_shown_in_their_places(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "r.jsonl"
    line = jsonl.line(counted("resnet18"))
    path.write_bytes(b"<<<<<<< HEAD\x1b\n" + line + b'{"schema":9,"spec"')
    assert run(["records", str(path)]) == 0
    stdout, stderr = capsys.readouterr()
    first, *_, last = stdout.splitlines()
    assert (first, last) == (r"<<<<<<< HEAD\x1b", '{"schema":9,"spec"')
    assert "r.jsonl line 1: damaged" in stderr
    path.write_bytes(b"")
    assert run(["records", str(path)]) == 0


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_git_shows_which_operator_changed(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=tmp_path, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    record = sample()
    path = tmp_path / "t.jsonl"
    path.write_text(json.dumps(record) + "\n")
    (tmp_path / ".gitattributes").write_text("*.jsonl diff=srbench\n")
    git("init", "-q")
    git("config", "diff.srbench.textconv", f"'{sys.executable}' -m srbench records")
    git("add", ".")
    details = json.loads(lzma.decompress(b64decode(record["counts"]["details"])))
    details["operators"]["conv1 conv"] += 1
    record["counts"]["details"] = xz(json.dumps(details))
    path.write_text(json.dumps(record) + "\n")
    changed = [one for one in git("diff").splitlines() if one.startswith(("+ ", "- "))]
    assert [one.split(":")[0].strip("+- ") for one in changed] == ['"conv1 conv"'] * 2
