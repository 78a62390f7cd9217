"""The notes that all comparisons have below their tables."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from srbench.conditions import Input
from srbench.errors import SrbenchError, alternatives, together
from srbench.records.environment import VERSIONS
from srbench.records.timing import AGAIN

if TYPE_CHECKING:
    from srbench.records.record import Record


def sections(keys: Iterable[Any]) -> frozenset[int]:
    """Numbers of the rows where the key changes."""
    return frozenset(
        index for index, (before, now) in enumerate(pairwise(keys), start=1) if before != now
    )


def images(records: "Iterable[Record]") -> str:
    """The sizes of images and the numbers of classes."""
    records = list(records)
    inputs = dict.fromkeys("×".join(map(str, r.input)) for r in records if r.input)
    classes = dict.fromkeys(str(r.num_classes) for r in records if r.num_classes is not None)
    return alternatives(inputs) + (f", {alternatives(classes)} classes" if classes else "")


def runs_on(records: "Iterable[Record]", image: str, call: str) -> str:
    """What the models of rows get, with the words for an image and for a call with other inputs."""
    records = list(records)
    of_images = [record for record in records if record.input]
    others = dict.fromkeys(_inputs(record) for record in records if not record.input)
    return " or ".join(
        [
            *([f"{image} of {images(of_images)}"] if of_images else []),
            *([f"{call} with {alternatives(others)}"] if others else []),
        ]
    )


def given(records: "Iterable[Record]") -> str:
    """Which rows are no specs, but modules or callables that were given; empty if none are."""
    named: dict[str, dict[str, None]] = {}
    for record in records:
        if record.subject != "spec":
            named.setdefault(record.subject, {})[record.spec] = None
    said = [f"{', '.join(names)}: {GIVEN[kind]}" for kind, names in named.items()]
    return f"{'; '.join(said)}." if said else ""


GIVEN = {"module": "given as modules, not as specs", "callable": "given as callables"}


def _inputs(record: "Record") -> str:
    """The inputs as ``float32 1×3×224×224 and mask = bool 1×128``."""
    *others, last = [_written(one) for one in record.inputs] or ["no input"]
    return f"{', '.join(others)} and {last}" if others else last


def _written(text: str) -> str:
    """An input for readers; what is no tensor stays as it is."""
    try:
        one = Input.parse(text)
    except SrbenchError:
        return text
    shape = "×".join(map(str, one.shape)) or "scalar"
    return f"{one.name} = {one.dtype} {shape}" if one.name else f"{one.dtype} {shape}"


def model_name(record: "Record") -> str:
    """The spec, marked if it is the baseline timed a second time."""
    timing = record.timing
    return record.spec + (AGAIN if timing and timing.role == "aa" else "")


def modes(record: "Record") -> str:
    """How a row ran: its precision, and every option of the setup that is not the usual one."""
    assert record.timing
    setup = record.timing.setup
    precision = f"autocast to {setup.dtype}" if setup.amp else setup.dtype
    if record.inputs and not setup.amp and setup.dtype not in " ".join(record.inputs):
        precision = f"converted to {precision}"
    precision += _rounded(record)
    said = {
        "channels_last": setup.channels_last,
        "torch.compile": setup.compile,
        "CUDA graphs": setup.cuda_graph,
        f"optimiser {setup.optimizer}": setup.optimizer,
    }
    return ", ".join([precision, *(mode for mode, is_on in said.items() if is_on)])


def _rounded(record: "Record") -> str:
    """Which float32 work a GPU does in TF32, whose products have the precision of float16."""
    assert record.timing
    setup, facts = record.timing.setup, record.environment
    if setup.amp or setup.dtype != "float32" or not setup.device.startswith("cuda"):
        return ""
    kinds = {"convolutions": "fp32_cuda_conv", "matrix products": "fp32_cuda_matmul"}
    rounded = [kind for kind, name in kinds.items() if facts.get(name) == "tf32"]
    return f" with TF32 {together(rounded)}" if rounded else ""


def chip(record: "Record") -> str:
    """What a row was timed on. Virtual machines call many processors by one name: family, model,
    cache and instructions tell them apart."""
    facts = record.environment
    device = record.timing.setup.device if record.timing else "cpu"
    if device.startswith("cuda"):
        return str(facts.get("gpu") or "unknown")
    if device != "cpu":
        return device
    called = str(facts.get("cpu") or "unknown")
    return ", ".join([called, *_numbers(facts), *_cache(facts), *_instructions(facts)])


def _numbers(facts: Mapping[str, Any]) -> Iterator[str]:
    found = re.fullmatch(r"(\d+)-(\d+)-(\d+)", str(facts.get("cpu_model")))
    if found:
        yield "family {} model {} stepping {}".format(*found.groups())


def _cache(facts: Mapping[str, Any]) -> Iterator[str]:
    size = facts.get("cpu_l3_bytes") or facts.get("cpu_l2_bytes")
    if isinstance(size, int) and size > 0:
        yield f"{size / 2**20:g} MiB of L{3 if facts.get('cpu_l3_bytes') else 2} cache"


INSTRUCTIONS = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "amx_bf16": "AMX",
    "asimd": "NEON",
    "sve": "SVE",
}


def _instructions(facts: Mapping[str, Any]) -> Iterator[str]:
    flags = str(facts.get("cpu_flags") or "").split()
    yield from (name for flag, name in INSTRUCTIONS.items() if flag in flags)


def settings_note(records: "Iterable[Record]") -> str:
    """The defaults of options that specs in the table leave out, each once; empty without any.

    Where they differ between networks, each is given with a row that has it.
    """
    found: dict[str, dict[str, str]] = {}
    for record in records:
        for name, usual in record.settings.items():
            if usual:
                found.setdefault(name, {}).setdefault(usual, record.spec)
    said = [one for name, told in found.items() for one in _omitted(name, told)]
    return f"Defaults: {'; '.join(said)}." if said else ""


def _omitted(name: str, told: Mapping[str, str]) -> Iterator[str]:
    """One block's sets of defaults, without those with which another set begins."""
    kept = [u for u in told if not any(other.startswith(f"{u}, ") for other in told)]
    for usual in kept:
        yield f"{name} {usual}" + (f" (as in {told[usual]})" if len(kept) > 1 else "")


def measured_with(how: str, environment: Mapping[str, Any]) -> str:
    """The versions, and a GPU's driver."""
    known = [(name, environment.get(name)) for name in (*VERSIONS, "cuda", "cudnn", "driver")]
    gpu = environment.get("gpu") is not None
    told = [(k, v) for k, v in known if v is not None and (gpu or k in VERSIONS)]
    return f"{how} with " + ", ".join(f"{name} {value}" for name, value in told) + "."
