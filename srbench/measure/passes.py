"""The passes that are timed: forward, backward alone, and the whole training step.

*Forward* is evaluation mode under `torch.inference_mode`. *Backward* is the gradient of all
parameters in training mode, directly after a fresh forward that is not timed: never a difference
of two times. The *training step* is forward and backward, without optimiser. The gradient that
comes in from above the logits is made beforehand.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from srbench.conditions import Conditions, Setup
from srbench.failures import require_failure, told
from srbench.logits import logits
from srbench.measure.clocks import Task
from srbench.measure.graphs import captured
from srbench.measure.pinning import Pinned
from srbench.measure.release import release

LOSS_SCALE = 2.0**16  # of float16's gradients, where torch.amp.GradScaler begins


@dataclass
class Subject:
    """A model on its device with one batch (B, C, H, W), ready to run."""

    name: str
    model: nn.Module
    batch: Tensor
    setup: Setup

    @property
    def device(self) -> torch.device:
        return self.batch.device

    @property
    def parameters(self) -> list[nn.Parameter]:
        return [p for p in self.model.parameters() if p.requires_grad]


def place(
    name: str, model: nn.Module, under: Conditions, setup: Setup, device: torch.device
) -> Subject:
    """Move a model to its device, dtype and memory layout, with a random batch of inputs.

    Raises what the move raises, lack of memory above all.
    """
    layout = torch.channels_last if setup.channels_last else torch.contiguous_format
    dtype = torch.float32 if setup.amp else getattr(torch, setup.dtype)
    model = model.to(device=device, dtype=dtype).to(memory_format=layout)
    generator = torch.Generator().manual_seed(setup.seed)
    shape = (setup.batch, *under.input_shape[1:])
    batch = torch.randn(shape, generator=generator).to(device=device, dtype=dtype)
    return Subject(name, model, batch.contiguous(memory_format=layout), setup)


def around(what: str) -> AbstractContextManager[Any]:
    """What has to be switched on around the samples of a pass."""
    return torch.inference_mode() if what == "forward" else nullcontext()


def task(subject: Subject, what: str) -> Task:
    """One pass of a model, to be timed. The model is put into the mode that the pass needs.

    Not inside `around`: what is captured or allocated here has to serve outside too.
    Raises what the model raises.
    """
    subject.model.train(what != "forward")
    return _TASKS[what](subject)


def _forward(subject: Subject) -> Task:
    call, x = _callable(subject), subject.batch
    run: Callable[[], object] = lambda: call(x)  # noqa: E731
    if subject.setup.cuda_graph:
        with torch.inference_mode():
            (run,) = captured(subject.device, run)
    return Task(subject.name, "forward", run)


def _backward(subject: Subject) -> Task:
    call, x, parameters = _callable(subject), subject.batch, subject.parameters
    above = _above(subject, call)
    output: list[Tensor] = []
    gradients: list[Tensor] = []  # given back outside the time, as those of a training step are

    def forward() -> None:
        gradients.clear()
        output[:] = logits(call(x))

    def backward() -> None:
        gradients[:] = torch.autograd.grad(output, parameters, above, allow_unused=True)

    prepare: Callable[[], object] = forward
    run: Callable[[], object] = backward
    if subject.setup.cuda_graph:
        prepare, run = captured(subject.device, forward, backward)
    return Task(subject.name, "backward", run, prepare)


def _train(subject: Subject) -> Task:
    call, x, parameters = _callable(subject), subject.batch, subject.parameters
    above = _above(subject, call)

    def prepare() -> None:
        for parameter in parameters:
            parameter.grad = None

    def run() -> None:
        torch.autograd.backward(logits(call(x)), above)

    def gradients() -> None:
        torch.autograd.grad(logits(call(x)), parameters, above, allow_unused=True)

    if subject.setup.cuda_graph:  # whose gradients lie where they lay when it was captured
        (replay,) = captured(subject.device, gradients)
        return Task(subject.name, "train", replay)
    return Task(subject.name, "train", run, prepare)


_TASKS = {"forward": _forward, "backward": _backward, "train": _train}


def _callable(subject: Subject) -> Callable[[Tensor], Tensor]:
    """The model as it is called: compiled, and under autocast, where that is asked for."""
    setup = subject.setup
    model: Callable[[Tensor], Tensor] = subject.model
    if setup.compile:
        # Else the second size or batch of a network is compiled for any: other code, and slower.
        model = torch.compile(model, dynamic=False)
    if not setup.amp:
        return model

    def under_autocast(x: Tensor) -> Tensor:
        with _autocast(subject):
            return model(x)

    return under_autocast


def _autocast(subject: Subject) -> AbstractContextManager[Any]:
    """Autocast to the dtype asked for, or nothing."""
    if not subject.setup.amp:
        return nullcontext()
    dtype = getattr(torch, subject.setup.dtype)
    return torch.autocast(subject.device.type, dtype=dtype)


def _above(subject: Subject, call: Callable[[Tensor], Tensor]) -> list[Tensor]:
    """What comes in from above: small random numbers in the shape of each output, as those of a
    mean over all of it.

    float16 has no numbers that small: they are scaled as training does it. Else the backward pass
    would run on zeros, which draw less power.
    """
    scale = LOSS_SCALE if subject.setup.dtype == "float16" else 1.0
    return [
        torch.randn_like(one, dtype=torch.float32, requires_grad=False)
        .mul_(scale / one.numel())
        .to(one.dtype)
        for one in logits(call(subject.batch))
    ]


def tasks(
    subjects: dict[str, Subject], what: str, held: Pinned
) -> tuple[dict[str, Task], dict[str, str]]:
    """The tasks of all models, and why one has none, by name. Such a one is taken out of
    ``subjects``, so that what it holds is free.

    Each begins with the settings that are held, whatever the one before it set.
    """
    ready, failures = dict[str, Task](), dict[str, str]()
    for name in list(subjects):
        try:
            held.begin(name, what)
            ready[name] = held.around(task(subjects[name], what))
        except BaseException as error:  # whatever it is: it is this model's failure
            require_failure(error)
            failures[name] = told(error)
            del subjects[name]
            release(error)
    return ready, failures
