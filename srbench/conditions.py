"""The conditions of a measurement: the input, the classes, and how models are run and sampled."""

import re
from dataclasses import dataclass
from math import prod

from srbench.errors import SrbenchError, did_you_mean

LARGEST_SIDE = 65_536
MOST_CLASSES = 10**8
LARGEST_BATCH = 2**20
MOST_ROUNDS = 5_000  # the interval is computed from every pair of rounds

TIME_BUDGET = 20.0  # seconds
PROCESS_BUDGET = 10.0  # seconds, about three of which a fresh process needs to start

PRECISION = 0.01  # of a ratio, as a share to either side

DTYPES = ("float32", "float16", "bfloat16", "float64")
INPUT_DTYPES = (
    *("float32", "float64", "float16", "bfloat16", "complex64", "bool"),
    *("uint8", "int8", "int16", "int32", "int64"),
)
DTYPE_ALIASES = {  # torch's, and what people say
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "short": "int16",
    "int": "int32",
    "long": "int64",
    "fp32": "float32",
    "fp16": "float16",
    "bf16": "bfloat16",
}
SCALAR = "scalar"  # the shape of a tensor without sides
MOST_ELEMENTS = 2**40  # of an input
_INPUT = re.compile(rf"(?:([^\W\d]\w*)=)?(?:(\w+):)?({SCALAR}|[0-9]{{1,12}}(?:[xX][0-9]{{1,12}})*)")

PASSES = ("forward", "backward", "train")
OPTIMIZERS = ("sgd", "adamw")


