"""Files of records as people name them, read as far as they are sound."""

from pathlib import Path

from srbench.cli.messages import tell
from srbench.errors import SrbenchError
from srbench.files import exists, is_file
from srbench.records import jsonl
from srbench.records.jsonl import Loaded
from srbench.tables.committed import FOLDER


def read_records(name: str) -> Loaded:
    """A file of records, or those of a table; what is wrong with a line is said on stderr.

    Raises SrbenchError where there is no such file, or no record in it.
    """
    path = records_path(name)
    loaded = jsonl.read(path)
    for problem in loaded.problems:
        tell(f"error: {path} line {problem.line}: {problem.why}")
    if loaded.problems:
        others = len(loaded.records)
        kept = "the other record is kept" if others == 1 else f"the other {others} are kept"
        tell(f"hint: mend or delete those lines; {kept}")
    if not loaded.records:
        raise SrbenchError(
            f"there is no record in {path}", "write some: srbench flops … --output records.jsonl"
        )
    return loaded


def records_path(name: str) -> Path:
    """Where the records of that name are. Raises SrbenchError where there are none."""
    for path in (Path(name), FOLDER / f"{name}.jsonl"):
        if path.suffix == ".toml":
            path = path.with_suffix(".jsonl")
        if is_file(path):
            if path.suffix != ".jsonl":
                raise SrbenchError(
                    f"{path} holds no records", "records are *.jsonl: --output records.jsonl"
                )
            return path
    if exists(Path(name)) and not is_file(Path(name)):
        raise SrbenchError(f"{name} is not a regular file", "save the records in a file, *.jsonl")
    raise SrbenchError(
        f"there is no file {name}, nor a table of that name in {FOLDER}",
        "name records, *.jsonl, or a table",
    )
