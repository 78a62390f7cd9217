"""The options that say how a model is run where its time is measured."""

from typing import Annotated

import typer

from srbench.cli.values import starting
from srbench.conditions import DTYPES

_PANEL = "How the models are run"


DEVICES = ("cpu", "cuda", "cuda:0", "cuda:1", "mps")  # which of them are there torch knows

DeviceOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,…",
        help="cpu, cuda, cuda:1, mps or all; by default every GPU present, else the CPU.",
        autocompletion=starting([*DEVICES, "all"]),
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
OneDeviceOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="cpu, cuda, cuda:1 or mps; by default the first GPU, else the CPU.",
        autocompletion=starting(DEVICES),
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
    str | None,
    typer.Option(
        metavar="NAME",
        help=f"{', '.join(DTYPES)}: of weights and images, or with --amp of autocast; by default "
        "float32, and with --amp the device's own.",
        autocompletion=starting(DTYPES),
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
