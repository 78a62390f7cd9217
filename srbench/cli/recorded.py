"""Files of records as people name them, read as far as they are sound."""

from pathlib import Path

from srbench import store
from srbench.cli.messages import tell
from srbench.errors import SrbenchError
from srbench.gate.committed import FOLDER
from srbench.store import Loaded


def read_records(name: str) -> Loaded:
    """A file of records, or those of a table; what is wrong with a line is said on stderr.

    Raises SrbenchError where there is no such file, or no record in it.
    """
    path = records_path(name)
    loaded = store.read(path)
    for problem in loaded.problems:
        tell(f"error: {path} line {problem.line}: {problem.why}")
    if loaded.problems:
        kept = f"{len(loaded.records)} other records are kept"
        tell(f"hint: mend or delete those lines; the {kept}")
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
        if path.is_file():
            if path.suffix != ".jsonl":
                raise SrbenchError(
                    f"{path} holds no records", "records are *.jsonl: --output records.jsonl"
                )
            return path
    raise SrbenchError(
        f"there is no file {name}, nor a table of that name in {FOLDER}",
        "name records, *.jsonl, or a table",
    )