@dataclass(frozen=True)
class Input:
    """A tensor that a model is called with: its whole shape, batch first, its dtype, and the name
    of the argument; without a name it is passed by its position."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    name: str = ""

    def __str__(self) -> str:
        """As it is written after ``--input``, with the dtype."""
        shape = "x".join(map(str, self.shape)) or SCALAR
        return f"{self.name}{'=' if self.name else ''}{self.dtype}:{shape}"

    @classmethod
    def parse(cls, text: str) -> "Input":
        """Read an input such as ``1x1x16000``, ``int64:1x128`` or ``mask=bool:1x128``.

        Raises SrbenchError for anything else.

        >>> Input.parse("mask=bool:1x128")
        Input(shape=(1, 128), dtype='bool', name='mask')
        """
        match = _INPUT.fullmatch(text.strip())
        if not match:
            raise SrbenchError(
                f"{text!r} is not an input",
                "write its whole shape, batch first, such as 1x3x224x224; before it a dtype, "
                "int64:1x128, and the name of an argument, mask=bool:1x128",
            )
        name, dtype, shape = match.groups()
        dtype = DTYPE_ALIASES.get(dtype, dtype)
        if dtype and dtype not in INPUT_DTYPES:
            raise SrbenchError(
                f"unknown dtype {dtype!r} in {text!r}",
                f"{did_you_mean(dtype, INPUT_DTYPES)}use {', '.join(INPUT_DTYPES)}",
            )
        sides = () if shape == SCALAR else tuple(map(int, shape.lower().split("x")))
        if 0 in sides or prod(sides) > MOST_ELEMENTS:
            raise SrbenchError(
                f"the input {text!r} is out of range",
                f"give sides of 1 and more, and at most {MOST_ELEMENTS:,} elements",
            )
        return cls(sides, dtype or "float32", name or "")


@dataclass(frozen=True)
class Conditions:
    """An image of ``channels`` x ``height`` x ``width`` pixels, and the number of classes; None if
    the network does not ask for it.

    With ``inputs`` the model is called with these instead of an image.
    """

    height: int = 224
    width: int = 224
    num_classes: int | None = 1000
    channels: int = 3
    inputs: tuple[Input, ...] = ()

    def __post_init__(self) -> None:
        names = [one.name for one in self.inputs if one.name]
        if len({*names}) < len(names):
            raise SrbenchError("two inputs have one name", "give each argument one --input")
        if not (0 < self.height <= LARGEST_SIDE and 0 < self.width <= LARGEST_SIDE):
            raise SrbenchError(
                f"an input of {self.height}x{self.width} pixels is out of range",
                f"give sides from 1 to {LARGEST_SIDE}",
            )
        if self.num_classes is not None and not 0 < self.num_classes <= MOST_CLASSES:
            raise SrbenchError(
                f"{self.num_classes} classes are out of range",
                f"give --num-classes from 1 to {MOST_CLASSES}",
            )

    @property
    def image(self) -> tuple[int, int, int] | None:
        """Shape (C, H, W) of an image; None if the model gets ``inputs`` instead."""
        return None if self.inputs else (self.channels, self.height, self.width)

    def call(self, batch: int = 1) -> tuple[Input, ...]:
        """What the model is called with: a batch of images, or the ``inputs`` as they are."""
        return self.inputs or (Input((batch, self.channels, self.height, self.width)),)

    def __str__(self) -> str:
        """In words: ``224x224`` for an image, or the inputs."""
        return ", ".join(map(str, self.inputs)) or f"{self.height}x{self.width}"


def input_size(size: str | int | tuple[int, int]) -> tuple[int, int]:
    """Height and width in pixels from ``224``, ``"224"``, ``"192x256"`` or ``(192, 256)``.

    Raises SrbenchError for anything else.

    >>> input_size("192x256")
    (192, 256)
    """
    if isinstance(size, tuple):
        size = "x".join(str(side) for side in size)
    match = re.fullmatch(r"([0-9]{1,6})(?:[xX]([0-9]{1,6}))?", str(size))
    if not match:
        raise SrbenchError(
            f"{size!r} is not an input size",
            "write one side, such as 224, or height x width, such as 192x256",
        )
    height, width = match.groups()
    return int(height), int(width or height)


@dataclass(frozen=True)
class Setup:
    """How a model is run while it is timed.

    ``device`` is ``"cpu"``, ``"cuda:0"`` or ``"mps"``. With ``amp`` the weights stay float32 and
    autocast computes in ``dtype``; without it everything is ``dtype``. ``threads`` is the number of
    threads of one operator on the CPU; with None, torch chooses. ``optimizer`` is the optimiser
    whose step is part of the training step: ``"sgd"`` (with momentum), ``"adamw"``, or None.
    """

    device: str = "cpu"
    batch: int = 1
    dtype: str = "float32"
    amp: bool = False
    channels_last: bool = False
    compile: bool = False
    cuda_graph: bool = False
    threads: int | None = None
    seed: int = 0
    optimizer: str | None = None

    def __post_init__(self) -> None:
        _require_in_range("--batch-size", self.batch, 1, LARGEST_BATCH)
        _require_in_range("--threads", self.threads, 1, 4096)
        _require_in_range("--seed", self.seed, 0, 2**32 - 1)
        for name in ("amp", "channels_last", "compile", "cuda_graph"):
            if type(getattr(self, name)) is not bool:
                raise SrbenchError(f"{name} is no truth value", "give True or False")
        if self.dtype not in DTYPES:
            raise SrbenchError(f"unknown dtype {self.dtype!r}", f"use {', '.join(DTYPES)}")
        if self.optimizer not in (None, *OPTIMIZERS):
            raise SrbenchError(
                f"unknown optimizer {self.optimizer!r}", f"use {' or '.join(OPTIMIZERS)}"
            )
        if self.amp and self.dtype in ("float32", "float64"):
            raise SrbenchError(
                "--amp computes in a lower precision than float32",
                "leave --dtype out, or give --dtype float16 or bfloat16",
            )
        if self.compile and self.cuda_graph:
            raise SrbenchError(
                "--compile and --cuda-graph cannot be combined: training would not be compiled",
                "give one of the two",
            )
        if self.cuda_graph and not self.device.startswith("cuda"):
            raise SrbenchError(
                f"--cuda-graph needs a CUDA GPU, but the device is {self.device}",
                "leave it out, or give --device cuda",
            )


@dataclass(frozen=True)
class Plan:
    """How many samples are taken, and when sampling stops.

    Each of ``processes`` measures ``passes`` in rounds that time every model once. Every few rounds
    all models are moved to other places in memory. ``rounds`` fixes the number of rounds of a pass.
    If it is None, rounds continue until every ratio's interval reaches no further than
    ``precision`` (a share) to either side, or the time budget is used up.

    ``time_budget`` is in seconds, for a model and its variants on one device: building them,
    warming up and timing. Peak memory and energy, measured afterwards, get as much again. The
    default is ``TIME_BUDGET`` for one process and ``PROCESS_BUDGET`` for each of several, or no
    limit if ``rounds`` is given.
    """

    passes: tuple[str, ...] = PASSES
    rounds: int | None = None
    processes: int = 1
    time_budget: float | None = None
    precision: float = PRECISION

    def __post_init__(self) -> None:
        if isinstance(self.passes, str):
            raise SrbenchError(f"passes is {self.passes!r}", f'give a tuple: ("{self.passes}",)')
        _require_in_range("--rounds", self.rounds, 1, MOST_ROUNDS)
        _require_in_range("--processes", self.processes, 1, 1000)
        _require_numbers(precision=self.precision, time_budget=self.time_budget or 1.0)
        _require_in_range("--precision (in %)", 100 * self.precision, 0.01, 50.0)
        if self.time_budget is not None and not 0 < self.time_budget < float("inf"):
            raise SrbenchError(
                f"a time budget of {self.time_budget:g} s is out of range",
                "give --time-budget in seconds, above 0",
            )
        unknown = set(self.passes) - set(PASSES)
        if unknown or not self.passes:
            raise SrbenchError(
                f"unknown pass {', '.join(sorted(unknown))}" if unknown else "no pass is given",
                f"use {', '.join(PASSES)}",
            )

    @property
    def budget(self) -> float:
        """Seconds for building, warming up and timing in all processes; infinite if not limited."""
        if self.time_budget is not None:
            return self.time_budget
        if self.rounds is not None:
            return float("inf")
        return TIME_BUDGET if self.processes == 1 else PROCESS_BUDGET * self.processes


def require_used(setup: Setup, plan: Plan) -> None:
    """Raises SrbenchError if an optimiser is given but no training step is timed."""
    if setup.optimizer and "train" not in plan.passes:
        raise SrbenchError(
            "--optimizer is for the training step, which is not timed",
            "leave it out, or give --pass train",
        )


def _require_numbers(**values: object) -> None:
    for name, value in values.items():
        if not isinstance(value, (int, float)):
            raise SrbenchError(f"{name} is {value!r}", "give a number")


def _require_in_range(option: str, value: float | None, least: float, most: float) -> None:
    """Raises SrbenchError for what is no number in this range; a whole one if both ends are."""
    if isinstance(least, int) and value is not None and type(value) is not int:
        raise SrbenchError(f"{option} is {value!r}", "give a whole number")
    if value is not None and not least <= value <= most:
        raise SrbenchError(
            f"{option} {_written(value)} is out of range",
            f"give a number from {_written(least)} to {_written(most)}",
        )


def _written(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"
