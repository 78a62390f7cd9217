"""Peak memory of a pass, above the weights and the batch, which are there anyway.

It is measured in a separate pass after the timing. On a GPU torch's allocator counts every byte:
what the tensors took, and what it reserved for them. On the CPU nothing does, so the peak is that
of the resident memory of a fresh process, in which no other model has left anything behind.
"""

import gc
from collections.abc import Sequence
from pathlib import Path

import torch

from srbench.measure.free_memory import empty
from srbench.measure.malloc import return_freed_memory
from srbench.measure.passes import Loaded, inference_context, task
from srbench.records.timing import Memory

_PROC = Path("/proc/self")
# With these, glibc returns every large block at once instead of learning to keep it.
PLAIN_MALLOC = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1"}


def on_cuda(subject: Loaded, pass_name: str) -> Memory:
    """Peak of one pass by torch's allocator, in bytes. A CUDA graph has the peak of making it, when
    its memory is allocated, including cuBLAS's workspace. Raises what the pass raises."""
    device = subject.device
    _run(subject, pass_name)  # libraries allocate workspaces and choose kernels: not counted
    empty()
    torch.cuda.reset_peak_memory_stats(device)
    allocated, reserved = torch.cuda.memory_allocated(device), torch.cuda.memory_reserved(device)
    _run(subject, pass_name)
    torch.cuda.synchronize(device)
    return Memory(
        torch.cuda.max_memory_allocated(device) - allocated,
        torch.cuda.max_memory_reserved(device) - reserved,
    )


def in_this_process(subject: Loaded, passes: Sequence[str]) -> dict[str, Memory | None]:
    """Peak of each pass on the CPU, in bytes, by the resident memory of this process, which must be
    fresh and started with `PLAIN_MALLOC`; None if this system does not report it."""
    found: dict[str, Memory | None] = {}
    for pass_name in passes:
        # This run starts threads and compiles kernels, whose memory is not counted.
        _run(subject, pass_name)
        gc.collect()
        return_freed_memory()  # else memory left from building would hide what a pass takes
        resident = _status("VmRSS")
        _forget_peak()
        _run(subject, pass_name)
        peak = _status("VmHWM")
        if resident is None or peak is None:
            found[pass_name] = None
        else:
            found[pass_name] = Memory(max(0, peak - resident), None)
    return found


def _run(subject: Loaded, pass_name: str) -> None:
    """Run one pass with its preparation, and drop its gradients."""
    once = task(subject, pass_name)
    with inference_context(pass_name):
        once.prepare()
        once.run()
    subject.model.zero_grad(set_to_none=True)


def _status(field: str) -> int | None:
    """A field of this process's status on Linux, in bytes."""
    try:
        lines = (_PROC / "status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(field)), None)


def _forget_peak() -> None:
    """Reset the peak, if the system allows it; else it stays the peak of the whole process."""
    try:
        (_PROC / "clear_refs").write_text("5")
    except OSError:
        return
