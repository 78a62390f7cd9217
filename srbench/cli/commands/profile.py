"""``srbench profile``: where the time goes, and how close that is to the machine's limits."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.cli import model_options, run_options
from srbench.cli.messages import tell
from srbench.cli.output import (
    FormatOption,
    Output,
    OutputOption,
    OverwriteOption,
    destination,
    file_option,
    require_beside,
)
from srbench.cli.progress import status
from srbench.cli.run_options import RunRequest
from srbench.cli.unused_gpus import tell_of_unused
from srbench.cli.values import optional_name
from srbench.conditions import DTYPES
from srbench.errors import BuildError, SrbenchError, one_line, require_failure
from srbench.report.plots.matplotlib import plot_roofline, require_picture
from srbench.report.profile import profile_report
from srbench.spec.cases import Case, case_of
from srbench.spec.parse import parse

if TYPE_CHECKING:
    from srbench.records.profile import Profile


def profile(
    spec: model_options.SpecArgument,
    input_size: model_options.InputSizeOption = None,
    num_classes: model_options.NumClassesOption = None,
    device: run_options.OneDeviceOption = None,
    batch_size: run_options.BatchSizeOption = None,
    dtype: run_options.DtypeOption = None,
    amp: run_options.AmpOption = False,
    channels_last: run_options.ChannelsLastOption = False,
    threads: run_options.ThreadsOption = None,
    seed: run_options.SeedOption = 0,
    rounds: Annotated[int, typer.Option(metavar="N", min=1, help="Passes to time.")] = 20,
    trace: Annotated[
        Path | None, file_option("Write a trace for Perfetto, https://ui.perfetto.dev.")
    ] = None,
    plot: Annotated[Path | None, file_option("Draw the roofline: .pdf, .png or .svg.")] = None,
    form: FormatOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Show where a forward pass spends its time: per stage, and per inserted block.

    Also shows the least time that moving the bytes and computing the MACs takes on this machine,
    whose bandwidth and matrix rate are measured in the same run.

    [bold]Examples[/bold]

      srbench profile resnet50+sr

      srbench profile resnet50+se+sr --plot roofline.pdf --trace trace.json
    """
    how = RunRequest(
        batch=batch_size,
        dtype=optional_name("--dtype", dtype, DTYPES),
        amp=amp,
        channels_last=channels_last,
        threads=threads,
        seed=seed,
    )
    case = case_of(parse(spec), input_size, num_classes)
    if plot:
        require_picture(plot)
    beside = [path for path in (trace, plot) if path]
    where = Output(output, form, overwrite)
    require_beside(where, beside)
    target = destination(where)
    found = _profile(case, how, device, rounds, trace)
    if plot:
        plot_roofline(found, plot)
    target.write(profile_report(found))
    for path in beside:
        tell(f"wrote {path}")


def _profile(
    case: Case, how: RunRequest, device: str | None, rounds: int, trace: Path | None
) -> "Profile":
    """Where the model's time goes. Raises BuildError if the model does not run."""
    with status("loading torch") as say:
        os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # silences Kineto
        from srbench.measure.devices import opened, require_dtype, resolve_one  # loads torch
        from srbench.runner.profiling import profile

        name = resolve_one(device)
        tell_of_unused(device)
        with opened(name) as ready:
            setup = how.setup(ready)
            require_dtype(ready, setup, ("forward",))
            say(f"timing {case.spec} on {ready.name}")
            try:
                return profile(case, setup, ready, rounds, trace)
            except SrbenchError:
                raise
            except BaseException as error:  # a third-party network may raise anything
                require_failure(error)
                raise BuildError(
                    f"{case.spec} does not run: {one_line(error)}",
                    "try a smaller --batch-size or --input-size",
                ) from error
