"""What is measured beside the times, with models built anew: peak memory and energy."""

from collections.abc import Callable, Sequence

import torch

from srbench import fresh
from srbench.failures import require_failure, told
from srbench.measure import memory
from srbench.measure.devices import Device
from srbench.measure.energy import energies
from srbench.measure.passes import Subject, around, tasks
from srbench.measure.pinning import Pinned, pinned
from srbench.measure.release import empty, release
from srbench.measure.settings import put_back
from srbench.records import Energy, Memory
from srbench.runner.sampling import Job, Row, Say, subject
from srbench.spec import Spec

Peaks = dict[str, Memory | None]  # by pass


def measure_peaks(
    job: Job, device: Device, rows: Sequence[Row], into: dict[Spec, Peaks], say: Say
) -> None:
    """Peak memory of every model, built alone: on the CPU each in a fresh process.

    What fails here, though it ran before, leaves its cells empty.
    """
    for row in rows:
        if row.spec in into:
            continue
        say(f"memory of {row.name}")
        try:
            if device.peak is None:
                into[row.spec] = fresh.call(peaks_here, job, row, variables=memory.PLAIN_MALLOC)
            else:
                into[row.spec] = _peaks(job, row, device, device.peak)
        except BaseException as error:
            require_failure(error)
            into[row.spec] = {}
            say(f"no memory of {row.name}: {told(error)}")
            release(error)
    empty()


def _peaks(job: Job, row: Row, device: Device, peak: Callable[[Subject, str], Memory]) -> Peaks:
    """Peak memory by the device's own counter; the model is gone on return."""
    with pinned(job.setup) as held:
        model = subject(job, row, device.torch_device, held)
        return {what: peak(model, what) for what in job.plan.passes}


def peaks_here(job: Job, row: Row) -> Peaks:
    """Peak memory on the CPU, to be called in a process of its own."""
    put_back(job.settings)
    with pinned(job.setup) as held:
        model = subject(job, row, torch.device("cpu"), held)
        return memory.in_this_process(model, job.plan.passes)


def measure_energies(
    job: Job, device: Device, rows: Sequence[Row], into: dict[str, dict[str, Energy]], say: Say
) -> None:
    """Energy per image, forward and in training: a backward pass never runs alone.

    What fails here, though it ran before, leaves its cells empty.
    """
    try:
        _measure_energies(job, device, rows, into, say)
    except BaseException as error:
        require_failure(error)
        say(f"no energy: {told(error)}")
        release(error)
    empty()


def _measure_energies(
    job: Job, device: Device, rows: Sequence[Row], into: dict[str, dict[str, Energy]], say: Say
) -> None:
    """The models are gone on return."""
    with pinned(job.setup) as held:
        subjects = {row.name: subject(job, row, device.torch_device, held) for row in rows}
        for what in [what for what in job.plan.passes if what != "backward"]:
            say(f"{what}: energy")
            into[what] = _energies(job, device, subjects, what, held)


def _energies(
    job: Job, device: Device, subjects: dict[str, Subject], what: str, held: Pinned
) -> dict[str, Energy]:
    assert device.gpu
    ready, _ = tasks(subjects, what, held)
    with around(what):
        return energies(
            list(ready.values()), device.clock, device.gpu, job.setup.batch, job.setup.seed
        )
