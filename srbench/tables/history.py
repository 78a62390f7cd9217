"""The history of committed tables: what changed in their figures at every commit.

It is read from git alone: nothing is imported or checked out, and the layouts are not read. One
version of a file is in memory at a time, and what it has in common with the next one.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from srbench.errors import some
from srbench.records.steps import COUNTS, Commit, Step, Version, steps
from srbench.tables.committed import times_path
from srbench.tables.contents import NOTHING, Content, Reader, Told
from srbench.tables.git import NoHistoryError, Repository, Revision

SUFFIX = ".jsonl"


@dataclass(frozen=True)
class History:
    """A table's steps, the newest first; those of the working tree have an empty commit.

    ``problems`` are lines of committed versions that are no records, in words, and
    ``problems_now`` those of the working tree. A history that ``begins_shallow`` goes on in commits
    that the clone lacks.
    """

    name: str
    steps: Sequence[Step]
    is_committed: bool = True
    problems: Sequence[str] = ()
    problems_now: Sequence[str] = ()
    begins_shallow: bool = False


def histories(folder: Path, names: Iterable[str]) -> list[History]:
    """The histories of tables in a folder. A few runs of git read all of them.

    Raises `NoHistoryError` without git or a repository, and SrbenchError for a file that cannot be
    read.
    """
    repository = Repository(folder)
    tables = [_Table(folder, name, repository.prefix) for name in names]
    pathspecs = [pathspec for table in tables for pathspec in table.pathspecs]
    revisions, renames = _followed(repository, pathspecs)
    chains = [table.chains(revisions, renames) for table in tables]
    uses = Counter(
        blob for of_table in chains for one in of_table.values() for blob in one.values()
    )
    commits = [
        Commit(
            *(one.hash, one.short, one.date, one.subject),
            *(place, repository.is_shallow and one.is_root),
        )
        for place, one in enumerate(reversed(revisions))
    ]
    with repository.contents() as read:
        reader = Reader(read, uses)
        return [
            table.history(commits, chain, reader)
            for table, chain in zip(tables, chains, strict=True)
        ]


def require_committed(found: Sequence[History], folder: Path, are_named: bool) -> list[History]:
    """The histories of tables that were committed.

    Raises `NoHistoryError` if one that is named, or all of them, never were.
    """
    never = [one.name for one in found if not one.is_committed]
    if never and (are_named or len(never) == len(found)):
        files = some([str(folder / f"{name}{SUFFIX}") for name in never])
        raise NoHistoryError(
            f"no commit has {files}", f"commit it: `git add {folder}`, then `git commit`"
        )
    return [one for one in found if one.is_committed]


_Renames = Mapping[tuple[str, bytes], bytes]
_Chain = Mapping[int, str | None]  # a file's content after a commit, by the commit's place


def _followed(repository: Repository, pathspecs: Sequence[str]) -> tuple[list[Revision], _Renames]:
    """The commits that changed the files, the newest first, also under their earlier names, and
    where they were renamed.

    git's own --follow takes one file alone, and takes a copy for a renamed file.
    """
    known, renames = list(pathspecs), dict[tuple[str, bytes], bytes]()
    asked: set[str] = set()
    while True:
        revisions = repository.revisions(known)
        new = [one.hash for one in revisions if one.has_new_files and one.hash not in asked]
        found = repository.renames(new, SUFFIX) if new else {}
        asked.update(new)
        renames |= found
        earlier = dict.fromkeys(f":(top,literal){os.fsdecode(path)}" for path in found.values())
        if not (more := [pathspec for pathspec in earlier if pathspec not in known]):
            return revisions, renames
        known += more


class _Table:
    """The files of a table: its counts, and its times on machines, also those that are gone."""

    def __init__(self, folder: Path, name: str, prefix: bytes) -> None:
        self.folder, self.name, self.prefix = folder, name, prefix

    @property
    def pathspecs(self) -> list[str]:
        """Which files they are, for git, in the folder where it runs."""
        plain = "".join(f"\\{c}" if c in "*?[\\" else c for c in self.name)
        return [f":(literal){self.name}{SUFFIX}", f":(glob){plain}.*{SUFFIX}"]

    def chains(self, revisions: Sequence[Revision], renames: _Renames) -> dict[str, _Chain]:
        """The contents of each file, by machine."""
        paths = dict.fromkeys(path for revision in revisions for path in revision.changes)
        machines = {path: machine for path in paths if (machine := self._machine(path)) is not None}
        return {
            machine: dict(_chain(path, revisions, renames)) for path, machine in machines.items()
        }

    def history(
        self, commits: Sequence[Commit], chains: Mapping[str, _Chain], reader: Reader
    ) -> History:
        """The steps of all commits, and those of the working tree."""
        told, told_now = Told(), Told()
        found = steps(self._versions(commits, chains, reader, told, told_now))
        is_cut = any(commits[place].is_beginning for chain in chains.values() for place in chain)
        return History(self.name, found, bool(chains), told.lines, told_now.lines, is_cut)

    def _versions(
        self,
        commits: Sequence[Commit],
        chains: Mapping[str, _Chain],
        reader: Reader,
        told: Told,
        told_now: Told,
    ) -> Iterator[Version]:
        """The versions, the oldest first."""
        state: dict[str, Content] = {}
        for place, commit in enumerate(commits):
            changed = {machine: chain[place] for machine, chain in chains.items() if place in chain}
            for machine, blob in changed.items():
                state[machine] = reader.content(blob, state.get(machine, NOTHING))
                told.note(self._path(machine), commit.short, state[machine])
            if changed:
                yield _version(commit, state)
        now = {
            machine: reader.file(path, state.get(machine, NOTHING)) for machine, path in self._now()
        }
        for machine, content in now.items():
            told_now.note(self._path(machine), "", content)
        yield _version(Commit(place=len(commits)), now)

    def _machine(self, path: bytes) -> str | None:
        """The machine of a file of times, `COUNTS` for that of the counts; None for another's."""
        name = os.fsdecode(path.removeprefix(self.prefix))
        if not path.startswith(self.prefix) or "/" in name or not name.endswith(SUFFIX):
            return None
        if name == f"{self.name}{SUFFIX}":
            return COUNTS
        begin = f"{self.name}."
        return name.removesuffix(SUFFIX).removeprefix(begin) if name.startswith(begin) else None

    def _path(self, machine: str) -> Path:
        if machine == COUNTS:
            return self.folder / f"{self.name}{SUFFIX}"
        return times_path(self.folder, self.name, machine)

    def _now(self) -> Iterator[tuple[str, Path]]:
        """The files that are there now."""
        for path in self.folder.iterdir():
            machine = self._machine(self.prefix + os.fsencode(path.name))
            if machine is not None and path.is_file():
                yield machine, path


def _chain(
    path: bytes, revisions: Sequence[Revision], renames: _Renames
) -> Iterator[tuple[int, str | None]]:
    """What commits made of a file: the place of each, and the content, followed back through its
    names."""
    for back, revision in enumerate(revisions, start=1):
        change = revision.changes.get(path)
        if change is None:
            continue
        yield len(revisions) - back, change.blob
        if change.is_new:
            path = renames.get((revision.hash, path), path)


def _version(commit: Commit, state: Mapping[str, Content]) -> Version:
    records = {machine: state[machine].records for machine in sorted(state)}
    damaged = frozenset(machine for machine, content in state.items() if content.problems)
    return Version(commit, records, damaged)
