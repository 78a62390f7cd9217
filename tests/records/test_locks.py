"""Several processes add records to one file, and nothing is lost."""

import errno
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from support.records import counted, timed

from srbench.errors import SrbenchError
from srbench.records import jsonl, locks, record_file
from srbench.records.record_file import RecordFile

TESTS = str(Path(__file__).parents[1])
# Adds 30 records of its own to a file, and one that every process adds.
WRITER = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from support.records import counted
from srbench.records.record_file import RecordFile

file = RecordFile(Path(sys.argv[2]))
for number in range(30):
    file.put(counted(f"resnet18+se:reduction={1000 * int(sys.argv[3]) + number + 2}"))
    file.put(counted("resnet18", made=f"2026-01-0{sys.argv[3]}T00:00:00Z"))
"""


def test_concurrent_processes_lose_no_record(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, TESTS, str(path), str(number)])
        for number in range(1, 5)
    ]
    assert [writer.wait() for writer in writers] == [0] * 4
    loaded = jsonl.read(path)
    assert loaded.problems == ()
    assert len({record.spec for record in loaded.records}) == 4 * 30 + 1
    assert [p.name for p in tmp_path.iterdir()] == ["r.jsonl"], "the lock file is left"


def test_records_of_another_process_are_read_and_kept(tmp_path: Path) -> None:
    ours, theirs = RecordFile(tmp_path / "r.jsonl"), RecordFile(tmp_path / "r.jsonl")
    ours.put(counted("resnet18"))
    theirs.put(counted("resnet18+se"))
    ours.put(counted("resnet18", 4321))  # replaces the first, so the file is rewritten
    assert [r.spec for r in jsonl.read(ours.path).records] == ["resnet18", "resnet18+se"]
    theirs.refresh()
    assert theirs.records == ours.records
    assert theirs.records[0].counts.params == 4321


def test_a_record_that_occurs_twice_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    first, later = (counted("resnet18", made=f"2026-01-0{day}T00:00:00Z") for day in (1, 2))
    jsonl.append(path, first)
    jsonl.append(path, later)  # as an older srbench did, without a lock
    loaded = jsonl.read(path)
    assert loaded.records == (first,)
    assert loaded.problems == ()
    file = RecordFile(path)
    file.put(later)
    assert file.records == (first,)


@pytest.mark.parametrize(
    "other", [counted("resnet18", 77), counted("resnet18", fingerprint="0123456789abcdef")]
)
def test_a_second_record_that_differs_is_reported_with_its_line(
    other: object, tmp_path: Path
) -> None:
    jsonl.write(tmp_path / "r.jsonl", [counted("resnet18"), other])
    (problem,) = jsonl.read(tmp_path / "r.jsonl").problems
    assert problem.line == 2


def test_new_times_replace_the_old_times_of_a_row(tmp_path: Path) -> None:
    file = RecordFile(tmp_path / "r.jsonl")
    for record in (timed("resnet18", [0.1] * 6), timed("resnet18", [0.2] * 6)):
        file.put(record)
    assert [r.timing.passes["forward"].seconds.value for r in file.records] == [0.2]


def test_reordering_keeps_records_that_others_added(tmp_path: Path) -> None:
    ours = RecordFile(tmp_path / "r.jsonl")
    for spec in ("resnet18+se", "resnet18"):
        ours.put(counted(spec))
    RecordFile(ours.path).put(counted("resnet18+sr"))
    ours.arrange(lambda records: sorted(records, key=lambda r: r.spec))
    found = [record.spec for record in jsonl.read(ours.path).records]
    assert found == ["resnet18", "resnet18+se", "resnet18+sr"]


def test_a_lock_that_is_not_released_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.1)
    path = tmp_path / "r.jsonl"
    raised: list[SrbenchError] = []

    def put() -> None:
        try:
            RecordFile(path).put(counted("resnet18"))
        except SrbenchError as error:
            raised.append(error)

    with locks.locked(path):
        thread = threading.Thread(target=put)
        thread.start()
        thread.join()
    assert "being written by another process" in raised[0].message
    assert ".r.jsonl.lock" in raised[0].hint
    assert not path.exists()


def test_a_file_and_a_link_to_it_share_a_lock(tmp_path: Path) -> None:
    path, link = tmp_path / "r.jsonl", tmp_path / "link.jsonl"
    link.symlink_to(path)
    RecordFile(link).put(counted("resnet18"))
    RecordFile(path).put(counted("resnet18+se"))
    assert link.is_symlink()
    assert len(jsonl.read(path).records) == 2


def test_a_line_cut_short_by_another_process_is_dropped(tmp_path: Path) -> None:
    file = RecordFile(tmp_path / "r.jsonl")
    file.put(counted("resnet18"))
    with file.path.open("ab") as other:
        other.write(jsonl.line(counted("resnet18+se"))[:90])
    file.put(counted("resnet18+sr"))
    assert [r.spec for r in jsonl.read(file.path).records] == ["resnet18", "resnet18+sr"]


def test_a_file_is_read_again_only_if_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    plain = record_file.read
    monkeypatch.setattr(record_file, "read", lambda path: reads.append(path) or plain(path))
    file = RecordFile(tmp_path / "r.jsonl")
    for number in range(5):
        file.put(replace(counted("resnet18"), num_classes=number + 1))
    assert len(reads) == 1


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_removed_records_are_written_again(harm: object, tmp_path: Path) -> None:
    file = RecordFile(tmp_path / "r.jsonl")
    for spec in ("resnet18", "resnet18+se"):
        file.put(counted(spec))
    harm(file.path)
    file.put(counted("resnet18+sr"))
    found = [record.spec for record in jsonl.read(file.path).records]
    assert sorted(found) == ["resnet18", "resnet18+se", "resnet18+sr"]
    harm(file.path)
    file.restore()
    assert len(jsonl.read(file.path).records) == 3


def test_a_full_disk_does_not_leave_half_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = RecordFile(tmp_path / "r.jsonl")
    file.put(counted("resnet18"))
    before = file.path.read_bytes()

    def half(file: object, text: bytes) -> None:
        file.write(text[: len(text) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(jsonl, "_write_all", half)
    with pytest.raises(SrbenchError, match="make room there"):
        file.put(counted("resnet18+se"))
    assert file.path.read_bytes() == before
