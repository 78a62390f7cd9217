"""All that is known about this machine: what records keep, and its current state."""

from typing import Any

from srbench.conditions import Setup
from srbench.measure import nvml
from srbench.measure.devices import opened, resolve
from srbench.measure.pinning import pinned
from srbench.records import environment


def surroundings() -> dict[str, dict[str, Any]]:
    """Facts by part: versions, machine, torch's flags as they are held while timing, the current
    state, and each device. A fact that is not known is None."""
    names = resolve("all")  # first: this hides torch's warning about a GPU that it cannot use
    with pinned(Setup()) as held:
        parts = {
            "versions": dict(environment.versions()),
            "machine": environment.machine(),
            "torch": dict(held.flags),
        }
    for name in names:
        if name != "cpu":
            with opened(name) as device:
                parts[name] = dict(device.facts)
    return parts | {"now": environment.state() | _gpus_now()}


def _gpus_now() -> dict[str, Any]:
    """The state of every GPU that the driver reports, and whether it counts energy."""
    with nvml.library() as library:
        found: dict[str, Any] = {"energy_counter": None}
        for index, gpu in nvml.gpus(library).items():
            state = gpu.state() | {"energy_counter_j": gpu.joules()}
            found |= {f"{key} {index}": value for key, value in state.items()}
            found["energy_counter"] = gpu.joules() is not None
        return found
