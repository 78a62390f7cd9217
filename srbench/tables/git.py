"""Earlier versions of files, read from git: nothing is checked out, and no index is written.

Whatever a user has set for git (aliases, colours, a pager, other tools for differences, signatures)
changes nothing here: only commands for programs are run, with all that matters given.
"""

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from srbench.errors import SrbenchError

SETTINGS = (
    *("color.ui=false", "core.quotepath=off", "core.abbrev=auto"),
    *("log.showRoot=true", "log.showSignature=false", "log.follow=false", "diff.relative=false"),
    "log.diffMerges=separate",
)
# A hook's git sets these to say where it works; here the folder alone decides.
PLACES = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"),
    *("GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS"),
    *("GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_EXTERNAL_DIFF"),
)
FIXED = {
    "LC_ALL": "C",  # git's messages are read below
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",  # what a partial clone lacks is not downloaded
}
# The hash, its short form, the parents, the committer's date and the first line of the message.
FORMAT = "--format=%H%x00%h%x00%P%x00%cs%x00%s"
HEADER = FORMAT.count("%x00") + 1
UNBORN = ("does not have any commits", "bad default revision")  # says git of such a branch
FILES = ("100644", "100755")  # the modes of files; links and submodules have others


class NoHistoryError(SrbenchError):
    """There is nothing to be read: no git, no repository, or no commit of the file."""


@dataclass(frozen=True)
class Change:
    """What a commit made of a file: its content's name in git, None if it is no longer there.
    ``is_new`` is whether it was not there before."""

    blob: str | None
    is_new: bool


@dataclass(frozen=True)
class Revision:
    """A commit with its changes by path from the top of the repository, and whether it has no
    parent."""

    hash: str
    short: str
    date: str
    subject: str
    is_root: bool
    changes: Mapping[bytes, Change]

    @property
    def has_new_files(self) -> bool:
        """Whether files appeared, which may have had another name before."""
        return not self.is_root and any(change.is_new for change in self.changes.values())


class Repository:
    """The repository that a folder is in. ``prefix`` is the folder's path in it, and a shallow one
    is a clone that lacks the older commits.

    Raises `NoHistoryError` if there is none, or git cannot read it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        told = self._run("rev-parse", "--show-prefix", "--is-shallow-repository")
        self.prefix, _, shallow = told.rstrip(b"\n").rpartition(b"\n")
        self.is_shallow = shallow == b"true"

    def revisions(self, pathspecs: Sequence[str]) -> list[Revision]:
        """The commits that changed files, the newest first: those of HEAD and its first parents, so
        that a merge is one commit with all that it brought. Empty before the first commit."""
        try:
            return list(_revisions(self._log("--no-renames", "--", *pathspecs)))
        except NoHistoryError as error:
            if any(said in error.message for said in UNBORN):
                return []
            raise

    def renames(self, commits: Iterable[str], suffix: str) -> dict[tuple[str, bytes], bytes]:
        """The earlier paths of files with that suffix that commits have renamed, by the commit's
        hash and the new path."""
        only = ("-M", "--diff-filter=R", "--no-walk=unsorted", *commits)
        out = self._log(*only, "--", f":(top,glob)**/*{suffix}")
        return {
            (hashed, new): old
            for hashed, _, entries in _commits(out)
            for _, (old, new) in _pairs(entries)
        }

    @contextmanager
    def contents(self) -> Iterator[Callable[[str], bytes | None]]:
        """A function that reads the content of a blob; None of one that this clone lacks."""
        with self._start("cat-file", "--batch") as process:
            yield partial(self._content, process)

    def _log(self, *options: str) -> bytes:
        # -m with --first-parent: a merge is compared with its first parent, by any version of git.
        fixed = ("--first-parent", "-m", "--raw", "-z", "--no-ext-diff", "--encoding=UTF-8")
        return self._run("log", *fixed, FORMAT, *options)

    def _run(self, *arguments: str) -> bytes:
        with self._start(*arguments) as process:
            out, told = process.communicate()
        if process.returncode:
            raise self._error(os.fsdecode(told))
        return out

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        settings = [text for setting in SETTINGS for text in ("-c", setting)]
        kept = {name: value for name, value in os.environ.items() if name not in PLACES}
        try:
            return subprocess.Popen(
                ["git", "--no-pager", *settings, *arguments],
                cwd=self.folder,
                env=kept | FIXED,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            if not self.folder.is_dir():
                raise NoHistoryError(f"there is no folder {self.folder}", "name one") from error
            raise NoHistoryError(
                f"git cannot be run: {error.strerror}", "install git, which the history is read by"
            ) from error

    def _content(self, process: "subprocess.Popen[bytes]", blob: str) -> bytes | None:
        """What git answers to a blob's name: its name, type and size, and then its content."""
        assert process.stdin
        assert process.stdout
        assert process.stderr
        with suppress(BrokenPipeError):  # it ended, and has said why
            process.stdin.write(f"{blob}\n".encode())
            process.stdin.flush()
        head = process.stdout.readline().split()
        if head and not head[-1].isdigit():  # "missing", it says
            return None
        size = int(head[-1]) if head else 0
        content = process.stdout.read(size)
        if not head or len(content) < size:
            raise self._error(os.fsdecode(process.stderr.read()))
        process.stdout.read(len(b"\n"))
        return content

    def _error(self, told: str) -> NoHistoryError:
        if "not a git repository" in told:
            return NoHistoryError(
                f"{self.folder} is not in a git repository",
                "commit the tables first, or name a folder of a repository with --folder",
            )
        line = next(iter(told.strip().splitlines()), "no message").removeprefix("fatal: ")
        return NoHistoryError(
            f"git cannot read the repository of {self.folder}: {line}",
            f"see what `git -C {self.folder} status` says",
        )


def _revisions(out: bytes) -> Iterator[Revision]:
    for hashed, (short, parents, date, subject), entries in _commits(out):
        changes = {}
        for (_, mode, _, blob, status), (path, *_) in _pairs(entries):
            is_there = status != "D" and mode in FILES
            changes[path] = Change(blob if is_there else None, status == "A")
        yield Revision(hashed, short, date, subject, not parents, changes)


def _commits(out: bytes) -> Iterator[tuple[str, list[str], list[bytes]]]:
    """The commits in git's output: the hash, the other fields, and the entries of changed files.

    Fields are read by their number, so that nothing in a message can be taken for an entry.
    """
    fields = out.split(b"\0")
    fields.pop()  # behind the last NUL
    at = 0
    while at < len(fields):
        header = [one.decode("utf-8", "replace") for one in fields[at : at + HEADER]]
        at += HEADER
        begin = at
        while at < len(fields) and fields[at].lstrip(b"\n").startswith(b":"):
            at += 3 if _status(fields[at])[0] in "RC" else 2
        yield header[0].strip("\n"), header[1:], fields[begin:at]


def _pairs(entries: Sequence[bytes]) -> Iterator[tuple[list[str], list[bytes]]]:
    """Each entry's modes, blobs and status, and its path; of a renamed file both paths."""
    at = 0
    while at < len(entries):
        paths = 2 if _status(entries[at])[0] in "RC" else 1
        said = entries[at].decode("ascii").strip().removeprefix(":").split()
        yield said, list(entries[at + 1 : at + 1 + paths])
        at += 1 + paths


def _status(entry: bytes) -> str:
    """The last word of an entry, such as ``M``, or ``R099`` for a renamed file."""
    return entry.split()[-1].decode("ascii")
