"""``srbench sweep``: measures one spec with several values of its options, as records."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srbench.cli import model_options, run_options, training_options
from srbench.cli.completion import complete_stages, complete_vary
from srbench.cli.look_options import MaxBatchOption, checked, with_look
from srbench.cli.messages import tell
from srbench.cli.output import (
    Destination,
    FormatOption,
    Output,
    OutputOption,
    OverwriteOption,
    destination,
    file_option,
    require_beside,
)
from srbench.cli.progress import progress, training_progress
from srbench.cli.run_options import RunRequest
from srbench.cli.training_options import TrainingRequest
from srbench.cli.values import listed, starting, whole_numbers
from srbench.conditions import TIME_BUDGET, Plan, Setup
from srbench.errors import ROWS_FAILED, SpecError, SrbenchError, several
from srbench.files import exists
from srbench.records.join import Row, rows_of
from srbench.records.record import UNKNOWN, Key, Record, RowKey
from srbench.records.record_file import RecordFile
from srbench.report.columns import max_batch_columns, needs, with_sized
from srbench.report.formats import Report
from srbench.report.look import Look
from srbench.report.names import title
from srbench.report.origin import origin
from srbench.report.overview import COLUMNS, KINDS, rows_report
from srbench.report.plots.matplotlib import require_picture
from srbench.report.plots.panel_files import plot_panels
from srbench.report.plots.panels import panels
from srbench.report.problems import failures
from srbench.runner.resume import Counter, comparisons, time_missing
from srbench.spec.cases import cases
from srbench.spec.cases import rows as spec_rows
from srbench.spec.grid import grid
from srbench.spec.parse import Spec, parse

if TYPE_CHECKING:
    from srbench.runner.training import TrainingPlan
    from srbench.training.data.data_sets import DataSet

_GRID = "What varies; every combination is a row"


def _values(
    help_text: str, metavar: str = "A,B,…", complete: Callable[..., Any] | None = None
) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        metavar=metavar,
        help=help_text,
        autocompletion=complete,
        show_default=False,
        rich_help_panel=_GRID,
    )
    return option


@with_look
def sweep(
    spec: model_options.SpecArgument,
    memories: Annotated[str | None, _values("Memories (P) of +sr.")] = None,
    reduction: Annotated[str | None, _values("The reduction of +se or +cbam.")] = None,
    stage: Annotated[
        str | None,
        _values("The stages of a block; layer3/layer4 is one value.", complete=complete_stages),
    ] = None,
    vary: Annotated[
        list[str] | None,
        _values(
            "Any other option: sr.hidden=32,64; may be repeated.", "KEY=A,B", complete=complete_vary
        ),
    ] = None,
    input_size: Annotated[str | None, _values("Input size in pixels: 224 or HEIGHTxWIDTH.")] = None,
    batch_size: Annotated[str | None, _values("Images per batch, with --device.")] = None,
    num_classes: model_options.NumClassesOption = None,
    data: Annotated[
        str, training_options.data("train every row as well, on its images and classes.")
    ] = "",
    recipe: training_options.RecipeOption = "",
    changes: training_options.ChangesOption = None,
    seeds: training_options.SeedsOption = "6",
    runs: training_options.RunsOption = training_options.RUNS,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Time every row as well: cpu, cuda, cuda:1 or mps.",
            autocompletion=starting(run_options.DEVICES),
            show_default=False,
        ),
    ] = None,
    time_budget: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", help="Seconds for each model with its variants, with --device."
        ),
    ] = TIME_BUDGET,
    seed: run_options.SeedOption = 0,
    max_batch: MaxBatchOption = None,
    records: Annotated[
        Path,
        typer.Option(
            "--records",
            "-r",
            metavar="FILE",
            help="File that keeps each row as it is measured; a row is measured again only if its "
            "code was edited.",
        ),
    ] = Path("sweep.jsonl"),
    plot: Annotated[
        Path | None, file_option("Draw the overheads and the Pareto front: .pdf, .png or .svg.")
    ] = None,
    form: FormatOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    *,
    look: Look,
) -> None:
    """Measure a grid of variants and their baselines.

    After an interruption, call it again to resume.

    [bold]Examples[/bold]

      srbench sweep resnet50+sr --memories 1,2,5,10,20,50 --plot memories.pdf

      srbench sweep resnet50+sr --stage layer3,layer3/layer4 --input-size 128,224

      srbench sweep resnet18+se+sr --vary sr.hidden=32,64 --vary se.reduction=8,16

      srbench sweep cifar_resnet20+sr --memories 1,10 --data digits --plot gain.pdf
    """
    if plot:
        require_picture(plot)
    if batch_size and not device:
        raise SrbenchError("--batch-size needs --device", "give both, or neither")
    named = {"memories": memories, "reduction": reduction, "stage": stage}
    named_values = {name: values for name, values in named.items() if values is not None}
    specs = grid(spec, _varied(named_values, vary or ()))
    if data and (input_size or num_classes):
        raise SrbenchError(
            "--data has its own size and classes",
            "leave --input-size and --num-classes out; --set size=32 sets the size",
        )
    asked = TrainingRequest(data, recipe, changes or (), seeds, runs=runs, device=device)
    trainings = _trainings(specs, asked) if data else None
    rows = trainings.rows if trainings else _rows(specs, input_size, num_classes)
    batches = whole_numbers("--batch-size", batch_size)
    times = _Times(device, batches, Plan(time_budget=time_budget), seed)
    times.require()
    look = checked(look, with_sized(COLUMNS, look.columns, KINDS), [row.spec for row in rows])
    also = max_batch_columns(listed("--max-batch", max_batch))
    look = replace(look, caption=look.caption or f"A sweep of {title(parse(spec), look.names)}.")
    target, file = _opened(records, plot, Output(output, form, overwrite))
    raise typer.Exit(_show(look, rows, times, trainings, _Progress(file, also), target, plot))


@dataclass(frozen=True)
class _Times:
    """What is timed in addition: nothing without a device."""

    device: str | None
    batches: Sequence[int]
    plan: Plan
    seed: int

    def require(self) -> None:
        """Raises SrbenchError for a bad batch size or device, before anything is counted."""
        for batch in self.batches:
            Setup(batch=batch)
        if self.device:
            from srbench.measure.devices import resolve_one  # loads torch

            resolve_one(self.device)


@dataclass(frozen=True)
class _Trainings:
    """What is trained in addition: the plan, the data, and the rows with their images."""

    plan: "TrainingPlan"
    data: "DataSet"
    rows: Sequence[RowKey]


def _trainings(specs: Sequence[Spec], asked: TrainingRequest) -> _Trainings:
    """Raises SrbenchError for a bad option, and for data that cannot be read."""
    plan = asked.plan()
    data = plan.open()
    from srbench.runner import training  # loads torch

    wanted = training.cases(spec_rows(specs, (), ()), data)
    return _Trainings(plan, data, [case.key for case in wanted])


def _opened(records: Path, plot: Path | None, output: Output) -> tuple[Destination, RecordFile]:
    """Where the rows are shown, and where they are kept. Raises SrbenchError if they cannot be."""
    if exists(records.with_suffix(".toml")):
        raise SrbenchError(f"{records} belongs to a table", "name another file with --records")
    target = destination(output, reads=[records])
    if plot:
        require_beside(output, [plot], reads=[records])
    file = RecordFile(records)
    file.require_writable()
    if file.cut_short:
        tell(f"line {file.cut_short} of {records} was cut short, and is dropped")
    return target, file


def _show(
    look: Look,
    rows: Sequence[RowKey],
    times: _Times,
    trainings: _Trainings | None,
    done: "_Progress",
    target: Destination,
    plot: Path | None,
) -> int:
    """Measure, write and draw the rows; returns the exit code."""

    def report() -> Report | None:
        return _report(look, _shown(rows, done, times.batches), done)

    with target.keeping(report):
        _count(rows, needs((*look.columns, *done.also)), done)
        if times.device and done.counts:
            _time(done, times.device, times)
        if trainings and done.counts:
            _train(done, trainings)
    done.file.restore()
    found = report()
    if found:
        target.write(found)
    failed = {record.key for record in done.failures}
    for failure in failures(found.records if found else done.failures, failed):
        tell(f"error: {failure}")
    if plot and found:
        for path in plot_panels(
            panels(_shown(rows, done, times.batches), look.names), plot, look.style, look.wide
        ):
            tell(f"wrote {path}")
    return ROWS_FAILED if done.failures else 0


@dataclass
class _Progress:
    """The progress of a sweep: its file, columns that are shown in addition, the counts of the
    current code by row, the keys of the records measured in this run, and the rows that failed."""

    file: RecordFile
    also: Sequence[str] = ()
    counts: dict[RowKey, Record] = field(default_factory=dict)
    measured: set[Key] = field(default_factory=set)
    failures: list[Record] = field(default_factory=list)


def _count(rows: Sequence[RowKey], needed: Collection[str], done: _Progress) -> None:
    """Count the rows that have no record yet, only one of other code, or one without the fields
    that columns need."""
    with progress(len(rows)) as begin:
        count = Counter(detailed=False)
        for number, row in enumerate(rows):
            begin(number, str(row))
            done.file.refresh()
            known = done.file.find(Key(row, None, None, None))
            if known and count.is_current(known, needed):
                done.counts[row] = known
                continue
            record = count(row, needed)
            if record.status != "ok":
                done.failures.append(record)
                continue
            done.file.put(record)
            done.measured.add(record.key)
            done.counts[row] = record


def _time(done: _Progress, device: str, times: _Times) -> None:
    """Time the rows that were counted, one batch size after the other."""
    groups = list(comparisons(done.counts))
    batches: Sequence[int | None] = times.batches or [None]
    with progress(len(groups) * len(batches)) as begin:
        from srbench.measure.devices import opened, resolve_one  # loads torch

        with opened(resolve_one(device)) as ready:
            for number, batch in enumerate(batches):
                setup = RunRequest(batch, seed=times.seed).setup(ready)
                for place, group in enumerate(groups):
                    begin(number * len(groups) + place, f"timing {group[0]}")
                    fingerprints = {row: done.counts[row].fingerprint for row in group}
                    for record in time_missing(
                        fingerprints, done.file, ready, setup, times.plan, lambda who, what: None
                    ):
                        done.measured.add(record.key)
                        if record.status != "ok":
                            done.failures.append(record)


def _train(done: _Progress, trainings: _Trainings) -> None:
    """Train the rows that were counted."""
    from srbench.runner import training  # loads torch

    specs = [parse(row.spec) for row in done.counts]
    known = {record.key for record in done.file.records}
    with training_progress(len(specs) * len(trainings.plan.seeds)) as begin:
        for record in training.run(specs, trainings.plan, done.file, begin, trainings.data):
            if record.status != "ok":
                done.failures.append(record)
            elif record.key not in known:
                done.measured.add(record.key)


def _report(look: Look, shown: Sequence[Row], done: _Progress) -> Report | None:
    """The rows, or None if there are none; prints on stderr where they are from."""
    made = rows_report("sweep", shown, look=look, also=done.also)
    taken = {record.key for record in made.records} - done.measured
    said = origin(made.records, taken)
    where = f"{several(len(done.counts), 'row')} of this sweep in {done.file.path}"
    tell(f"{where}: {said}" if said else where)
    return replace(made, taken=taken) if shown else None


def _shown(rows: Sequence[RowKey], done: _Progress, batches: Sequence[int]) -> list[Row]:
    """The rows of this sweep among those in the file: counts and times of the current code."""
    times = [
        record
        for record in done.file.records
        if record.kind in ("timed", "trained")
        and (record.fingerprint != UNKNOWN or record.key in done.measured)
    ]
    failed = [record for record in done.failures if record.kind == "counted"]
    wanted = done.counts.keys() | {record.row for record in failed}
    records = [*done.counts.values(), *failed, *(r for r in times if r.row in wanted)]
    if batches:
        records = [r for r in records if not r.timing or r.timing.setup.batch in batches]
    order = {row: number for number, row in enumerate(rows)}
    return sorted(rows_of(records), key=lambda one: order[one.row])


def _rows(specs: Sequence[Spec], sizes: str | None, num_classes: int | None) -> list[RowKey]:
    """Every baseline with its variants, for one input size after the other."""
    each: Sequence[str | None] = listed("--input-size", sizes) or [None]
    return [
        case.key
        for size in each
        for case in cases(specs, (), (), size=size, num_classes=num_classes)
    ]


def _varied(named: Mapping[str, str], vary: Sequence[str]) -> dict[str, list[str]]:
    """The values by option, including those of ``--vary KEY=A,B``."""
    found = {name: listed(f"--{name}", values) for name, values in named.items()}
    for text in vary:
        key, equals, values = text.partition("=")
        if not (key and equals):
            raise SpecError(f"--vary {text} is not KEY=A,B", "write --vary sr.hidden=32,64")
        if key in found:
            raise SpecError(f"{key} is varied twice", "give all its values at once")
        found[key] = listed(f"--vary {key}", values)
    return found
