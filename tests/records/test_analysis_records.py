"""Records of analyses: written and read again, and what is refused in a line that was edited."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.planted import Planted, by_class, marked, votes
from torch import nn

import srbench
from srbench.blocks import SqueezeExcitation
from srbench.cli.app import run
from srbench.records import jsonl
from srbench.records.record import Record
from srbench.records.schema import SCHEMA
from srbench.report import analysis_folder


@pytest.fixture(scope="module")
def record() -> Record:
    model = nn.Sequential(SqueezeExcitation(4, 2), Planted(by_class, votes()))
    return srbench.analyze(model, marked(60), names=["a", "b", "c", "d"]).record


def test_it_is_read_as_it_was_written(record: Record) -> None:
    assert jsonl.parse(jsonl.line(record)) == record
    assert record.key.analysis == record.analysis.key


def test_it_is_flat_for_csv_and_whole_for_json(record: Record) -> None:
    from srbench.records.results import Results

    (row,) = Results([record]).to_rows()
    assert (row["top1"], row["images"], row["memory_blocks"]) == (
        record.analysis.right / 60,
        60,
        1,
    )
    (whole,) = Results([record]).to_json()
    assert whole["analysis"]["ablations"][0]["name"] == "mean weights"


def edited(record: Record, edit: Callable[[dict[str, Any]], Any]) -> bytes:
    found = json.loads(jsonl.line(record))
    edit(found["analysis"])
    return json.dumps(found).replace(f'{{"schema": {SCHEMA}, ', f'{{"schema":{SCHEMA},').encode()


def sr(analysis: dict[str, Any]) -> dict[str, Any]:
    return analysis["memory_blocks"][0]


@pytest.mark.parametrize(
    "edit",
    [
        lambda a: a.update(images=0),
        lambda a: a.update(right=61),
        lambda a: a.update(counts=[60, 60, 60, 60]),
        lambda a: a["ablations"][0].update(right=1, gained=0, lost=0),
        lambda a: a["ablations"][0].update(changed=-1),
        lambda a: a["ablations"][0].update(changed=10**6),
        lambda a: a["counts"].pop(),
        lambda a: sr(a)["weights"]["spread"]["mean"].pop(),
        lambda a: sr(a)["weights"]["spread"]["mean"][0].pop(),
        lambda a: sr(a)["weights"]["by_class"].pop(),
        lambda a: sr(a)["weights"]["classes"].__setitem__(0, 99),
        lambda a: sr(a)["memories"]["norms"].pop(),
        lambda a: sr(a)["memories"]["norms"].clear(),
        lambda a: sr(a)["memories"]["cosine"][1].pop(),
        lambda a: sr(a)["memories"]["maps"][0].pop(),
        lambda a: sr(a)["memories"]["dead"].append(4),
        lambda a: sr(a)["memories"]["duplicates"].append([0, -1]),
        lambda a: sr(a)["features"]["place"].clear(),
        lambda a: sr(a)["features"]["before"]["mean"][0].__setitem__(0, 1e300),
        lambda a: sr(a)["examples"][0]["before"].pop(),
        lambda a: a["pictures"].pop("a"),
        lambda a: sr(a)["weights"].update(entropy=1e17),
        lambda a: sr(a)["weights"]["spread"]["deviation"][0].__setitem__(0, -1.0),
        lambda a: sr(a)["features"]["after"]["deviation"][0].__setitem__(0, -1.0),
        lambda a: sr(a)["features"]["before"]["mean"].clear(),
        lambda a: sr(a)["memories"]["activity"][0].clear(),
        lambda a: sr(a)["examples"].clear(),
        lambda a: a["gate_blocks"][0]["gates"]["mean"].clear(),
        lambda a: a["gate_blocks"][0].update(shape=[5]),
        lambda a: a["gate_blocks"][0]["gates"]["deviation"].pop(),
    ],
)
def test_an_impossible_line_is_refused(record: Record, edit: Callable) -> None:
    with pytest.raises(ValueError, match="not a record"):
        jsonl.parse(edited(record, edit))


def test_a_damaged_picture_ends_the_report_in_one_line(
    record: Record, tmp_path: Path, capsys
) -> None:
    path = tmp_path / "analysis.jsonl"
    path.write_bytes(edited(record, lambda a: a["pictures"].update(a="AAAA")))
    assert run(["report", str(path), "-o", str(tmp_path / "page.html")]) == 2
    assert "a picture in the record is damaged" in capsys.readouterr().err


def test_names_that_mean_something_elsewhere(tmp_path: Path) -> None:
    """As file names, HTML, formulas and mathematics."""
    names = ["../a", "_<b>$x_1$</b>", "=1+1", "é 崖, long " + 60 * "z"]
    found = srbench.analyze(Planted(by_class, votes()), marked(60), names=names)
    found.save(tmp_path / "x", formats=["svg"])
    assert {path.parent for path in tmp_path.rglob("*.csv")} == {tmp_path / "x"}
    page = tmp_path / "page.html"
    assert run(["report", str(tmp_path / "x" / "analysis.jsonl"), "-o", str(page)]) == 0
    assert "<b>$x_1$</b>" not in page.read_text()
    drawn = (tmp_path / "x" / "sr-weights.svg").read_text()
    assert "_&lt;b&gt;$x_1$&lt;/b&gt; -->" in drawn, "as it is, and not as mathematics"
    assert "'=1+1" in (tmp_path / "x" / "sr-weights.csv").read_text()


def test_blocks_whose_names_look_alike_in_files_have_their_own(tmp_path: Path) -> None:
    model = nn.Module()
    model.add_module("a b", SqueezeExcitation(4, 2))
    model.add_module("é", Planted(by_class, votes()))
    model.add_module("a-b", SqueezeExcitation(4, 2))
    model.forward = lambda x: model.é(getattr(model, "a b")(getattr(model, "a-b")(x)))
    found = srbench.analyze(model, marked(60))
    found.save(tmp_path, formats=[])
    assert (tmp_path / "é.sr-weights.csv").exists()
    record = found.record
    twins = replace(
        record.analysis,
        memory_blocks=tuple(
            replace(record.analysis.memory_blocks[0], name=name) for name in ("a b", "a-b")
        ),
    )
    analysis_folder.write(replace(record, analysis=twins), None, tmp_path / "twins", [])
    names = {path.name for path in (tmp_path / "twins").glob("*-weights*.csv")}
    assert names == {"a-b-weights.csv", "a-b-weights-2.csv"}
