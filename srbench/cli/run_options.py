"""Options for how a model is run while it is timed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.cli.values import starting
from srbench.conditions import DTYPES, Setup

if TYPE_CHECKING:
    from srbench.measure.devices import Device

PANEL = "How the models are run"


DEVICES = ("cpu", "cuda", "cuda:0", "cuda:1", "mps")  # only torch knows which of them exist


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
        help="Images per batch; by default 1 on a CPU and 32 elsewhere.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]
DtypeOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help=f"{', '.join(DTYPES)}: for weights and images, or for autocast with --amp; by default "
        "float32, or the device's autocast dtype with --amp.",
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
    typer.Option("--channels-last", help="Use the channels-last format.", rich_help_panel=PANEL),
]
CompileOption = Annotated[
    bool, typer.Option("--compile", help="Use torch.compile.", rich_help_panel=PANEL)
]
CudaGraphOption = Annotated[
    bool,
    typer.Option(
        "--cuda-graph",
        help="Replay CUDA graphs: for models so small that kernel launches take most of the time.",
        rich_help_panel=PANEL,
    ),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Threads per operator on the CPU; by default torch's choice.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]
SeedOption = Annotated[
    int,
    typer.Option(
        metavar="N",
        help="Seed of the weights, the images and the order within rounds.",
        rich_help_panel=PANEL,
    ),
]


@dataclass(frozen=True)
class RunRequest:
    """The values of these options; None stands for the device's default."""

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
        """The setup on a device. Raises SrbenchError for options that exclude each other."""
        from srbench.runner.timing import setup_for  # loads torch

        return setup_for(device, **asdict(self))
