"""CUDA graphs: what a pass enqueues, captured once, to be replayed with a single launch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import torch

from srbench.errors import SrbenchError
from srbench.failures import lacks_memory, told

Step = Callable[[], object]
WARM_UPS = 3  # libraries choose their kernels and take their workspaces


@dataclass(frozen=True)
class Graph:
    """A step to be replayed, with all that is captured with it: a graph knows addresses alone, and
    what a step reads from outside has to stay where it is."""

    graph: torch.cuda.CUDAGraph
    steps: tuple[Step, ...]

    def __call__(self) -> None:
        self.graph.replay()


def captured(device: torch.device, *steps: Step) -> list[Graph]:
    """The steps, each as a graph. They share their memory: a later one reads what an earlier one
    has left.

    Raises SrbenchError for a step that cannot be captured, and what else it raises.
    """
    stream = _stream(device)
    stream.wait_stream(torch.cuda.current_stream(device))
    try:
        with torch.cuda.stream(stream):  # which is left even where a capture does not end well
            for _ in range(WARM_UPS):
                for step in steps:
                    step()
            _try(steps)
            return [Graph(graph, steps) for graph in _graphs(stream, steps)]
    finally:
        torch.cuda.current_stream(device).wait_stream(stream)


@cache
def _stream(device: torch.device) -> torch.cuda.Stream:
    """The stream on which all graphs of a device are captured: libraries keep a workspace for each,
    and torch's own is on the device where it was used first."""
    return torch.cuda.Stream(device)


def _try(steps: Sequence[Step]) -> None:
    """Raises SrbenchError where the host waits for the device in a step. In a capture that would
    fail as well, and leave torch's random numbers unusable."""
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for step in steps:
            step()
    except RuntimeError as error:
        raise _cause(error) from None
    finally:
        torch.cuda.set_sync_debug_mode(before)


def _graphs(stream: torch.cuda.Stream, steps: Sequence[Step]) -> list[torch.cuda.CUDAGraph]:
    pool = torch.cuda.graph_pool_handle()
    graphs = []
    for step in steps:
        graphs.append(torch.cuda.CUDAGraph())
        try:
            with torch.cuda.graph(graphs[-1], pool=pool, stream=stream):
                step()
        except RuntimeError as error:
            raise _cause(error) from None
    return graphs


def _cause(error: BaseException) -> BaseException:
    """What was wrong first: the end of a failed capture hides it behind an error of its own."""
    while error.__context__ is not None:
        error = error.__context__
    if lacks_memory(error):
        return error
    return SrbenchError(f"it cannot be a CUDA graph: {told(error)}", "leave --cuda-graph out")
