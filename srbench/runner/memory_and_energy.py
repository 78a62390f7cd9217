"""What is measured beside the times, with models built anew: peak memory and energy."""

from collections.abc import Callable, Sequence

import torch

from srbench.errors import require_failure, told
from srbench.measure import fresh_process, memory
from srbench.measure.devices import Device
from srbench.measure.energy import energies
from srbench.measure.latency import Deadline
from srbench.measure.passes import Subject, inference_context, tasks
from srbench.measure.pinning import pinned
from srbench.measure.release import empty, release
from srbench.measure.torch_settings import put_back
from srbench.records.timing import Energy, Memory
from srbench.runner.sampling import Candidate, LineUp, Say, at_most, subject
from srbench.spec.parse import Spec

Peaks = dict[str, Memory | None]  # by pass


def measure_peaks(
    line_up: LineUp,
    device: Device,
    rows: Sequence[Candidate],
    deadline: Deadline,
    peaks: dict[Spec, Peaks],
    say: Say,
) -> None:
    """Peak memory of every model, built alone: on the CPU each in a fresh process.

    What fails here, though it ran before, leaves its cells empty, and so does what would not be
    done in time, if it takes as long as those before it.
    """
    first: dict[Spec, Candidate] = {}  # of each spec: the baseline again has the baseline's peak
    for row in rows:
        first.setdefault(row.spec, row)
    begin = deadline.clock.now()
    for done, row in enumerate(first.values()):
        mean = (deadline.clock.now() - begin) / max(1, done)
        if deadline.left < mean:
            return
        about = f", about {mean * (len(first) - done):.0f} s left" if done else at_most(deadline)
        say(f"memory of {row.name}{about}")
        try:
            if device.peak is None:
                peaks[row.spec] = fresh_process.call(
                    peaks_here, line_up, row, variables=memory.PLAIN_MALLOC
                )
            else:
                peaks[row.spec] = _peaks(line_up, row, device, device.peak)
        except BaseException as error:
            require_failure(error)
            peaks[row.spec] = {}
            say(f"no memory of {row.name}: {told(error)}")
            release(error)
    empty()


def _peaks(
    line_up: LineUp, row: Candidate, device: Device, peak: Callable[[Subject, str], Memory]
) -> Peaks:
    """Peak memory by the device's own counter; the model is gone on return."""
    with pinned(line_up.setup) as held:
        model = subject(line_up, row, device.torch_device, held)
        return {pass_name: peak(model, pass_name) for pass_name in line_up.plan.passes}


def peaks_here(line_up: LineUp, row: Candidate) -> Peaks:
    """Peak memory on the CPU, to be called in a process of its own."""
    put_back(line_up.settings)
    with pinned(line_up.setup, keeps_memory=False) as held:
        model = subject(line_up, row, torch.device("cpu"), held)
        return memory.in_this_process(model, line_up.plan.passes)


def measure_energies(
    line_up: LineUp,
    device: Device,
    rows: Sequence[Candidate],
    deadline: Deadline,
    joules: dict[str, dict[str, Energy]],
    say: Say,
) -> None:
    """Energy per image, forward and in training: a backward pass never runs alone.

    What fails here, though it ran before, leaves its cells empty.
    """
    try:
        _measure_energies(line_up, device, rows, deadline, joules, say)
    except BaseException as error:
        require_failure(error)
        say(f"no energy: {told(error)}")
        release(error)
    empty()


def _measure_energies(
    line_up: LineUp,
    device: Device,
    rows: Sequence[Candidate],
    deadline: Deadline,
    joules: dict[str, dict[str, Energy]],
    say: Say,
) -> None:
    """The models are gone on return."""
    assert device.gpu
    passes = [pass_name for pass_name in line_up.plan.passes if pass_name != "backward"]
    with pinned(line_up.setup) as held:
        subjects = {row.name: subject(line_up, row, device.torch_device, held) for row in rows}
        for number, pass_name in enumerate(passes):
            say(f"{pass_name}: energy{at_most(deadline)}")
            ready, _ = tasks(subjects, pass_name, held)
            share = deadline.left / (len(passes) - number)
            with inference_context(pass_name):
                joules[pass_name] = energies(
                    list(ready.values()),
                    device.clock,
                    device.gpu,
                    line_up.setup.batch,
                    line_up.setup.seed,
                    Deadline.after(deadline.clock, share),
                )
