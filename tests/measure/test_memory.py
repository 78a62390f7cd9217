"""Peak memory against what the tensors must take."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from srbench.conditions import Setup
from srbench.measure import fresh_process, memory
from srbench.measure.passes import Loaded
from srbench.shapes.call import Call

MB = 10**6


class Held(nn.Module):
    """Holds ``size`` bytes besides its output, in the middle of its forward."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        held = torch.ones(self.size, dtype=torch.uint8)
        return self.scale * x * held[0]


def peaks_of(sizes: Sequence[int]) -> list[int]:
    """To be called in a fresh process, in which nothing else has been freed."""
    return [peak_of(size) for size in sizes]


def peak_of(size: int) -> int:
    subject = Loaded("held", Held(size), Call((torch.ones(4),)), Setup(), torch.device("cpu"))
    found = memory.in_this_process(subject, ("forward", "train"))
    assert found["forward"] is not None
    return found["forward"].allocated


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_the_peak_on_the_cpu_is_what_was_held() -> None:
    sizes = [50 * MB, 200 * MB, 50 * MB]
    found = fresh_process.call(peaks_of, sizes, variables=memory.PLAIN_MALLOC)
    assert found == pytest.approx(sizes, abs=2 * MB)


def test_the_peak_is_none_if_the_system_does_not_report_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(memory, "_PROC", tmp_path)
    subject = Loaded("held", Held(10), Call((torch.ones(4),)), Setup(), torch.device("cpu"))
    assert memory.in_this_process(subject, ("forward",)) == {"forward": None}


def test_the_peak_on_a_gpu_excludes_memory_allocated_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log: list[str] = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    told = {"memory_allocated": 100, "memory_reserved": 200}
    told |= {"max_memory_allocated": 170, "max_memory_reserved": 900}
    for name, value in told.items():
        monkeypatch.setattr(torch.cuda, name, lambda device, n=name, v=value: log.append(n) or v)
    for name in ("empty_cache", "reset_peak_memory_stats", "synchronize"):
        monkeypatch.setattr(torch.cuda, name, lambda device=None, n=name: log.append(n))
    subject = Loaded("held", Held(10), Call((torch.ones(4),)), Setup(), torch.device("cpu"))
    subject.model.register_forward_hook(lambda *a: log.append("forward"))
    found = memory.on_cuda(subject, "forward")
    assert (found.allocated, found.reserved) == (70, 700)
    warm, empty, reset = (
        log.index(n) for n in ("forward", "empty_cache", "reset_peak_memory_stats")
    )
    assert warm < empty < reset < log.index("forward", reset)
    assert log.index("forward") < log.index("synchronize") < log.index("max_memory_allocated")
    assert subject.model.scale.grad is None
