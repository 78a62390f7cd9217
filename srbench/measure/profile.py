"""Where the time of a forward pass goes: stage by stage, and in the inserted blocks."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from srbench.files import write_whole
from srbench.measure.clocks import Clock
from srbench.measure.passes import Loaded, inference_context
from srbench.measure.passes import task as make_task

WARM_UP = 3
TRACED = 3  # passes in a trace


@dataclass(frozen=True)
class Span:
    """Modules that run one after the other, or the blocks of one kind in a stage.

    ``spans`` are the modules (first, last) that it begins and ends with, a pair for each time it
    runs.
    """

    name: str
    stage: str
    is_block: bool
    modules: tuple[str, ...]
    spans: tuple[tuple[str, str], ...]


def time_parts(
    subject: Loaded, parts: Sequence[Span], clock: Clock, rounds: int
) -> tuple[dict[Span, list[float]], list[float]]:
    """Seconds of each part in each round, summed over the times it runs, and of the whole pass.

    The whole pass is timed without marks, in turn with passes that have them. Raises what the
    forward raises.
    """
    task = make_task(subject, "forward")
    seconds: dict[Span, list[float]] = {part: [] for part in parts}
    whole = []
    with inference_context("forward"):
        for number in range(WARM_UP + rounds):
            alone = clock.read([clock.measure(task)])
            marks = _Marks(clock)
            with _Hooks(subject.model, parts, marks):
                clock.read([clock.measure(task)])
            if number >= WARM_UP:
                whole += alone
                for part in parts:
                    seconds[part].append(sum(clock.between(marks.pairs[part])))
    return seconds, whole


def bytes_moved(subject: Loaded, parts: Sequence[Span]) -> dict[Span, int]:
    """Bytes of each part's input, output and parameters, each once: the least possible."""
    sizes = _Sizes()
    with inference_context("forward"), _Hooks(subject.model, parts, sizes):
        make_task(subject, "forward").run()
    return {
        part: sizes.bytes[part]
        + sum(
            parameter.numel() * parameter.element_size()
            for name in part.modules
            for parameter in subject.model.get_submodule(name).parameters()
        )
        for part in parts
    }


def write_trace(subject: Loaded, parts: Sequence[Span], clock: Clock, path: Path) -> None:
    """Write a trace by torch.profiler of a few forward passes, in Chrome's format, which Perfetto
    opens. It shows the parts by name.

    Raises SrbenchError if the file cannot be written.
    """
    activities = [torch.profiler.ProfilerActivity.CPU]
    if subject.device.type == "cuda":
        activities.append(torch.profiler.ProfilerActivity.CUDA)
    task = make_task(subject, "forward")
    with inference_context("forward"):
        for _ in range(WARM_UP):
            task.run()
        with (
            _Hooks(subject.model, parts, _Named()),
            # There is only one cycle of events; else torch 2.11 warns that it drops earlier ones.
            torch.profiler.profile(activities=activities, acc_events=True) as profiler,
        ):
            for _ in range(TRACED):
                clock.wall(task)
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder, "trace.json")
        profiler.export_chrome_trace(str(trace))
        write_whole(path, trace.read_bytes())


class _Hooks:
    """While entered, calls ``at.begin(part)`` and ``at.end(part)`` where a part begins and ends."""

    def __init__(self, model: nn.Module, parts: Sequence[Span], at: Any) -> None:
        self._model, self._parts, self._at = model, parts, at
        self._handles: list[Any] = []

    def __enter__(self) -> None:
        for part in self._parts:
            for first, last in part.spans:
                self._handles += [
                    self._model.get_submodule(first).register_forward_pre_hook(self._begin(part)),
                    self._model.get_submodule(last).register_forward_hook(self._end(part)),
                ]

    def __exit__(self, *error: object) -> None:
        for handle in self._handles:
            handle.remove()

    def _begin(self, part: Span) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            self._at.begin(part, inputs[0])

        return hook

    def _end(self, part: Span) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: object, output: Tensor) -> None:
            self._at.end(part, output)

        return hook


class _Marks:
    """Pairs of marks, by part."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.pairs: dict[Span, list[tuple[Any, Any]]] = {}
        self._open: dict[Span, Any] = {}

    def begin(self, part: Span, x: Tensor) -> None:
        self._open[part] = self._clock.mark()

    def end(self, part: Span, y: Tensor) -> None:
        mark = self._clock.mark()
        self.pairs.setdefault(part, []).append((self._open.pop(part), mark))


class _Sizes:
    """Bytes of inputs and outputs, by part."""

    def __init__(self) -> None:
        self.bytes: dict[Span, int] = {}

    def begin(self, part: Span, x: Tensor) -> None:
        self.bytes[part] = self.bytes.get(part, 0) + x.numel() * x.element_size()

    end = begin


class _Named:
    """Names the parts in a trace."""

    def __init__(self) -> None:
        self._open: dict[Span, Any] = {}

    def begin(self, part: Span, x: Tensor) -> None:
        name = f"{part.stage} {part.name}" if part.is_block else part.name
        self._open[part] = torch.profiler.record_function(name)
        self._open[part].__enter__()

    def end(self, part: Span, y: Tensor) -> None:
        self._open.pop(part).__exit__(None, None, None)
