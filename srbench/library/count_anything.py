"""``srbench.count``: the parameters, MACs and FLOPs of specs and of modules."""

from collections.abc import Mapping, Sequence
from typing import Any, overload

from torch import nn, random

from srbench.library.checking import (
    as_inputs,
    as_variants,
    require_known,
    require_none,
    require_specs,
    require_types,
)
from srbench.library.given import Asked, Shape, is_given, subjects
from srbench.library.shown import ShownResults
from srbench.runner import counting
from srbench.spec.cases import Size, cases
from srbench.spec.parse import Spec

OPTIONS = (
    *("variants", "input_size", "num_classes", "inputs"),
    *("with_memory", "with_conventions"),
)


@overload
def count(
    spec: str | Spec,
    /,
    *specs: str | Spec,
    variants: Sequence[str] = (),
    input_size: Size | None = None,
    num_classes: int | None = None,
    inputs: Any = None,
    with_memory: bool = False,
    with_conventions: bool = False,
) -> ShownResults: ...
@overload
def count(
    model: nn.Module | Mapping[str, nn.Module] | Sequence[nn.Module],
    /,
    *args: Any,
    input_size: Shape | None = None,
    inputs: Any = None,
    with_memory: bool = False,
    with_conventions: bool = False,
    **keywords: Any,
) -> ShownResults: ...
def count(
    what: Any,
    /,
    *others: Any,
    variants: Sequence[str] = (),
    input_size: Any = None,
    num_classes: int | None = None,
    inputs: Any = None,
    with_memory: bool = False,
    with_conventions: bool = False,
    **keywords: Any,
) -> ShownResults:
    """Count the parameters, MACs and FLOPs of specs and their baselines, or of modules.

    A module is counted in evaluation mode, and left as it was: copies of it and of its inputs are
    used. Its counts are those of one call with these inputs.

    Args:
        what: a spec, such as ``"resnet50+sr"``; a module; several by name, of which the one called
            ``"baseline"``, or else the first, is what the others are compared with; or a list.
        others: further specs, or the inputs of the module by position.
        variants: blocks that add one more row per backbone, such as ``"se+sr:memories=4"``.
        input_size: of a spec one side, ``(height, width)`` or ``"192x256"``, in pixels; by default
            each network's default input size, mostly 224. Of a module the shape of one example
            without the batch, such as ``(3, 224, 224)``, or a list of several.
        num_classes: the number of logits; by default each network's default, mostly 1000.
        inputs: all inputs in one argument: a tuple by position, a dict by name, or one input. Of a
            spec tensors, or texts such as ``"int64:1x128"``.
        with_memory: also work out how many bytes inference and training need, for the columns
            ``peak_inference_bytes``, ``training_bytes`` and ``max_batch@80GiB``.
        with_conventions: also work out the totals that other tools would print, such as thop and
            ptflops: a second table, and ``counted.conventions`` by the tool's name.
        keywords: inputs of the module by name.

    Returns:
        One record per row, which prints as a table. A row that cannot be built or run has no
        counts, and its ``status`` says why.

    Raises:
        SrbenchError: for bad input, with the remedy.

    >>> rows = count("resnet18+se", input_size=64)
    >>> [row.spec for row in rows], rows["resnet18+se:reduction=16"].counted.params
    (['resnet18', 'resnet18+se'], 11778592)
    >>> baseline, mine = nn.Linear(8, 4), nn.Linear(8, 4, bias=False)
    >>> rows = count({"baseline": baseline, "mine": mine}, input_size=(8,))
    >>> rows["mine"].counted.macs, rows.delta("mine", "params")
    (32, -4)
    """
    extras = counting.Extras(memory=with_memory, conventions=with_conventions)
    if is_given(what):
        options = {"variants": variants, "num_classes": num_classes}
        require_none(options, "a module is counted as it is")
        given = subjects(what, Asked(others, keywords, inputs, input_size), OPTIONS, is_timed=False)
        with random.fork_rng(devices=()):
            return ShownResults(list(counting.count(given, extras)))
    require_specs([what, *others])
    require_known(keywords, OPTIONS)
    require_types(num_classes=(num_classes, int, "a whole number, such as 1000"))
    wanted = cases(
        [what, *others],
        as_variants(variants),
        (),
        size=input_size,
        num_classes=num_classes,
        inputs=as_inputs(inputs),
    )
    return ShownResults(list(counting.run(wanted, extras)))
