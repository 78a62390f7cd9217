"""What a network's totals are made of: the parts of which other ways to count are put together."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from srbench.errors import require_failure
from srbench.measure.conventions.accounting import accounting
from srbench.measure.conventions.by_operator import TORCHPROFILE
from srbench.measure.conventions.families import FAMILIES, FVCORE
from srbench.measure.conventions.totals import CONVENTIONS
from srbench.measure.forward_counts import operators_apart
from srbench.measure.params import count_parameters, parameter_parts
from srbench.measure.torch_settings import kept
from srbench.models.subject import FromSpec
from srbench.shapes.on_shapes import on_shapes
from srbench.spec.cases import Case

# Without a trace, which takes most of the time: two tools that read one are taken from operators.
_COUNTED = {**FAMILIES, **CONVENTIONS, "fvcore": FVCORE, "torchprofile": TORCHPROFILE}


@dataclass(frozen=True)
class Tally:
    """The parts of a network's parameters, of which ``total`` are all, and of the operations of one
    forward pass for one image: ``products`` are srbench's MACs, other families are elements, and
    each tool's total is by its name (`srbench.records.tools`)."""

    params: Mapping[str, int]
    macs: Mapping[str, int]


@kept()
def tally(case: Case) -> Tally:
    """Count the parts, on shapes or for real.

    Raises SrbenchError if the network cannot be built, and what its forward raises.
    """
    subject = FromSpec(case)
    try:
        return _tally(subject, is_real=False)
    except BaseException as error:
        require_failure(error)  # of any kind: a run for real decides
        return _tally(subject, is_real=True)


def _tally(subject: FromSpec, is_real: bool) -> Tally:
    assembly = subject.assemble(initialised=is_real)
    model = assembly.model.eval()
    inputs = subject.inputs(initialised=is_real)
    how = torch.no_grad() if is_real else on_shapes(is_known_to_run=True)
    with how, operators_apart(), accounting(model, _COUNTED) as found:
        inputs(model)
    blocks = [model.get_submodule(one.module) for one in assembly.inserted]
    params = {"total": count_parameters(model).total} | parameter_parts(model, blocks)
    return Tally(params, found.totals)
