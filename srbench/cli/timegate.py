"""Times what layouts name against another version of the code, and shows the verdicts."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from srbench.check.report import time_annotations, verdicts_report
from srbench.check.timing.processes import Job, code_at
from srbench.check.timing.rounds import MOST_BLOCKS, compare
from srbench.check.verdicts import Verdict, exit_code
from srbench.cli.github import tell_github
from srbench.cli.messages import tell
from srbench.cli.output import Output, destination
from srbench.cli.progress import status
from srbench.errors import SrbenchError
from srbench.stats import FEWEST
from srbench.tables.committed import layout_paths, open_tables
from srbench.tables.layout import TimeGate


def time_and_show(
    folder: Path,
    names: Sequence[str],
    asked: bool,
    against: Path | None,
    tolerance: float | None,
    device: str,
    output: Output,
    is_github: bool,
) -> int:
    """The whole of ``srbench check --time``; returns the exit code."""
    if not (asked and against):
        raise SrbenchError(
            "times are checked against another version of the code",
            "give both: --time --against PATH, a checkout or an environment",
        )
    other = code_at(against)
    gates = list(_gates(folder, names, tolerance))
    target = destination(output, reads=folder.glob("*"), must_show=False)
    with status("starting") as say:
        if device != "cpu":
            _require_several(device)
        verdicts: list[Verdict] = []
        for name, gate in gates:
            tell(
                f"{name}: {len(gate.specs)} models, {FEWEST} to {MOST_BLOCKS} blocks of three "
                "fresh processes, and as many again for what seems slower"
            )
            verdicts += compare(name, _job(gate, device), other, gate.specs_with_tolerances(), say)
    report = verdicts_report(verdicts, other.name)
    if is_github:
        tell_github(time_annotations(verdicts), report)
    else:
        target.write(report)
    return exit_code(verdicts)


def _require_several(device: str) -> None:
    """Raises SrbenchError for a device that is not there, or that admits one process at a time."""
    from srbench.measure.devices import asked, require_several, resolve_one  # loads torch

    name = resolve_one(device)
    with asked(name) as gpu:
        require_several(name, gpu, "use another --device")


def _gates(
    folder: Path, names: Sequence[str], tolerance: float | None
) -> Iterator[tuple[str, TimeGate]]:
    if tolerance is not None and not 0 < tolerance <= 100:
        raise SrbenchError(
            f"a tolerance of {tolerance:g} % is out of range", "give a number above 0, up to 100"
        )
    tables = open_tables(layout_paths(folder, names))
    timed = [(table.name, table.layout.time) for table in tables if table.layout.time]
    untimed = [table.name for table in tables if names and not table.layout.time]
    if untimed or not timed:
        who = f"table {untimed[0]} does not say" if untimed else f"no table in {folder} says"
        raise SrbenchError(f"{who} what to time", "add a section [time] with specs to a layout")
    for name, gate in timed:
        if tolerance is not None:
            gate = gate.model_copy(update={"tolerance": tolerance / 100, "tolerances": {}})
        yield name, gate


def _job(gate: TimeGate, device: str) -> Job:
    specs, under = tuple(gate.specs_with_tolerances()), gate.conditions()
    size = under.height, under.width
    return Job(specs, size, under.num_classes, gate.batch_size, gate.what, device)
