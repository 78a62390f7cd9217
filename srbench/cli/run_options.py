"""The options that say how a model is run where its time is measured."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.cli.values import starting
from srbench.conditions import DTYPES, Setup

if TYPE_CHECKING:
    from srbench.measure.devices import Device

PANEL = "How the models are run"


DEVICES = ("cpu", "cuda", "cuda:0", "cuda:1", "mps")  # which of them are there torch knows


def _device(metavar: str, help_text: str, known: Sequence[str]) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        metavar=metavar,
        help=help_text,
        autocompletion=starting(known),
        show_default=False,
        rich_help_panel=PANEL,
    )
    return option


DeviceOption = Annotated[
    str | None,
    _device(
        "NAME,…",
        "cpu, cuda, cuda:1, mps or all; by default every GPU present, else the CPU.",
        [*DEVICES, "all"],
    ),
]
OneDeviceOption = Annotated[
    str | None,
    _device("NAME", "cpu, cuda, cuda:1 or mps; by default the first GPU, else the CPU.", DEVICES),
]
BatchSizeOption = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Images a batch; by default 1 on a CPU and 32 elsewhere.",
        show_default=False,
        rich_help_panel=PANEL,
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
        rich_help_panel=PANEL,
    ),
]
AmpOption = Annotated[
    bool,
    typer.Option(
        "--amp",
        help="Keep weights in float32 and compute under autocast.",
        rich_help_panel=PANEL,
    ),
]
ChannelsLastOption = Annotated[
    bool,
    typer.Option("--channels-last", help="Lay tensors out channels last.", rich_help_panel=PANEL),
]
CompileOption = Annotated[
    bool, typer.Option("--compile", help="Use torch.compile.", rich_help_panel=PANEL)
]
CudaGraphOption = Annotated[
    bool,
    typer.Option(
        "--cuda-graph",
        help="Replay CUDA graphs: for models so small that launching kernels takes the time.",
        rich_help_panel=PANEL,
    ),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Threads of an operator on the CPU; by default torch's own choice.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]
SeedOption = Annotated[
    int,
    typer.Option(
        metavar="N",
        help="Decides the weights, the images and the order inside the rounds.",
        rich_help_panel=PANEL,
    ),
]


@dataclass(frozen=True)
class RunRequest:
    """How models are run where that was said: what these options say, and None where the device's
    default holds."""

    batch: int | None = None
    dtype: str | None = None
    amp: bool = False
    channels_last: bool = False
    compile: bool = False
    cuda_graph: bool = False
    threads: int | None = None
    seed: int = 0
    optimizer: str | None = None

    def setup(self, device: "Device") -> Setup:
        """The setup on a device. Raises SrbenchError for what does not go together."""
        from srbench.runner.timing import setup_for  # loads torch

        return setup_for(device, **asdict(self))
