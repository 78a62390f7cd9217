"""Git repositories for tests, with commits of known dates."""

import os
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from support.records import write_layout

from srbench.records import jsonl
from srbench.records.record import Record

# Without the user's settings, and without what a hook that runs the tests has set.
ALONE = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_NAME": "A. Tester" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "a@example.org" for who in ("AUTHOR", "COMMITTER")},
}


def leave_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let srbench run git as the repositories below do, whatever the user has set."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in ALONE.items():
        monkeypatch.setenv(name, value)


def more(record: Record, params: int, reason: str = "") -> Record:
    """The record with more parameters, and a reason if one is given."""
    counts = replace(record.counted, params=record.counted.params + params)
    return replace(record, counts=counts, reason=reason or record.reason)


class Repo:
    """A repository with a folder ``tables``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")
        self.tables = path / "tables"
        self.tables.mkdir()

    def git(self, *arguments: str, date: str = "2026-01-01T12:00:00+00:00") -> str:
        """What git prints. The author's date is another one, which must not be shown."""
        dates = {"GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": "2001-01-01T00:00:00+00:00"}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=ALONE | dates,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def write(self, *records: Record, name: str = "small", machine: str = "") -> Path:
        """Write a table's records, or its times on a machine."""
        if not (self.tables / f"{name}.toml").exists():
            write_layout(self.tables, name=name)
        path = self.tables / f"{name}{machine and f'.{machine}'}.jsonl"
        path.write_bytes(b"".join(map(jsonl.line, records)))
        return path

    def commit(self, subject: str, day: int = 1, month: int = 1) -> str:
        """Commit all there is, at noon of a day of 2026; returns the hash."""
        self.git("add", "-A")
        date = f"2026-{month:02}-{day:02}T12:00:00+00:00"
        self.git("commit", "-q", "--allow-empty", "-m", subject, date=date)
        return self.git("rev-parse", "HEAD")

    def put(self, subject: str, records: Iterable[Record], day: int = 1) -> str:
        """Commit a table's records; returns the hash."""
        self.write(*records)
        return self.commit(subject, day)
