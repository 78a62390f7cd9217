"""The passes that are timed: forward, backward alone, and the whole training step.

*Forward* is evaluation mode under `torch.inference_mode`. *Backward* is the gradient of all
parameters in training mode, directly after a fresh forward that is not timed: never a difference
of two times. The *training step* is forward and backward; no optimiser, no loss scaling. The
gradient that comes in from above the logits is made beforehand.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from srbench.conditions import Conditions, Setup
from srbench.failures import require_failure
from srbench.logits import logits
from srbench.measure.clocks import Task
from srbench.measure.pinning import Pinned


@dataclass
class Subject:
    """A model on its device with one batch (B, C, H, W), ready to run."""

    name: str
    model: nn.Module
    batch: Tensor
    setup: Setup
    graphed: Callable[[Tensor], Tensor] | None = None

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
        run = _captured(run)
    return Task(subject.name, "forward", run)


def _backward(subject: Subject) -> Task:
    call, x, parameters = _training_callable(subject), subject.batch, subject.parameters
    above = [_gradient(one) for one in logits(call(x))]
    output: list[Tensor] = []
    gradients: list[Tensor] = []  # given back outside the time, as those of a training step are

    def prepare() -> None:
        gradients.clear()
        output[:] = logits(call(x))

    def run() -> None:
        gradients[:] = torch.autograd.grad(output, parameters, above, allow_unused=True)

    return Task(subject.name, "backward", run, prepare)


def _train(subject: Subject) -> Task:
    call, x, parameters = _training_callable(subject), subject.batch, subject.parameters
    above = [_gradient(one) for one in logits(call(x))]

    def prepare() -> None:
        for parameter in parameters:
            parameter.grad = None

    def run() -> None:
        torch.autograd.backward(logits(call(x)), above)

    return Task(subject.name, "train", run, prepare)


_TASKS = {"forward": _forward, "backward": _backward, "train": _train}


def _callable(subject: Subject) -> Callable[[Tensor], Tensor]:
    """The model as it is called: compiled, and under autocast, where that is asked for."""
    setup = subject.setup
    model: Callable[[Tensor], Tensor] = subject.model
    if setup.compile:
        model = torch.compile(model)
    if not setup.amp:
        return model

    def under_autocast(x: Tensor) -> Tensor:
        with _autocast(subject):
            return model(x)

    return under_autocast


def _training_callable(subject: Subject) -> Callable[[Tensor], Tensor]:
    """The same, with forward and backward each a CUDA graph where that is asked for."""
    if not subject.setup.cuda_graph:
        return _callable(subject)
    if subject.graphed is None:  # once: torch changes the model itself
        with _autocast(subject, cache_enabled=False):
            subject.graphed = torch.cuda.make_graphed_callables(  # type: ignore[assignment]
                subject.model, (subject.batch,), allow_unused_input=True
            )
    assert subject.graphed
    return subject.graphed


def _autocast(subject: Subject, cache_enabled: bool = True) -> AbstractContextManager[Any]:
    """Autocast to the dtype asked for, or nothing."""
    if not subject.setup.amp:
        return nullcontext()
    dtype = getattr(torch, subject.setup.dtype)
    return torch.autocast(subject.device.type, dtype=dtype, cache_enabled=cache_enabled)


def _captured(run: Callable[[], object]) -> Callable[[], object]:
    """A CUDA graph of a forward pass, to be replayed."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.inference_mode():
        with torch.cuda.stream(stream):
            for _ in range(3):  # libraries choose their kernels and take their workspaces
                run()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            run()
    return graph.replay


def _gradient(output: Tensor) -> Tensor:
    """What comes in from above: small random numbers in the shape of the output."""
    return torch.randn_like(output, requires_grad=False).div_(output.numel())


def tasks(
    subjects: Sequence[Subject], what: str, held: Pinned
) -> tuple[list[Task], dict[str, BaseException]]:
    """The tasks of all models, and the error of each that has none.

    Each begins with the settings that are held, whatever the one before it set.
    """
    ready, failures = [], dict[str, BaseException]()
    for subject in subjects:
        try:
            held.begin(subject.name, what)
            ready.append(held.around(task(subject, what)))
        except BaseException as error:  # whatever it is: it is this model's failure
            require_failure(error)
            failures[subject.name] = error
    return ready, failures
