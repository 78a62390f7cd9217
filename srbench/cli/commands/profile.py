"""``srbench profile``: where the time goes, and how near the machine's own limit that is."""

from pathlib import Path
from typing import Annotated

import typer

from srbench.cli import model_options, run_options
from srbench.cli.output import FormatOption, Output, OutputOption, OverwriteOption
from srbench.cli.values import optional_name
from srbench.conditions import DTYPES


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
