"""A record with any number is either refused, or all code that reads it can write it."""

import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.records import counted, printed, timed

from srbench.cli.app import run
from srbench.records import jsonl
from srbench.records.compare import differences
from srbench.records.join import rows_of
from srbench.records.results import Results
from srbench.records.timing import Energy, Estimate, Memory
from srbench.report.compare import differences_report
from srbench.report.formats import FORMATS
from srbench.report.formats.html import Section, page, provenance
from srbench.report.overview import rows_report
from srbench.report.plots.panels import panels
from srbench.report.plots.svg import chart
from srbench.report.times import times_report


def _full_times() -> Any:
    record = timed("resnet18+se", [0.1, 0.2, 0.3] * 3, 1.1)
    forward = replace(
        record.timing.passes["forward"],
        wall=Estimate(0.2, 0.1, 0.3, 9),
        memory=Memory(10**6, 2 * 10**6),
        energy=Energy(2.5, 1.5),
    )
    environment = record.environment | {"memory_bytes": 10**9, "nested": {"clock": [1.5]}}
    timing = replace(record.timing, passes={"forward": forward})
    return replace(record, timing=timing, environment=environment)


RECORDS = {
    "counts": replace(
        counted("resnet18+se", 1100),
        counts=replace(counted("resnet18+se").counts, uncounted={"add": 3}, unknown={"fold": 2}),
    ),
    "times": _full_times(),
    "published": printed("resnet18+se", params="11.690", top1_error="29.60"),
}
ODD = (10**400, -(10**400), 2**63, 10**25, -1, 0, 1, 1e308, -1e308, 1e19, 5e-324, 1e-300, 1.5)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all numbers."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    elif isinstance(value, int | float) and not isinstance(value, bool) and path != ("schema",):
        yield path


def changed(kind: str, path: tuple[Any, ...], number: Any) -> bytes:
    """The record's line with one number replaced."""
    line = json.loads(jsonl.line(RECORDS[kind]))
    *outer, last = path
    inner = line
    for key in outer:
        inner = inner[key]
    inner[last] = number
    return json.dumps(line).encode()


CASES = [(kind, path) for kind, r in RECORDS.items() for path in leaves(json.loads(jsonl.line(r)))]


@pytest.mark.parametrize(
    ("kind", "path"), CASES, ids=lambda v: v if isinstance(v, str) else ".".join(map(str, v))
)
def test_every_number_is_refused_or_can_be_written(kind: str, path: tuple[Any, ...]) -> None:
    for number in ODD:
        try:
            record = jsonl.parse(changed(kind, path, number))
        except ValueError:  # refused, and its line is a problem of the file
            continue
        baseline = replace(counted("resnet18"), input=record.input, num_classes=record.num_classes)
        records = [baseline, record, replace(counted("resnet18+se", 1300), input=record.input)]
        if kind == "counts":
            records.pop()
        _written(records)
        assert json.loads(jsonl.line(record))


def _written(records: list[Any]) -> None:
    report = rows_report("x", rows_of(records))
    reports = [report]
    if any(record.timing for record in records):
        reports.append(times_report(Results([r for r in records if r.timing])))
    if not records[1].published:
        reports.append(differences_report(differences(records[:2], records[:2]), "a", "b"))
    for one in reports:
        for render in FORMATS.values():
            assert render(one)
        json.loads(FORMATS["json"](one), parse_constant=pytest.fail)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        charts = [chart(panel) for panel in panels(rows_of(report.records))]
    assert page("x", [Section("x", report.tables, charts, provenance(report.records))])


@pytest.mark.parametrize("side", ["[3,0,32]", "[-3,0,-32]", f"[3,{10**400},32]", "[3,65537,32]"])
def test_an_impossible_size_is_reported_with_its_line(
    side: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "r.jsonl"
    line = jsonl.line(counted("resnet18"))
    path.write_bytes(line + line.replace(b"[3,64,64]", side.encode()))
    assert run(["report", str(path), "-o", str(tmp_path / "p.html")]) == 4
    error, hint, *_ = capsys.readouterr().err.splitlines()
    assert error.endswith("line 2: not a record: input: each of C, H and W must be from 1 to 65536")
    assert hint == "hint: fix or delete those lines; the other record is used"


def test_an_impossible_setup_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    line = jsonl.line(RECORDS["times"])
    path.write_bytes(line.replace(b'"dtype":"float32"', b'"dtype":"float7"') + line)
    loaded = jsonl.read(path)
    assert len(loaded.records) == 1
    assert "unknown dtype 'float7'" in loaded.problems[0].why
