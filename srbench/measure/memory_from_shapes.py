"""How much memory a network takes, worked out on shapes alone: which tensors are alive at once.

A run on shapes makes every tensor that a real run makes, and drops it at the same moment, since
Python and autograd hold it just as long. So its bytes are those of a real run on the CPU; only what
an operator allocates inside and frees before it returns, such as a convolution's workspace, is not
seen. Operators that are made of others, such as attention, are run step by step, so an evaluation
that torch runs as one fused operator instead may need less.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple, TypeVar
from weakref import finalize

import torch
from torch import Tensor, nn
from torch._ops import OpOverload

from srbench.conditions import Setup
from srbench.errors import SrbenchError, lacks_memory, one_line, require_failure
from srbench.measure.macs.conventions import shown_name
from srbench.measure.passes import Loaded, NoGradients, outputs, task
from srbench.records.memory_use import OPTIMIZER, MemoryUse, PeakBytes
from srbench.shapes.arguments import tensors_in
from srbench.shapes.call import Call
from srbench.shapes.nested import tensors_within
from srbench.shapes.on_shapes import on_shapes
from srbench.shapes.running import Watch, following
from srbench.shapes.torch_function import NeedsValues

NEXT = (2, 3)  # batches whose difference is what an image takes; at 1, strides may be unusual
NO_BATCH = "its inputs do not share a first side, the batch, or one is a view of other memory"
# A batch that is worked out as well, and must be what these say: a prime, so that it cannot be cut
# evenly. Another, if an image is so large that the system refuses to reserve the memory.
CONFIRMING = (131, 37, 11)
# Operators whose results take other memory on the CPU than their shapes say.
INEXACT = frozenset(
    {"aten::col2im", "aten::mse_loss", "aten::smooth_l1_loss", "aten::binary_cross_entropy"}
    | {"aten::soft_margin_loss", "aten::_embedding_bag", "aten::_embedding_bag_forward_only"}
    | {"aten::_batch_norm_with_update", "aten::_native_batch_norm_legit"}
)

Found = TypeVar("Found")


@dataclass(frozen=True)
class Network:
    """A network to be worked out, without values: how to make it, and the inputs that are
    counted."""

    build: Callable[[], nn.Module]
    inputs: Callable[[], Call]

    def batch(self, size: int) -> Call:
        """The inputs of that many images."""
        with on_shapes():
            return self.inputs().of_batch(size)


class _Uneven(SrbenchError):  # noqa: N818 - it names what is so
    """A network whose memory is not a number of bytes for each image."""


class Moment(NamedTuple):
    """An operator, the module in whose forward it ran, and the bytes alive after it."""

    operator: str
    module: str
    alive: int


@dataclass(frozen=True)
class Pass:
    """The moments of a pass. Of a training step also what is ``kept`` after its forward pass, and
    what the ``gradients`` and the optimiser's ``state`` take."""

    moments: Sequence[Moment]
    kept: int = 0
    gradients: int = 0
    state: int = 0

    @property
    def highest(self) -> Moment:
        """The first moment at which most is alive."""
        return max(self.moments, key=lambda moment: moment.alive)


def memory_use(network: Network, optimizer: str = OPTIMIZER) -> MemoryUse:
    """What a network needs for inference, and for a training step with an optimiser: ``"sgd"``,
    with momentum, or ``"adamw"``."""
    missing: dict[str, str] = {}  # what, by the reason
    forward, step = partial(inference, network), partial(training, network, optimizer)
    inferred = _tried("inference", lambda: forward(network.inputs()), missing)
    if inferred is None:
        return MemoryUse(optimizer=optimizer, missing=_listed(missing))
    trained = _tried("training", lambda: step(network.inputs(), with_parts=True), missing)
    return MemoryUse(
        _peaks("inference", forward, network, inferred, missing),
        _peaks("training", step, network, trained, missing),
        trained.kept if trained else None,
        trained.gradients if trained else None,
        trained.state if trained else None,
        optimizer,
        inferred.highest.module,
        _listed(missing),
    )


