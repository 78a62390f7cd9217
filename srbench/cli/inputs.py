"""Finds and reads files of records; damaged lines are reported and skipped."""

from pathlib import Path

from srbench.cli.messages import tell
from srbench.errors import SrbenchError
from srbench.files import exists, is_file
from srbench.records import jsonl
from srbench.records.jsonl import Loaded
from srbench.tables import FOLDER


def read_records(name: str) -> Loaded:
    """Read a file of records, or the records of a table; damaged lines are reported on stderr.

    Raises SrbenchError if there is no such file, or no record in it.
    """
    path = records_path(name)
    loaded = jsonl.read(path)
    for problem in loaded.problems:
        tell(f"error: {path} line {problem.line}: {problem.why}")
    if loaded.problems:
        kept = {0: "", 1: "; the other record is used"}
        others = len(loaded.records)
        tell(f"hint: fix or delete those lines{kept.get(others, f'; the other {others} are used')}")
    if not loaded.records:
        raise SrbenchError(
            f"there is no record in {path}", "write some: `srbench flops … --output records.jsonl`"
        )
    return loaded


def records_path(name: str) -> Path:
    """The file of records of that name. Raises SrbenchError if there is none."""
    for path in (Path(name), FOLDER / f"{name}.jsonl"):
        if path.suffix == ".toml":
            path = path.with_suffix(".jsonl")
        if is_file(path):
            if path.suffix != ".jsonl":
                raise SrbenchError(
                    f"{path} is not a file of records",
                    "name a *.jsonl file, as written by --output records.jsonl",
                )
            return path
    if exists(Path(name)) and not is_file(Path(name)):
        raise SrbenchError(f"{name} is not a regular file", "save the records in a *.jsonl file")
    raise SrbenchError(
        f"there is no file {name}, and no {FOLDER / name}.jsonl",
        "name a *.jsonl file of records, or a table that has records",
    )
