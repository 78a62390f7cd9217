"""The options that say how a model is run where its time is measured."""

from enum import Enum
from typing import Annotated

import typer

from srbench.cli.completion import complete_devices
from srbench.conditions import DTYPES

Dtype = Enum("Dtype", {name: name for name in DTYPES}, type=str)  # type: ignore[misc]

_PANEL = "How the models are run"

DeviceOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="cpu, cuda, cuda:1, mps or all; by default every GPU present, else the CPU.",
        autocompletion=complete_devices,
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
BatchSizeOption = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Images a batch; by default 1 on a CPU and 32 elsewhere.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
DtypeOption = Annotated[
    Dtype | None,
    typer.Option(
        help="Precision of weights and images, or with --amp of autocast; by default float32, and "
        "with --amp the device's own.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
AmpOption = Annotated[
    bool,
    typer.Option(
        "--amp",
        help="Keep weights in float32 and compute under autocast.",
        rich_help_panel=_PANEL,
    ),
]
ChannelsLastOption = Annotated[
    bool,
    typer.Option("--channels-last", help="Lay tensors out channels last.", rich_help_panel=_PANEL),
]
CompileOption = Annotated[
    bool, typer.Option("--compile", help="Use torch.compile.", rich_help_panel=_PANEL)
]
CudaGraphOption = Annotated[
    bool,
    typer.Option(
        "--cuda-graph",
        help="Replay CUDA graphs: for models so small that launching kernels takes the time.",
        rich_help_panel=_PANEL,
    ),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Threads of an operator on the CPU; by default torch's own choice.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
SeedOption = Annotated[
    int,
    typer.Option(
        metavar="N",
        help="Decides the weights, the images and the order inside the rounds.",
        rich_help_panel=_PANEL,
    ),
]