def inference(network: Network, call: Call) -> Pass:
    """One forward pass in evaluation mode. Raises what the forward raises."""
    with on_shapes():
        subject = Loaded("", network.build(), call, Setup(), torch.device("cpu"))
        run = task(subject, "forward").run
        with _alive(subject) as live:
            run()  # the first may do more, such as keep what the next ones use
            live.begin()
            run()
            return Pass(live.moments)


def training(network: Network, optimizer: str, call: Call, with_parts: bool = False) -> Pass:
    """One training step as `srbench.measure.passes` times it, with its parts if they are wanted.
    Raises NoGradients if there is nothing to train, and what the model raises."""
    model = network.build()  # outside, where it may read what it draws
    with on_shapes(gradients=True):
        subject = Loaded("", model, call, Setup(optimizer=optimizer), torch.device("cpu"))
        with _alive(subject) as live:
            _freeze_what_is_not_trained(subject)
            resident = live.alive  # with what the first pass keeps for the next ones
            step = task(subject, "train")
            state = live.alive - resident - sum(one.nbytes for one in subject.above or ())
            kept = _kept(subject, live) if with_parts else 0
            step.prepare()
            live.begin()
            step.run()
            gradients = [one.grad for one in subject.parameters if one.grad is not None]
            return Pass(live.moments, kept, sum(one.nbytes for one in gradients), state)


def _freeze_what_is_not_trained(subject: Loaded) -> None:
    """Freeze the parameters that gradients do not reach, for which an optimiser keeps nothing.

    Raises SrbenchError for sparse gradients.
    """
    subject.model.train()
    for module in subject.model.modules():
        if isinstance(module, nn.Embedding | nn.EmbeddingBag) and module.sparse:
            raise SrbenchError("an embedding has sparse gradients")
    if not subject.parameters:
        raise NoGradients("no parameter needs a gradient")
    found = outputs(subject.call())
    torch.autograd.backward(found, [torch.ones_like(one) for one in found])
    for parameter in subject.parameters:
        parameter.requires_grad_(parameter.grad is not None)
    for tensor in (*subject.model.parameters(), *subject.inputs.tensors):
        tensor.grad = None


def _kept(subject: Loaded, live: "Liveness") -> int:
    """The bytes that are alive after a forward pass and were not before: its output, and what
    autograd keeps for the backward pass."""
    before = live.alive
    output = subject.call()
    found = live.alive - before
    del output
    return found


class Liveness(Watch):
    """Counts the bytes of the storages that are alive while it is entered: those of the tensors
    given, and those that operators return. A storage counts once, however many tensors share it.

    ``alive`` are the bytes now, and ``moments`` all since `begin`.
    """

    def __init__(self, tensors: Iterable[Tensor]) -> None:
        super().__init__()
        self.alive = 0
        self._known: set[int] = set()
        self._add(tensors)
        self.begin()

    def begin(self) -> None:
        """Forget the moments so far."""
        self.moments = [Moment("", "", self.alive)]

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if isinstance(func, OpOverload) and func._schema.name in INEXACT:
            raise SrbenchError(f"the memory of {shown_name(func)} is not known")
        out = func(*args, **kwargs or {})
        self._add(tensors_in([out]))
        self.moments.append(Moment(func.name(), self.module, self.alive))
        return out

    def _add(self, tensors: Iterable[Tensor]) -> None:
        for tensor in tensors:
            if tensor.layout == torch.strided:
                storage = tensor.untyped_storage()
                address, size = storage._cdata, storage.nbytes()
                if address not in self._known:
                    self._known.add(address)
                    self.alive += size
                    finalize(storage, self._drop, address, size).atexit = False

    def _drop(self, address: int, size: int) -> None:
        self._known.discard(address)
        self.alive -= size


