"""``srbench.time``: how long specs, modules and callables take, compared with their baselines."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, overload

import torch
from torch import nn

from srbench.conditions import DTYPES, PASSES, Plan
from srbench.errors import SrbenchError
from srbench.library.checking import (
    as_inputs,
    as_name,
    as_variants,
    require_known,
    require_none,
    require_specs,
    require_types,
)
from srbench.library.given import Asked, Shape, home, is_given, subjects
from srbench.library.shown import ShownResults
from srbench.measure.devices import opened, resolve
from srbench.models.subject import FromSpec, Given, Subject
from srbench.records.record import Record
from srbench.runner import timing
from srbench.spec.cases import Size, cases
from srbench.spec.parse import Spec

SETTINGS = ("device", "batch", "dtype", "amp", "channels_last", "compile", "cuda_graph", "threads")
OPTIONS = (
    *("variants", "input_size", "num_classes", "inputs", *SETTINGS),
    *("seed", "optimizer", "aa", "plan"),
)
FORWARD = ("forward",)
Timed = nn.Module | Callable[..., Any]


@overload
def time(
    spec: str | Spec,
    /,
    *specs: str | Spec,
    variants: Sequence[str] = (),
    input_size: Size | None = None,
    num_classes: int | None = None,
    inputs: Any = None,
    device: str | torch.device | None = None,
    batch: int | None = None,
    dtype: str | torch.dtype | None = None,
    amp: bool = False,
    channels_last: bool = False,
    compile: bool = False,
    cuda_graph: bool = False,
    threads: int | None = None,
    seed: int = 0,
    optimizer: str | None = None,
    aa: bool = False,
    plan: Plan | None = None,
) -> ShownResults: ...
@overload
def time(
    model: Timed | Mapping[str, Timed] | Sequence[Timed],
    /,
    *args: Any,
    input_size: Shape | None = None,
    inputs: Any = None,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    amp: bool = False,
    channels_last: bool = False,
    compile: bool = False,
    cuda_graph: bool = False,
    threads: int | None = None,
    seed: int = 0,
    optimizer: str | None = None,
    aa: bool = False,
    plan: Plan | None = None,
    **keywords: Any,
) -> ShownResults: ...
def time(
    what: Any,
    /,
    *others: Any,
    variants: Sequence[str] = (),
    input_size: Any = None,
    num_classes: int | None = None,
    inputs: Any = None,
    device: str | torch.device | None = None,
    batch: int | None = None,
    dtype: str | torch.dtype | None = None,
    amp: bool = False,
    channels_last: bool = False,
    compile: bool = False,  # noqa: A002 - torch's name
    cuda_graph: bool = False,
    threads: int | None = None,
    seed: int = 0,
    optimizer: str | None = None,
    aa: bool = False,
    plan: Plan | None = None,
    **keywords: Any,
) -> ShownResults:
    """Time the forward pass, backward pass and training step of specs, modules or callables.

    Modules are left as they were: copies of them are timed, in evaluation mode for the forward
    pass. A callable is called as it is, with the gradients on or off as they are now; beside one,
    modules are called in the same way, and only forward.

    Args:
        what, others, input_size, inputs, keywords: as for `srbench.count`; a function instead of a
            module, too. Of a spec with ``inputs``, these hold the batch.
        variants, num_classes: as for `srbench.count`.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"`` or ``"all"``, or several of these
            separated by commas. By default every GPU present, else the CPU; for modules and
            callables the device that they are on.
        batch: images per batch of a spec; by default 1 on a CPU and 32 elsewhere.
        dtype: ``"float32"``, ``"float16"``, ``"bfloat16"`` or ``"float64"``; with ``amp``,
            autocast's dtype. By default float32; a module keeps its own.
        amp, channels_last, compile, cuda_graph, threads, seed, optimizer: see
            `srbench.conditions.Setup`.
        aa: time the baseline twice, to show the noise.
        plan: passes, rounds, processes and budget; see `srbench.conditions.Plan`.

    Returns:
        One record per row, which prints as a table.

    Raises:
        SrbenchError: for bad input, with the remedy.
    """
    whole = "a whole number"
    on, kind = as_name("device", device), as_name("dtype", dtype)
    require_types(
        batch=(batch, int, whole),
        num_classes=(num_classes, int, whole),
        threads=(threads, int, whole),
        seed=(seed, int, whole),
        plan=(plan, Plan, 'a plan: Plan(("forward",), time_budget=60), of srbench.conditions'),
    )
    plan = plan or Plan()
    how = {
        "amp": amp,
        "channels_last": channels_last,
        "compile": compile,
        "cuda_graph": cuda_graph,
        "threads": threads,
        "seed": seed,
        "optimizer": optimizer,
    }
    wanted: Sequence[Subject]
    if is_given(what):
        options = {"variants": variants, "num_classes": num_classes, "batch": batch}
        require_none(options, "what was given is timed as it is, with its inputs")
        asked = Asked(others, keywords, inputs, input_size)
        given = subjects(what, asked, OPTIONS, kind, is_timed=True)
        how |= {"batch": 1, "dtype": kind or _dtype(given, amp)}
        wanted = given
        on, plan = on or home(given), _plan(given, plan)
    else:
        require_specs([what, *others])
        require_known(keywords, OPTIONS)
        shapes = as_inputs(inputs)
        require_none({"batch": batch if shapes else None}, "the inputs have their batch")
        found = cases(
            [what, *others],
            as_variants(variants),
            (),
            size=input_size,
            num_classes=num_classes,
            inputs=shapes,
        )
        wanted = [FromSpec(case) for case in found]
        how |= {"batch": 1 if shapes else batch, "dtype": kind}
    with torch.random.fork_rng(devices=()), _gradients(wanted):
        return ShownResults(list(_run(wanted, on, how, plan, aa)))


@contextmanager
def _gradients(wanted: Sequence[Subject]) -> Iterator[None]:
    """Gradients for specs and modules, also where the caller has turned them off."""
    if any(one.is_called_as_it_is for one in wanted):
        yield
        return
    with torch.inference_mode(False), torch.enable_grad():
        yield


def _run(
    wanted: Sequence[Subject], device: str | None, how: Mapping[str, Any], plan: Plan, aa: bool
) -> Iterator[Record]:
    for name in resolve(device):
        with opened(name) as opened_device:
            setup = timing.setup_for(opened_device, **how)
            yield from timing.time(wanted, setup, plan, opened_device, aa=aa)


def _dtype(given: Sequence[Given], amp: bool) -> str | None:
    """The dtype of the baseline's weights, or autocast's default, as None."""
    if amp:
        return None
    for one in given:
        if one.own_dtype not in DTYPES:
            raise SrbenchError(
                f"{one.name} is in {one.own_dtype}", f"give dtype= one of {', '.join(DTYPES)}"
            )
    return given[0].own_dtype


def _plan(given: Sequence[Given], plan: Plan) -> Plan:
    """The plan with the passes that are possible: a callable, and a module without trainable
    parameters, has only a forward pass.

    Raises SrbenchError if others are asked for, and if fresh processes would have to build objects.
    """
    if plan.processes > 1:
        raise SrbenchError(
            "objects are timed in one process: a fresh one could not build them",
            "leave processes out, or name a spec, such as mypackage:make",
        )
    called = any(one.kind == "callable" for one in given)
    trained = any(p.requires_grad for one in given for p in one.model.parameters())
    if trained and not called:
        return plan
    if plan.passes not in (PASSES, FORWARD):
        raise SrbenchError(
            "a callable has only a forward pass"
            if called
            else "a module without trainable parameters has only a forward pass",
            'give plan=Plan(("forward",))',
        )
    return replace(plan, passes=FORWARD)
