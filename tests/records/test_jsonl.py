"""JSON lines: records are read as they were written, and a damaged line affects no other."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.records import counted, printed, timed

from srbench.errors import SrbenchError
from srbench.records import jsonl
from srbench.records.record_file import RecordFile

RECORDS = [
    counted("resnet18"),
    counted("resnet18+se", 1100, reason="A reason with “quotes”, a\nline and 2**60 = "),
    replace(counted("resnet18+sr"), counts=None, status="failed: no memory"),
    timed("resnet18", [0.1, 0.2, 0.3]),
    printed("resnet18", params="11.690", top1_error="29.60"),
]


def test_every_kind_of_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    for record in RECORDS:
        jsonl.append(path, record)
    assert list(jsonl.read(path).records) == RECORDS
    assert jsonl.read(path).lines == (1, 2, 3, 4, 5)
    jsonl.write(tmp_path / "again.jsonl", RECORDS)
    assert (tmp_path / "again.jsonl").read_bytes() == path.read_bytes()


def test_integers_stay_exact(tmp_path: Path) -> None:
    big = 2**62 + 1
    jsonl.append(tmp_path / "r.jsonl", counted("resnet18", big))
    assert jsonl.read(tmp_path / "r.jsonl").records[0].counts.params == big


def test_a_line_begins_with_its_schema_and_holds_the_convention() -> None:
    line = json.loads(jsonl.line(RECORDS[0]))
    assert next(iter(line)) == "schema"
    assert line["counts"]["convention"].startswith("one multiply-add is one MAC")


def test_a_line_of_times_and_counts_has_the_warnings_of_both() -> None:
    counts = replace(counted("resnet18").counts, unknown={"aten::mystery": 2})
    times = timed("resnet18", [0.1, 0.2, 0.3])
    both = replace(times, counts=counts, timing=replace(times.timing, notes=("one GPU was busy",)))
    assert jsonl.parse(jsonl.line(both)).warnings == (
        "one GPU was busy",
        "not counted: aten::mystery (×2)",
    )


def test_lines_with_other_spacing_and_key_order_are_read() -> None:
    line = json.loads(jsonl.line(RECORDS[0]))
    shuffled = json.dumps(dict(reversed(line.items())), indent=None, separators=(" , ", " : "))
    assert jsonl.parse(shuffled.encode()) == RECORDS[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{"schema":1,"spec":"resnet18"', "damaged or cut short"),
        (b"[1, 2]", "no schema version"),
        (b'{"spec":"resnet18"}', "no schema version"),
        (b'{"schema":true}', "no schema version"),
        (b'{"schema":99,"spec":"resnet18"}', "a newer srbench, schema 99"),
        (b'{"schema":0}', "unknown schema 0"),
        (b"\xff\xfe\x00", "damaged or cut short"),
        (
            jsonl.line(RECORDS[0]).replace(b'"macs":5000', b'"macs":"5000"'),
            "counts.macs must be a whole",
        ),
        (jsonl.line(RECORDS[0]).replace(b'"macs":5000', b'"macs":5000.5'), "counts.macs"),
        (jsonl.line(RECORDS[0]).replace(b'"spec":"resnet18",', b""), "record: spec is missing"),
        (jsonl.line(RECORDS[0]).replace(b'"spec":', b'"spex":1,"spec":'), "spex: Unexpected"),
        (jsonl.line(RECORDS[0]).replace(b'"macs":5000', b'"macs":-1'), "a count must be from 0"),
        (jsonl.line(RECORDS[0]).replace(b'"macs":5000', b'"macs":9' + b"0" * 400), "counts"),
        (jsonl.line(RECORDS[3]).replace(b"[0.1,0.2,0.3]", b"[]"), "there must be samples"),
        (jsonl.line(RECORDS[3]).replace(b"[0.1,0.2,0.3]", b"[0.1,0.0]"), "above zero"),
        (jsonl.line(RECORDS[3]).replace(b"[0.1,0.2,0.3]", b"[NaN]"), "timing"),
        *(
            (jsonl.line(RECORDS[3]).replace(b'"precision":0.01', b'"precision":' + text), "timing")
            for text in (b"0", b"1", b"-0.01", b"NaN", b'"0.01"')
        ),
        *(
            (jsonl.line(RECORDS[4]).replace(b'"11.690"', text), "is not a plain decimal number")
            for text in (b'"11,69"', b'"-"', b'""', b'"NaN"', b'"inf"', b'"24.3%"', b'"1e400"')
        ),
        (jsonl.line(RECORDS[4]).replace(b"1000000.0", b"0"), "0 is not a unit"),
    ],
)
def test_an_invalid_line_is_reported_with_the_reason(text: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(jsonl.line(RECORDS[0]) + text.rstrip(b"\n") + b"\n" + jsonl.line(RECORDS[1]))
    loaded = jsonl.read(path)
    assert list(loaded.records) == RECORDS[:2]
    assert loaded.lines == (1, 3)
    (problem,) = loaded.problems
    assert problem.line == 2
    assert why in problem.why
    with pytest.raises(SrbenchError, match=r"r\.jsonl line 2: .*2 records can be read"):
        loaded.require_sound()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_records_are_read_with_any_line_endings_and_a_byte_order_mark(
    mark: bytes, end: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(mark + b"".join(map(jsonl.line, RECORDS)).replace(b"\n", end))
    assert list(jsonl.read(path).records) == RECORDS
    path.write_bytes(jsonl.line(RECORDS[0]) + mark + jsonl.line(RECORDS[1]))
    assert len(jsonl.read(path).problems) == (1 if mark else 0)
    path.write_bytes(mark)
    assert jsonl.read(path).records == ()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_records_in_utf_16_are_refused(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text("\ufeff" + jsonl.line(RECORDS[0]).decode(), encoding=encoding)
    with pytest.raises(SrbenchError, match=r"r\.jsonl is UTF-16 \(save it as UTF-8\)"):
        jsonl.read(path)


def test_two_different_records_of_one_row_are_reported_with_both_lines(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    jsonl.write(path, [RECORDS[0], RECORDS[1], counted("resnet18", 999)])
    loaded = jsonl.read(path)
    assert list(loaded.records) == RECORDS[:2]
    assert (loaded.problems[0].line, "line 1" in loaded.problems[0].why) == (3, True)


def test_a_row_may_be_counted_timed_and_published(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    other_source = printed("resnet18", source="Another paper", params="11.7")
    jsonl.write(path, [RECORDS[0], RECORDS[3], RECORDS[4], other_source])
    assert not jsonl.read(path).problems


def test_a_missing_file_has_no_records(tmp_path: Path) -> None:
    assert jsonl.read(tmp_path / "none.jsonl").records == ()


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.jsonl"
    with path.open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(SrbenchError, match=r"1\.1 GB, more than srbench reads"):
        jsonl.read(path)


def test_folders_and_devices_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SrbenchError, match="is not a file"):
        jsonl.read(tmp_path)
    with pytest.raises(SrbenchError, match="is not a file"):
        jsonl.read(Path("/dev/zero"))


def test_each_record_is_written_at_once_and_replaces_that_of_its_row(tmp_path: Path) -> None:
    file = RecordFile(tmp_path / "r.jsonl")
    for record in RECORDS:
        file.put(record)
        assert jsonl.read(file.path).records[-1] == record
    changed = counted("resnet18", 4321)
    file.put(changed)
    assert file.find(RECORDS[0].key) == changed
    assert list(jsonl.read(file.path).records) == [changed, *RECORDS[1:]]


@pytest.mark.parametrize(
    "last",
    [
        b'{"schema":3,"spec":"resnet18"}',
        jsonl.line(counted("resnet18", 77)).rstrip(b"\n"),
        b'{"other":"thi',
    ],
)
def test_only_an_incomplete_last_line_counts_as_cut_short(last: bytes, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(jsonl.line(RECORDS[0]) + last)
    with pytest.raises(SrbenchError, match="line 2"):
        RecordFile(path)
    assert path.read_bytes().endswith(last)
    path.write_bytes(jsonl.line(RECORDS[0]) + jsonl.line(RECORDS[1])[:50])
    assert RecordFile(path).cut_short == 2


def test_an_invalid_file_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"nonsense\n")
    with pytest.raises(SrbenchError, match="line 1"):
        RecordFile(path)
    assert path.read_bytes() == b"nonsense\n"


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    file = RecordFile(tmp_path / "none" / "r.jsonl")
    with pytest.raises(SrbenchError, match="cannot write to"):
        file.require_writable()
    with pytest.raises(SrbenchError, match="cannot write to"):
        file.put(RECORDS[0])
