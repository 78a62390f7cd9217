"""``srbench latency``: how much slower a variant is than its baseline, and how sure that is."""

from pathlib import Path
from typing import Annotated

import typer

from srbench.cli import model_options, run_options
from srbench.cli.output import FormatOption, Output, OutputOption, OverwriteOption
from srbench.cli.values import names, optional_name, starting
from srbench.conditions import DTYPES, OPTIMIZERS, PASSES

_PANEL = "How long, and how sure"


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
    num_classes: model_options.NumClassesOption = None,
    device: run_options.DeviceOption = None,
    batch_size: run_options.BatchSizeOption = None,
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
            help=f"{' or '.join(OPTIMIZERS)}: the training step has its step too.",
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
        typer.Option("--aa", help="Time the baseline a second time: what is found there is noise."),
    ] = False,
    rounds: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Take N rounds of each pass, in each process, instead of as many as it takes to "
            "be precise enough; fewer where --time-budget is given and over before.",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = None,
    processes: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Measure in N fresh processes, each of which counts as one number; an interval "
            "takes 6 or more. Luck that a process keeps, whatever moves in it, is then in it too.",
            rich_help_panel=_PANEL,
        ),
    ] = 1,
    time_budget: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Seconds for building, warming up and timing a model and its variants on one "
            "device, and as many again for memory and energy; compiling is not counted. By default "
            "20, 10 for each of --processes, and no limit with --rounds.",
            show_default=False,
            rich_help_panel=_PANEL,
        ),
    ] = None,
    precision: Annotated[
        float,
        typer.Option(
            metavar="PERCENT",
            help="Stop once every overhead's interval reaches no further than this to either side "
            "of its estimate, as a share of the time with it: at +100 %, 1 allows 2 points.",
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
            help="Measure a GPU's energy afterwards, where it counts it.",
            show_default=False,
        ),
    ] = True,
    percentiles: Annotated[
        bool,
        typer.Option(
            "--percentiles", help="Show p90 and p99 of all samples beside the median, too."
        ),
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw the overheads with their intervals, and all samples: .pdf, .png or .svg.",
            show_default=False,
        ),
    ] = None,
    form: FormatOption = None,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Time models against their baselines: forward, backward and the whole training step.

    Every round times all models once, in random order, and a variant is compared with the baseline
    of the same round. Every few rounds all models move to other places in memory. An overhead comes
    with its 95 % interval. Where that contains 0 it is "none", or "undecided" if it reaches further
    than --precision to a side of the estimate.

    [bold]Examples[/bold]

      srbench latency --device cuda

      srbench latency resnet18 --se --sr-memories 10 --input-size 64 --device cpu

      srbench latency resnet50+sr --pass train --amp --optimizer adamw -o times.csv

      srbench latency resnet18 --time-budget 60 --percentiles --plot times.pdf
    """
    from srbench.cli.timing import time_and_show
    from srbench.conditions import Plan

    passes = names("--pass", which, (*PASSES, "all"))
    raise typer.Exit(
        time_and_show(
            specs or (),
            model_options.variants(se, cbam, sr_memories, dropout2d, block, variant),
            Plan(
                passes=tuple(one for one in PASSES if {one, "all"} & {*passes}),
                rounds=rounds,
                processes=processes,
                time_budget=time_budget,
                precision=precision / 100,
            ),
            default_variants=not no_variants,
            size=input_size,
            num_classes=num_classes,
            device=device,
            setup={
                "batch": batch_size,
                "dtype": optional_name("--dtype", dtype, DTYPES),
                "amp": amp,
                "channels_last": channels_last,
                "compile": compiled,
                "cuda_graph": cuda_graph,
                "threads": threads,
                "seed": seed,
                "optimizer": optional_name("--optimizer", optimizer, OPTIMIZERS),
            },
            aa=aa,
            with_memory=memory,
            with_energy=energy,
            with_percentiles=percentiles,
            plot=plot,
            output=Output(output, form, overwrite),
        )
    )
