"""Everything in torch that changes a time, held fixed while it is measured, and told."""

import gc
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from srbench.conditions import Setup


@contextmanager
def pinned(setup: Setup) -> Iterator[dict[str, Any]]:
    """Hold threads, cuDNN's choice of kernels, denormals and garbage collection; yields the flags.

    cuDNN tries its algorithms and keeps the fastest; denormals count as zero; nothing is collected
    while a call is timed. What torch had before comes back.
    """
    before = torch.get_num_threads(), torch.backends.cudnn.benchmark, gc.isenabled()
    state = torch.random.get_rng_state()
    if setup.threads is not None:
        torch.set_num_threads(setup.threads)
    torch.backends.cudnn.benchmark = True
    denormals = torch.set_flush_denormal(True)
    torch.manual_seed(setup.seed)
    gc.collect()
    gc.disable()
    try:
        with _compiling_everything() if setup.compile else nullcontext():
            yield flags() | {"flush_denormal": denormals}
    finally:
        threads, torch.backends.cudnn.benchmark, collecting = before
        torch.set_num_threads(threads)
        torch.set_flush_denormal(False)
        torch.random.set_rng_state(state)
        if collecting:
            gc.enable()


def _compiling_everything() -> AbstractContextManager[object]:
    """All models share one forward's code, and torch.compile gives up, silently, on code that it
    has compiled some eight times."""
    import torch._dynamo

    many = 10_000
    return torch._dynamo.config.patch(  # type: ignore[no-any-return]
        recompile_limit=many,
        accumulated_recompile_limit=many,
        fail_on_recompile_limit_hit=True,
    )


def flags() -> dict[str, Any]:
    """torch's settings that change times, as they are now, and the libraries it stands on."""
    cudnn = torch.backends.cudnn
    return {
        "threads": torch.get_num_threads(),
        "interop_threads": torch.get_num_interop_threads(),
        "tf32_matmul": torch.get_float32_matmul_precision() != "highest",
        "tf32_cudnn": cudnn.allow_tf32,
        "cudnn_benchmark": cudnn.benchmark,
        "deterministic": torch.are_deterministic_algorithms_enabled() or cudnn.deterministic,
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "cuda": torch.version.cuda,
        "cudnn": cudnn.version() if torch.cuda.is_available() else None,
    }
