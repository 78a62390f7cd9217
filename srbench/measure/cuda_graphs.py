"""CUDA graphs: the work of a pass, captured once and replayed with a single launch."""

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

from srbench.errors import SrbenchError, lacks_memory, one_line

Step = Callable[[], object]
WARM_UPS = 3  # in which libraries choose kernels and allocate workspaces


@dataclass(frozen=True)
class Graph:
    """A captured step, with all steps that were captured with it. A graph holds only addresses, so
    that the tensors that its steps read must stay where they are."""

    graph: torch.cuda.CUDAGraph
    steps: tuple[Step, ...]

    def __call__(self) -> None:
        self.graph.replay()


def captured(device: torch.device, *steps: Step, is_known: bool = False) -> list[Graph]:
    """The steps, each as a graph. They share their memory, so that a later step can read the
    results of an earlier one.

    Steps that are known were captured before, with their tensors at other places: they are neither
    warmed up nor tried again, which would take most of the time.

    Raises SrbenchError for a step that cannot be captured, and any other error of a step.
    """
    stream = _stream(device)
    stream.wait_stream(torch.cuda.current_stream(device))
    try:
        with torch.cuda.stream(stream):  # left even if a capture fails
            if not is_known:
                _warm_up(steps)
                _try(steps)
            pool = torch.cuda.graph_pool_handle()
            return [Graph(_capture(step, stream, pool), steps) for step in steps]
    finally:
        with suppress(RuntimeError):  # after an error on the device, every call raises it
            torch.cuda.current_stream(device).wait_stream(stream)


def _warm_up(steps: Sequence[Step]) -> None:
    for _ in range(WARM_UPS):
        for step in steps:
            step()


@cache
def _stream(device: torch.device) -> torch.cuda.Stream:
    """The stream on which all graphs of a device are captured. torch's own capture stream stays on
    the device where it was used first."""
    return torch.cuda.Stream(device)


def _try(steps: Sequence[Step]) -> None:
    """Raises SrbenchError if the host waits for the device in a step: a capture would fail."""
    before = torch.cuda.get_sync_debug_mode()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Synchronization debug mode", UserWarning)
            torch.cuda.set_sync_debug_mode("error")
        for step in steps:
            step()
    except RuntimeError as error:
        raise _refusal(error) from None
    finally:
        torch.cuda.set_sync_debug_mode(before)


def _capture(step: Step, stream: torch.cuda.Stream, pool: Any) -> torch.cuda.CUDAGraph:
    """A graph of the step, with a cuBLAS workspace in its own memory. A shared workspace could be
    freed while the graph is replayed, and would be in the peak memory of some graphs or of none."""
    graph, first = torch.cuda.CUDAGraph(), None
    _forget_workspaces()
    try:
        with torch.cuda.graph(graph, pool=pool, stream=stream):
            try:
                step()
            except RuntimeError as error:
                first = error  # the end of the capture hides it behind another error
                raise
    except RuntimeError as error:
        _end_capturing(stream.device)
        raise _refusal(first or error) from None
    finally:
        _forget_workspaces()
    return graph


def _end_capturing(device: torch.device) -> None:
    """Let random numbers be drawn again: after a failed capture, torch believes that it still goes
    on, until another capture succeeds."""
    with suppress(RuntimeError), torch.cuda.graph(torch.cuda.CUDAGraph()):
        torch.zeros(1, device=device)


def _forget_workspaces() -> None:
    """Free cuBLAS's workspaces, as torch.compile does around its graphs."""
    torch._C._cuda_clearCublasWorkspaces()


def _refusal(error: RuntimeError) -> BaseException:
    if lacks_memory(error):
        return error
    return SrbenchError(
        f"it cannot be captured as a CUDA graph: {one_line(error)}", "leave --cuda-graph out"
    )
