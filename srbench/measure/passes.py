"""The passes that are timed: forward, backward alone, and the whole training step.

*Forward* runs in evaluation mode under `torch.inference_mode`. *Backward* is the gradient of all
parameters in training mode, directly after a fresh forward that is not timed; it is never a
difference of two times. The *training step* is forward and backward, and the optimiser's step if
one is asked for. The gradient with respect to the logits is made beforehand.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from srbench.conditions import Setup
from srbench.errors import SrbenchError, one_line, require_failure
from srbench.measure.clocks import Task, nothing
from srbench.measure.cuda_graphs import Graph, Step, captured
from srbench.measure.free_memory import release
from srbench.measure.pinning import Pinned
from srbench.shapes.call import Call
from srbench.shapes.nested import tensors_within

LOSS_SCALE = 2.0**16  # of float16's gradients; torch.amp.GradScaler begins with it


class NoGradients(SrbenchError):  # noqa: N818 - it names what is so
    """Nothing can be trained, for the reason in its message."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "give --pass forward")


@dataclass
class Loaded:
    """A model on its device with its inputs, such as one batch (B, C, H, W), ready to run.

    ``above`` holds the gradients with respect to its outputs, once a backward pass needed them.
    """

    name: str
    model: nn.Module
    inputs: Call
    setup: Setup
    device: torch.device
    above: list[Tensor] | None = None
    graphed: set[str] = field(default_factory=set)  # passes that were captured as a graph before

    @property
    def parameters(self) -> list[nn.Parameter]:
        return [p for p in self.model.parameters() if p.requires_grad]

    def replace(self, model: nn.Module) -> None:
        """Replace the model by another, which must be alike."""
        self.model = model
        self.__dict__.pop("call", None)

    @cached_property
    def call(self) -> Callable[[], Any]:
        """Calls the model with its inputs: compiled, and under autocast, if asked for."""
        model: Callable[..., Any] = self.model
        args, keywords = self.inputs.args, self.inputs.keywords
        if self.setup.compile:
            # Else the second size or batch of a network is compiled for any size: slower code.
            model = torch.compile(model, dynamic=False)
        if not self.setup.amp:
            return lambda: model(*args, **keywords)
        dtype = getattr(torch, self.setup.dtype)

        def under_autocast() -> Any:
            with torch.autocast(self.device.type, dtype=dtype):
                return model(*args, **keywords)

        return under_autocast


def to_device(
    name: str,
    model: nn.Module,
    inputs: Call,
    setup: Setup,
    device: torch.device,
    dtype: torch.dtype | None = None,
) -> Loaded:
    """Move a model and its inputs to a device and memory layout, and what is floating to a dtype;
    if it is None, each keeps its own.

    Raises what the move raises, such as an out-of-memory error.
    """
    model = model.to(device=device, dtype=dtype)
    if setup.channels_last:
        model = model.to(memory_format=torch.channels_last)

    def moved(tensor: Tensor) -> Tensor:
        kind = dtype if tensor.is_floating_point() else None
        one = tensor.detach().to(device=device, dtype=kind or tensor.dtype)
        if setup.channels_last and one.dim() == 4:
            one = one.contiguous(memory_format=torch.channels_last)
        return one.requires_grad_(tensor.requires_grad)

    return Loaded(name, model, inputs.replaced(moved), setup, device)


def outputs(output: object) -> list[Tensor]:
    """The tensors in what a model returns that gradients flow from. Raises NoGradients if there are
    none."""
    found = [tensor for tensor in tensors_within(output) if tensor.requires_grad]
    if not found:
        raise NoGradients("nothing that it returns needs a gradient")
    return found


def inference_context(pass_name: str, as_it_is: bool = False) -> AbstractContextManager[Any]:
    """The context in which a pass is sampled: none for what is called ``as_it_is``."""
    is_inference = pass_name == "forward" and not as_it_is
    return torch.inference_mode() if is_inference else nullcontext()


def task(subject: Loaded, pass_name: str) -> Task:
    """One pass of a model, to be timed. The model is put into the mode that the pass needs.

    Call this outside `inference_context`: what it captures or allocates is used outside too.
    Raises what the model raises.
    """
    subject.model.train(pass_name != "forward")
    return _TASKS[pass_name](subject)


def _forward(subject: Loaded) -> Task:
    run = subject.call
    if subject.setup.cuda_graph:
        with torch.inference_mode():
            (run,) = _captured(subject, "forward", run)
    return Task(subject.name, "forward", run)


def _backward(subject: Loaded) -> Task:
    call, parameters = subject.call, _trained(subject)
    above = _above(subject)
    output: list[Tensor] = []
    gradients: list[Tensor] = []  # freed outside the timed part, as in a training step

    def forward() -> None:
        gradients.clear()
        output[:] = outputs(call())

    def backward() -> None:
        gradients[:] = torch.autograd.grad(output, parameters, above, allow_unused=True)

    prepare: Callable[[], object] = forward
    run: Callable[[], object] = backward
    if subject.setup.cuda_graph:
        prepare, run = _captured(subject, "backward", forward, backward)
    return Task(subject.name, "backward", run, prepare)


def _train(subject: Loaded) -> Task:
    call, parameters = subject.call, _trained(subject)
    above = _above(subject)
    step = _optimizer(subject).step if subject.setup.optimizer else nothing

    def prepare() -> None:
        for parameter in parameters:
            parameter.grad = None

    def run() -> None:
        torch.autograd.backward(outputs(call()), above)
        step()

    def captured_run() -> None:
        prepare()  # else the gradients of warming up would be in the peak
        found = torch.autograd.grad(outputs(call()), parameters, above, allow_unused=True)
        for parameter, gradient in zip(parameters, found, strict=True):
            parameter.grad = gradient
        step()

    if subject.setup.optimizer:  # the first step is unusual: it creates the optimiser's state
        for parameter in parameters:
            parameter.grad = torch.zeros_like(parameter)
        step()
        prepare()
    if subject.setup.cuda_graph:  # its gradients stay where they were when it was captured
        (replay,) = _captured(subject, "train", captured_run)
        prepare()  # only the graph holds them now
        return Task(subject.name, "train", replay)
    return Task(subject.name, "train", run, prepare)


def _captured(subject: Loaded, pass_name: str, *steps: Step) -> list[Graph]:
    """The steps of a pass as graphs; only the first time the pass is warmed up and tried."""
    found = captured(subject.device, *steps, is_known=pass_name in subject.graphed)
    subject.graphed.add(pass_name)
    return found


def _trained(subject: Loaded) -> list[nn.Parameter]:
    """The parameters that gradients are for. Raises NoGradients where there are none."""
    if not subject.parameters:
        raise NoGradients("no parameter needs a gradient")
    return subject.parameters


def _optimizer(subject: Loaded) -> torch.optim.Optimizer:
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


def _above(subject: Loaded) -> list[Tensor]:
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
            for one in outputs(subject.call())
        ]
    return subject.above


def tasks(
    subjects: dict[str, Loaded], pass_name: str, held: Pinned
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
