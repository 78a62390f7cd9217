"""Holds fixed everything in torch that changes times, while they are measured, and records it."""

import gc
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from srbench.conditions import Setup
from srbench.measure.clocks import Task
from srbench.measure.malloc import freed_memory_kept
from srbench.measure.torch_settings import current, kept, recorded, reset

BUILDING = "building"


@dataclass
class Pinned:
    """Settings that are held, although a network's code may change them.

    ``flags`` are the settings as a record has them. ``changes`` are what a model changed, by its
    name and what it was doing: `BUILDING` or a pass.
    """

    settings: Mapping[str, Any]
    flags: Mapping[str, Any]
    changes: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    _doing: tuple[str, str] | None = None

    def begin(self, model: str, pass_name: str) -> None:
        """Put the settings back before a model does something."""
        self.end()
        self._doing = model, pass_name

    def end(self) -> None:
        """Put the settings back; changes are recorded for the model that began last."""
        if (found := reset(self.settings)) and self._doing:
            self.changes.setdefault(self._doing, {}).update(found)
        self._doing = None
        torch.set_flush_denormal(True)  # torch cannot report whether it is set
        gc.disable()

    def holding(self, task: Task) -> Task:
        """The task, which then begins with the held settings."""

        def prepare() -> None:
            self.begin(task.model, task.pass_name)
            task.prepare()

        return replace(task, prepare=prepare)


@contextmanager
def pinned(setup: Setup, keeps_memory: bool = True) -> Iterator[Pinned]:
    """Hold threads, cuDNN's choice of kernels, denormals, garbage collection and freed memory.

    cuDNN tries its algorithms and keeps the fastest; denormals count as zero; no garbage is
    collected while a call is timed; with ``keeps_memory`` the process keeps what it frees. torch's
    earlier settings are restored at the end.
    """
    collecting, state = gc.isenabled(), torch.random.get_rng_state()
    with kept():
        if setup.threads is not None:
            torch.set_num_threads(setup.threads)
        torch.backends.cudnn.benchmark = True
        denormals = torch.set_flush_denormal(True)
        try:
            torch.manual_seed(setup.seed)
            gc.collect()
            gc.disable()
            with (
                _compiling_everything() if setup.compile else nullcontext(),
                freed_memory_kept() if keeps_memory else nullcontext("up to malloc") as freed,
            ):
                more = {"flush_denormal": denormals, "freed_memory": freed}
                yield Pinned(current(), flags() | more)
        finally:
            torch.set_flush_denormal(False)
            torch.random.set_rng_state(state)
            if collecting:
                gc.enable()


@contextmanager
def _compiling_everything() -> Iterator[None]:
    """Raise torch.compile's limits: all models share one forward's code, and it silently gives up
    on code that it has compiled about eight times. Its advice on the precision, which is held, is
    hidden."""
    import torch._dynamo

    many = 10_000
    limits = torch._dynamo.config.patch(
        recompile_limit=many,
        accumulated_recompile_limit=many,
        fail_on_recompile_limit_hit=True,
    )
    with limits, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "TensorFloat32 tensor cores", UserWarning)
        yield


def flags() -> dict[str, Any]:
    """torch's settings that change times, as they are now, and the libraries that it uses."""
    return recorded(current()) | {
        "interop_threads": torch.get_num_interop_threads(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version() if torch.cuda.is_available() else None,
    }
