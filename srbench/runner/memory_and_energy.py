"""Measures peak memory and energy, after the times and with newly built models."""

from collections.abc import Callable, Sequence

import torch

from srbench.errors import one_line, require_failure
from srbench.measure import fresh_process, memory
from srbench.measure.devices import Device
from srbench.measure.energy import energies
from srbench.measure.free_memory import empty, release
from srbench.measure.latency import Deadline
from srbench.measure.passes import Loaded, inference_context, tasks
from srbench.measure.pinning import pinned
from srbench.measure.torch_settings import reset
from srbench.records.timing import Energy, Memory
from srbench.runner.sampling import Candidate, LineUp, Say, loaded, time_left

Peaks = dict[str, Memory | None]  # by pass


def measure_peaks(
    line_up: LineUp,
    device: Device,
    rows: Sequence[Candidate],
    deadline: Deadline,
    peaks: dict[str, Peaks],
    say: Say,
) -> None:
    """Measure the peak memory of every model, built alone: on the CPU each in a fresh process.

    A model that fails here, though it ran before, has empty cells. So has a model that would exceed
    the deadline if it took as long as those before it.
    """
    first: dict[str, Candidate] = {}  # of each model: with --aa both baselines have one peak
    for row in rows:
        if device.peak or row.subject.can_be_sent:
            first.setdefault(row.subject.name, row)
    begin = deadline.clock.now()
    for done, row in enumerate(first.values()):
        mean = (deadline.clock.now() - begin) / max(1, done)
        if deadline.left < mean:
            return
        about = f", about {mean * (len(first) - done):.0f} s left" if done else time_left(deadline)
        say(f"memory of {row.name}{about}")
        try:
            if device.peak is None:
                peaks[row.subject.name] = fresh_process.call(
                    peaks_here, line_up, row, variables=memory.PLAIN_MALLOC
                )
            else:
                peaks[row.subject.name] = _peaks(line_up, row, device, device.peak)
        except BaseException as error:
            require_failure(error)
            peaks[row.subject.name] = {}
            say(f"memory of {row.name} could not be measured: {one_line(error)}")
            release(error)
    empty()


def _peaks(
    line_up: LineUp, row: Candidate, device: Device, peak: Callable[[Loaded, str], Memory]
) -> Peaks:
    """Peak memory by the device's own counter; the model is released on return."""
    with pinned(line_up.setup) as held:
        model = loaded(line_up, row, device.torch_device, held)
        return {pass_name: peak(model, pass_name) for pass_name in line_up.plan.passes}


def peaks_here(line_up: LineUp, row: Candidate) -> Peaks:
    """Peak memory on the CPU, to be called in a separate process."""
    reset(line_up.settings)
    with pinned(line_up.setup, keeps_memory=False) as held:
        model = loaded(line_up, row, torch.device("cpu"), held)
        return memory.in_this_process(model, line_up.plan.passes)


def measure_energies(
    line_up: LineUp,
    device: Device,
    rows: Sequence[Candidate],
    deadline: Deadline,
    joules: dict[str, dict[str, Energy]],
    say: Say,
) -> None:
    """Measure the energy per image, forward and in training: a backward pass never runs alone.

    If this fails, though the models ran before, the cells are empty.
    """
    try:
        _measure_energies(line_up, device, rows, deadline, joules, say)
    except BaseException as error:
        require_failure(error)
        say(f"energy could not be measured: {one_line(error)}")
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
    """The models are released on return."""
    assert device.gpu
    passes = [pass_name for pass_name in line_up.plan.passes if pass_name != "backward"]
    with pinned(line_up.setup) as held:
        models = {row.name: loaded(line_up, row, device.torch_device, held) for row in rows}
        for number, pass_name in enumerate(passes):
            say(f"{pass_name}: energy{time_left(deadline)}")
            ready, _ = tasks(models, pass_name, held)
            share = deadline.left / (len(passes) - number)
            with inference_context(pass_name, line_up.is_called_as_it_is):
                joules[pass_name] = energies(
                    list(ready.values()),
                    device.clock,
                    device.gpu,
                    line_up.setup.batch,
                    line_up.setup.seed,
                    Deadline.after(deadline.clock, share),
                )
