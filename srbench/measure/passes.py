"""The passes that are timed: forward, backward alone, and the whole training step.

*Forward* runs in evaluation mode under `torch.inference_mode`. *Backward* is the gradient of all
parameters in training mode, directly after a fresh forward that is not timed; it is never a
difference of two times. The *training step* is forward and backward, and the optimiser's step if
one is asked for. The gradient with respect to the logits is made beforehand.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from srbench.backbones.outputs import logits
from srbench.conditions import Conditions, Setup
from srbench.errors import one_line, require_failure
from srbench.measure.clocks import Task, nothing
from srbench.measure.cuda_graphs import captured
from srbench.measure.free_memory import release
from srbench.measure.pinning import Pinned

LOSS_SCALE = 2.0**16  # of float16's gradients; torch.amp.GradScaler begins with it


@dataclass
class Subject:
    """A model on its device with one batch (B, C, H, W), ready to run.

    ``above`` holds the gradients with respect to its logits, once a backward pass needed them.
    """

    name: str
    model: nn.Module
    batch: Tensor
    setup: Setup
    above: list[Tensor] | None = None

    @property
    def device(self) -> torch.device:
        return self.batch.device

    @property
    def parameters(self) -> list[nn.Parameter]:
        return [p for p in self.model.parameters() if p.requires_grad]

    def replace(self, model: nn.Module) -> None:
        """Replace the model by another, which must be alike."""
        self.model = model
        self.__dict__.pop("call", None)

    @cached_property
    def call(self) -> Callable[[Tensor], Tensor]:
        """The model as it is called: compiled, and under autocast, if asked for."""
        model: Callable[[Tensor], Tensor] = self.model
        if self.setup.compile:
            # Else the second size or batch of a network is compiled for any size: slower code.
            model = torch.compile(model, dynamic=False)
        if not self.setup.amp:
            return model
        dtype = getattr(torch, self.setup.dtype)

        def under_autocast(x: Tensor) -> Tensor:
            with torch.autocast(self.device.type, dtype=dtype):
                return model(x)

        return under_autocast


def to_device(
    name: str, model: nn.Module, conditions: Conditions, setup: Setup, device: torch.device
) -> Subject:
    """Move a model to its device, dtype and memory layout, with a random batch of inputs.

    Raises what the move raises, such as an out-of-memory error.
    """
    layout = torch.channels_last if setup.channels_last else torch.contiguous_format
    dtype = torch.float32 if setup.amp else getattr(torch, setup.dtype)
    model = model.to(device=device, dtype=dtype).to(memory_format=layout)
    generator = torch.Generator().manual_seed(setup.seed)
    shape = (setup.batch, *conditions.input_shape[1:])
    batch = torch.randn(shape, generator=generator).to(device=device, dtype=dtype)
    return Subject(name, model, batch.contiguous(memory_format=layout), setup)


def inference_context(pass_name: str) -> AbstractContextManager[Any]:
    """The context in which a pass is sampled."""
    return torch.inference_mode() if pass_name == "forward" else nullcontext()


def task(subject: Subject, pass_name: str) -> Task:
    """One pass of a model, to be timed. The model is put into the mode that the pass needs.

    Call this outside `inference_context`: what it captures or allocates is used outside too.
    Raises what the model raises.
    """
    subject.model.train(pass_name != "forward")
    return _TASKS[pass_name](subject)


def _forward(subject: Subject) -> Task:
    call, x = subject.call, subject.batch
    run: Callable[[], object] = lambda: call(x)  # noqa: E731
    if subject.setup.cuda_graph:
        with torch.inference_mode():
            (run,) = captured(subject.device, run)
    return Task(subject.name, "forward", run)


def _backward(subject: Subject) -> Task:
    call, x, parameters = subject.call, subject.batch, _trained(subject)
    above = _above(subject)
    output: list[Tensor] = []
    gradients: list[Tensor] = []  # freed outside the timed part, as in a training step

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
    call, x, parameters = subject.call, subject.batch, _trained(subject)
    above = _above(subject)
    step = _optimizer(subject).step if subject.setup.optimizer else nothing

    def prepare() -> None:
        for parameter in parameters:
            parameter.grad = None

    def run() -> None:
        torch.autograd.backward(logits(call(x)), above)
        step()

    def captured_run() -> None:
        found = torch.autograd.grad(logits(call(x)), parameters, above, allow_unused=True)
        for parameter, gradient in zip(parameters, found, strict=True):
            parameter.grad = gradient
        step()

    if subject.setup.cuda_graph:  # its gradients stay where they were when it was captured
        (replay,) = captured(subject.device, captured_run)
        prepare()  # only the graph holds them now
        return Task(subject.name, "train", replay)
    if subject.setup.optimizer:  # the first step is unusual: it creates the optimiser's state
        for parameter in parameters:
            parameter.grad = torch.zeros_like(parameter)
        step()
        prepare()
    return Task(subject.name, "train", run, prepare)


def _trained(subject: Subject) -> list[nn.Parameter]:
    """The parameters that gradients are for. Raises ValueError where there are none."""
    if not subject.parameters:
        raise ValueError("no parameter needs a gradient: give --pass forward")
    return subject.parameters


def _optimizer(subject: Subject) -> torch.optim.Optimizer:
    """The optimiser asked for, with a learning rate of 0: its step does all its work but keeps
    the weights, so that every call does the same."""
    if subject.setup.optimizer == "sgd":
        return torch.optim.SGD(subject.parameters, lr=0.0, momentum=0.9, weight_decay=1e-4)
    dtype = subject.parameters[0].dtype
    return torch.optim.AdamW(
        subject.parameters,
        lr=0.0,
        eps=max(1e-8, torch.finfo(dtype).tiny),  # 1e-8 is 0 in float16, which would divide 0 by 0
        capturable=subject.setup.cuda_graph,
    )


_TASKS = {"forward": _forward, "backward": _backward, "train": _train}


def _above(subject: Subject) -> list[Tensor]:
    """The gradients with respect to the outputs: small random numbers in the shape of each output,
    as for a mean over all of it.

    float16 has no numbers that small: they are scaled as in training, to about 1 at most. Otherwise
    the backward pass would run on zeros, which draw less power.
    """
    if subject.above is None:
        scale = LOSS_SCALE if subject.setup.dtype == "float16" else 1.0
        subject.above = [
            torch.randn_like(one, dtype=torch.float32, requires_grad=False)
            .mul_(min(1.0, scale / one.numel()))
            .to(one.dtype)
            for one in logits(subject.call(subject.batch))
        ]
    return subject.above


def tasks(
    subjects: dict[str, Subject], pass_name: str, held: Pinned
) -> tuple[dict[str, Task], dict[str, str]]:
    """The tasks of all models, and the reasons of those that have none, by name.

    Each task begins with the held settings, whatever the one before it set.
    """
    ready, failures = dict[str, Task](), dict[str, str]()
    for name, subject in subjects.items():
        try:
            held.begin(name, pass_name)
            ready[name] = held.holding(task(subject, pass_name))
        except BaseException as error:  # any error is this model's failure
            require_failure(error)
            failures[name] = one_line(error)
            release(error)
    return ready, failures