@contextmanager
def _alive(subject: Loaded) -> Iterator[Liveness]:
    """Watches what is alive inside: all that the model and its inputs hold is from the start.

    Raises SrbenchError for what cannot be followed.
    """
    held = [*tensors_within(subject.model), *subject.inputs.tensors]
    if any(one.layout != torch.strided for one in held):
        raise SrbenchError("it holds sparse tensors")
    if any(isinstance(one, torch.jit.ScriptModule) for one in subject.model.modules()):
        raise SrbenchError("it holds modules of TorchScript")
    live = Liveness(held)
    with following(subject.model, live), live:
        yield live


def _listed(missing: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{what} is not known: {why}" for why, what in missing.items())


def _peaks(
    what: str,
    run: Callable[[Call], Pass],
    network: Network,
    counted: Pass | None,
    missing: dict[str, str],
) -> PeakBytes:
    """The peak of the call that was counted, and those of batches of any size."""
    known = counted.highest.alive if counted else None
    size = network.inputs().batch
    if size is None:
        missing.setdefault(NO_BATCH, "any other batch")
        return PeakBytes(known, None)
    one = counted if size == 1 else _tried(f"{what} of one", lambda: run(network.batch(1)), missing)
    lines = _tried(f"{what} of a batch", lambda: _lines(run, network), missing)
    return PeakBytes(known, one.highest.alive if one else None, lines or ())


def _lines(run: Callable[[Call], Pass], network: Network) -> tuple[tuple[int, int], ...]:
    """The peak of a batch of N, from 2 on, as the largest of fixed + N · each over these lines.
    Raises _Uneven if it is not of this form."""
    fewer, more = (run(network.batch(size)).moments for size in NEXT)
    far, confirming = _confirming(run, network)
    ran = [[one.operator for one in moments] for moments in (fewer, more, confirming.moments)]
    if ran[0] != ran[1] or ran[0] != ran[2]:
        raise _Uneven("it runs other operators on another batch")
    every = {
        (NEXT[1] * one.alive - NEXT[0] * other.alive, other.alive - one.alive)
        for one, other in zip(fewer, more, strict=True)
    }
    lines = _highest(every)
    if max(fixed + far * each for fixed, each in lines) != confirming.highest.alive:
        raise _Uneven("it does not grow evenly with the batch")
    return lines


def _confirming(run: Callable[[Call], Pass], network: Network) -> tuple[int, Pass]:
    """A batch that is much larger, and its pass. Raises what the last that is tried raises."""
    *larger, smallest = CONFIRMING
    for size in larger:
        try:
            return size, run(network.batch(size))
        except (RuntimeError, MemoryError) as error:
            if not lacks_memory(error):
                raise
    return smallest, run(network.batch(smallest))


def _highest(lines: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The lines of (fixed, each) that are the highest at some N from 2 on, the flattest first."""
    found = []
    line = max(lines, key=lambda one: (one[0] + NEXT[0] * one[1], one[1]))
    while True:
        found.append(line)
        steeper = [one for one in lines if one[1] > line[1]]
        if not steeper:
            return tuple(found)
        # N at which each of these becomes the higher one
        crossing = {one: Fraction(line[0] - one[0], one[1] - line[1]) for one in steeper}
        line = min(steeper, key=lambda one: (crossing[one], -one[1]))


def _tried(what: str, run: Callable[[], Found], missing: dict[str, str]) -> Found | None:
    """What a run finds; None if it fails. Then ``missing`` has the reason, if it is a new one, and
    what is missing for it."""
    try:
        return run()
    except BaseException as error:
        require_failure(error)
        missing.setdefault(_why(error), what)
        return None


def _why(error: BaseException) -> str:
    if isinstance(error, NeedsValues):
        return f"it needs values ({error})"
    return error.message if isinstance(error, SrbenchError) else one_line(error)
