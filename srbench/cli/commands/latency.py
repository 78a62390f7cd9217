"""``srbench latency``: how much slower a variant is than its baseline, and how sure that is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from srbench.cli import model_options, run_options
from srbench.cli.look_options import checked, with_look
from srbench.cli.messages import tell
from srbench.cli.model_options import Selection
from srbench.cli.output import (
    FormatOption,
    Output,
    OutputOption,
    OverwriteOption,
    destination,
    file_option,
    require_beside,
    results_exit_code,
)
from srbench.cli.progress import status
from srbench.cli.run_options import RunRequest
from srbench.cli.unused_gpus import tell_of_unused
from srbench.cli.values import names, optional_name, starting, whole_numbers
from srbench.conditions import DTYPES, OPTIMIZERS, PASSES, Plan
from srbench.errors import SrbenchError, several
from srbench.records.record import Record
from srbench.records.results import Results
from srbench.report.formats import Report
from srbench.report.formats.prose import require_prose, write_words
from srbench.report.look import Look
from srbench.report.plots.matplotlib import require_picture
from srbench.report.plots.times import plot_times
from srbench.report.times import COLUMNS, times_report
from srbench.spec.cases import Case

_PANEL = "Duration and precision"


@with_look
def latency(
    specs: model_options.SpecsArgument = None,
    se: model_options.SeOption = False,
    cbam: model_options.CbamOption = False,
    sr_memories: model_options.SrMemoriesOption = None,
    dropout2d: model_options.Dropout2dOption = None,
    block: model_options.BlockOption = None,
    variant: model_options.VariantOption = None,
    no_variants: model_options.NoVariantsOption = False,
    input_size: model_options.InputSizeOption = None,
    inputs: model_options.InputOption = None,
    num_classes: model_options.NumClassesOption = None,
    device: run_options.DeviceOption = None,
    batch_size: Annotated[
        str | None,
        typer.Option(
            metavar="N,…",
            help="Images per batch, one group of rows for each N; by default 1 on a CPU and 32 "
            "elsewhere.",
            show_default=False,
            rich_help_panel=run_options.PANEL,
        ),
    ] = None,
    dtype: run_options.DtypeOption = None,
    amp: run_options.AmpOption = False,
    channels_last: run_options.ChannelsLastOption = False,
    compiled: run_options.CompileOption = False,
    cuda_graph: run_options.CudaGraphOption = False,
    threads: run_options.ThreadsOption = None,
    seed: run_options.SeedOption = 0,
    optimizer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"{' or '.join(OPTIMIZERS)}: include its step in the training step.",
            autocompletion=starting(OPTIMIZERS),
            show_default=False,
            rich_help_panel=run_options.PANEL,
        ),
    ] = None,
    which: Annotated[
        str,
        typer.Option(
            "--pass",
            metavar="NAME,…",
            help=f"{', '.join(PASSES)} or all; train is forward and backward together.",
            autocompletion=starting([*PASSES, "all"]),
        ),
    ] = "all",
    aa: Annotated[
        bool,
        typer.Option("--aa", help="Time the baseline twice: any difference is noise."),
    ] = False,
    rounds: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Time N rounds of each pass in each process, instead of as many as --precision "
            "needs; fewer if --time-budget is given and ends first.",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = None,
    processes: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Measure in N fresh processes, each of which counts as one number. An interval "
            "needs 6 or more, and then includes the chance differences between processes.",
            rich_help_panel=_PANEL,
        ),
    ] = 1,
    time_budget: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Seconds for building, warming up and timing a model and its variants on one "
            "device, and as many again for memory and energy; compiling is not counted. By default "
            "20, or 10 for each of --processes, or no limit with --rounds.",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = None,
    precision: Annotated[
        float,
        typer.Option(
            metavar="PERCENT",
            help="Stop once every overhead's interval reaches no further than this to either side "
            "of its estimate, relative to the variant's time: at +100 %, 1 allows 2 points.",
            rich_help_panel=_PANEL,
        ),
    ] = 1.0,
    memory: Annotated[
        bool,
        typer.Option(
            "--memory/--no-memory", help="Measure peak memory afterwards.", show_default=False
        ),
    ] = True,
    energy: Annotated[
        bool,
        typer.Option(
            "--energy/--no-energy",
            help="Measure a GPU's energy afterwards, if the GPU counts it.",
            show_default=False,
        ),
    ] = True,
    percentiles: Annotated[
        bool,
        typer.Option("--percentiles", help="Also show p90 and p99 of all samples."),
    ] = False,
    plot: Annotated[
        Path | None,
        file_option(
            "Draw the overheads with their intervals, and all samples: .pdf, .png or .svg."
        ),
    ] = None,
    words: Annotated[
        Path | None,
        file_option("Write the overheads in words, for a rebuttal: .txt, .md or .tex."),
    ] = None,
    form: FormatOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
    *,
    look: Look,
) -> None:
    """Time models against their baselines: forward, backward, and both together.

    Every round times all models once, in random order, and a variant is compared with the baseline
    of the same round. Every few rounds all models move to other places in memory. Each overhead has
    a 95 % interval. If that contains 0, the overhead is "none", or "undecided" if the interval
    reaches further than --precision to a side of the estimate.

    [bold]Examples[/bold]

      srbench latency --device cuda

      srbench latency resnet18 --se --sr-memories 10 --input-size 64 --device cpu

      srbench latency resnet50+sr --pass train --amp --optimizer adamw -o times.csv

      srbench latency resnet18 --time-budget 60 --percentiles --plot times.pdf

      srbench latency resnet50 --se --sr-memories 10 --batch-size 1,8,32
    """
    passes = names("--pass", which, (*PASSES, "all"))
    plan = Plan(
        passes=tuple(one for one in PASSES if {one, "all"} & {*passes}),
        rounds=rounds,
        processes=processes,
        time_budget=time_budget,
        precision=precision / 100,
    )
    variants = model_options.variants(se, cbam, sr_memories, dropout2d, block, variant)
    models = Selection(
        specs or (), variants, input_size, num_classes, not no_variants, inputs or ()
    )
    if inputs and batch_size is not None:
        raise SrbenchError("--input has the whole shapes, batch first", "leave --batch-size out")
    how = RunRequest(
        batch=1 if inputs else None,
        dtype=optional_name("--dtype", dtype, DTYPES),
        amp=amp,
        channels_last=channels_last,
        compile=compiled,
        cuda_graph=cuda_graph,
        threads=threads,
        seed=seed,
        optimizer=optional_name("--optimizer", optimizer, OPTIMIZERS),
    )
    batches = whole_numbers("--batch-size", batch_size)
    hows = [replace(how, batch=batch) for batch in batches] or [how]
    request = _Request(plan, hows, device, aa, memory, energy)
    target = Output(output, form, overwrite)
    beside = _Beside(plot, words)
    beside.require(target)
    raise typer.Exit(_show(models, request, percentiles, beside, look, target))


@dataclass(frozen=True)
class _Beside:
    """The files that are written beside the report, if any."""

    plot: Path | None
    words: Path | None

    def require(self, output: Output) -> None:
        """Raises SrbenchError for a file that cannot be written, or whose kind is unknown."""
        if self.plot:
            require_picture(self.plot)
        if self.words:
            require_prose(self.words)
        require_beside(output, [path for path in (self.plot, self.words) if path])

    def write(self, results: Results, look: Look) -> None:
        """Write the files."""
        paths = plot_times(results, self.plot, look) if self.plot else []
        if self.words:
            paths.append(write_words(results, self.words, look))
        for path in paths:
            tell(f"wrote {path}")


@dataclass(frozen=True)
class _Request:
    """What is timed of each model, how (once a batch size) and where, and what else is measured."""

    plan: Plan
    hows: Sequence[RunRequest]
    device: str | None
    has_aa: bool
    has_memory: bool
    has_energy: bool


def _show(
    models: Selection,
    request: _Request,
    percentiles: bool,
    beside: _Beside,
    look: Look,
    output: Output,
) -> int:
    """Time and write the rows; returns the exit code."""
    wanted = models.cases()
    look = checked(look, COLUMNS, [str(case.spec) for case in wanted])
    target = destination(output)
    records: list[Record] = []

    def report() -> Report | None:
        return times_report(Results(records), percentiles, look) if records else None

    with target.keeping(report), status("loading torch") as say:
        _time(wanted, request, records, say)
    results = Results(records)
    target.write(times_report(results, percentiles, look))
    code = results_exit_code(results)
    beside.write(results, look)
    return code


def _time(
    wanted: Sequence[Case],
    request: _Request,
    records: list[Record],
    say: Callable[[str], object],
) -> None:
    """Add a record for each case on each device, as it is timed."""
    from srbench.measure.devices import opened, resolve  # loads torch
    from srbench.runner import timing

    plan = request.plan
    devices = resolve(request.device)
    tell_of_unused(request.device)
    for name in devices:  # before anything is measured that could be lost
        with opened(name) as ready:
            for how in request.hows:
                timing.require_possible(how.setup(ready), plan, ready)
    tell(_announced(wanted, devices, request))
    for name in devices:
        with opened(name) as ready:
            found = chain.from_iterable(
                timing.run(
                    wanted,
                    how.setup(ready),
                    plan,
                    ready,
                    aa=request.has_aa,
                    with_memory=request.has_memory,
                    with_energy=request.has_energy,
                    say=partial(_say, say, name if len(request.hows) == 1 else _where(name, how)),
                )
                for how in request.hows
            )
            try:
                for record in found:
                    records.append(record)
            except KeyboardInterrupt:
                tell(f"interrupted: times of {several(len(records), 'row')} are kept")
                raise


def _where(device: str, how: RunRequest) -> str:
    return f"{device}, batch {how.batch}"


def _announced(wanted: Sequence[Case], devices: Sequence[str], request: _Request) -> str:
    """What will be measured, and how long it may take."""
    plan = request.plan
    baselines = {(case.spec.baseline, case.conditions) for case in wanted}
    comparisons = len(devices) * len(request.hows) * len(baselines)
    beside = ["memory"] if request.has_memory else []
    if request.has_energy and any(name.startswith("cuda") for name in devices):
        beside.append("energy")
    after = f", then {' and '.join(beside)}" if beside else ""
    if not isfinite(plan.budget):
        rounds = several(plan.rounds or 1, "round")
        return f"timing {rounds} of each pass{after}: no time limit"
    each = f" for each of {comparisons} comparisons" if comparisons > 1 else ""
    compiling = ", compiling not counted" if request.hows[0].compile else ""
    again = "about as long again" if "energy" in beside else "as long again at most"
    after = f"{after} {again}" if after else ""
    return (
        f"building, warming up and timing take at most {plan.budget:g} s, or one round of each pass"
        f"{compiling}{after}{each}"
    )


def _say(say: Callable[[str], object], device: str, baseline: str, text: str) -> None:
    say(f"{device}, {baseline}: {text}")
