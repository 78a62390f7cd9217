"""``srbench profile``: where the time goes, and how near the machine's own limit that is."""

from pathlib import Path
from typing import Annotated

import typer

from srbench.cli import running, selection
from srbench.cli.output import FormatOption, Output, OutputOption, OverwriteOption
from srbench.cli.values import optional_name
from srbench.conditions import DTYPES


def profile(
    spec: selection.SpecArgument,
    input_size: selection.InputSizeOption = None,
    num_classes: selection.NumClassesOption = None,
    device: running.OneDeviceOption = None,
    batch_size: running.BatchSizeOption = None,
    dtype: running.DtypeOption = None,
    amp: running.AmpOption = False,
    channels_last: running.ChannelsLastOption = False,
    threads: running.ThreadsOption = None,
    seed: running.SeedOption = 0,
    rounds: Annotated[int, typer.Option(metavar="N", min=1, help="Passes that are timed.")] = 20,
    trace: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a trace for Perfetto, https://ui.perfetto.dev.",
            show_default=False,
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Draw the roofline: .pdf, .png or .svg.", show_default=False
        ),
    ] = None,
    form: FormatOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Show where a forward pass spends its time: per stage, and per inserted block.

    Beside it stands what moving the bytes and computing the MACs takes at least on this machine,
    whose bandwidth and matrix rate are measured on the spot.

    [bold]Examples[/bold]

      srbench profile resnet50+sr

      srbench profile resnet50+se+sr --plot roofline.pdf --trace trace.json
    """
    from srbench.cli.profiling import profile_and_show

    profile_and_show(
        spec,
        input_size,
        num_classes,
        device,
        {
            "batch": batch_size,
            "dtype": optional_name("--dtype", dtype, DTYPES),
            "amp": amp,
            "channels_last": channels_last,
            "threads": threads,
            "seed": seed,
        },
        rounds=rounds,
        trace=trace,
        plot=plot,
        output=Output(output, form, overwrite),
    )
