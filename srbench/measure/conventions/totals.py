"""What each tool would print for a network."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from torch import Tensor, nn

from srbench.measure.conventions import of_torchprofile
from srbench.measure.conventions.accounting import accounting
from srbench.measure.conventions.by_function import NOT_SEEN_BY_FVCORE
from srbench.measure.conventions.by_module import THOP, TORCHINFO
from srbench.measure.conventions.by_operator import PTFLOPS_ATEN, TORCH
from srbench.measure.conventions.convention import Convention
from srbench.measure.conventions.of_calflops import (
    CALFLOPS,
    CALFLOPS_MACS,
    DEEPSPEED,
    DEEPSPEED_MACS,
)
from srbench.measure.conventions.of_ptflops import PTFLOPS_PYTORCH
from srbench.measure.forward_counts import ForwardCounts, operators_apart
from srbench.shapes.call import Call

CONVENTIONS: Mapping[str, Convention] = {
    "torch": TORCH,
    "calflops-macs": CALFLOPS_MACS,
    "calflops-flops": CALFLOPS,
    "deepspeed-macs": DEEPSPEED_MACS,
    "deepspeed-flops": DEEPSPEED,
    "ptflops-aten": PTFLOPS_ATEN,
    "ptflops-pytorch": PTFLOPS_PYTORCH,
    "thop": THOP,
    "torchinfo": TORCHINFO,
}


SEEN_BY_FVCORE = "seen by fvcore"
_WATCHED = {**CONVENTIONS, SEEN_BY_FVCORE: NOT_SEEN_BY_FVCORE}


def totals(
    model: nn.Module,
    call: Call,
    counted: ForwardCounts,
    how: Callable[[], AbstractContextManager[None]],
) -> dict[str, int]:
    """The total of each tool by its name, for one pass in evaluation mode, which runs inside
    ``how()``; without those that are not known.

    fvcore's is what it counted before. Raises what the forward raises.
    """
    with how(), operators_apart(), accounting(model, _WATCHED) as found:
        call(model)
    known = found.totals
    is_seen = known.pop(SEEN_BY_FVCORE, None) is not None
    if is_seen and counted.total_of_fvcore is not None:
        known["fvcore"] = counted.total_of_fvcore
    with operators_apart():
        traced = of_torchprofile.total(model, call, how)
    if traced is not None:
        known["torchprofile"] = traced
    if not _is_one_image(call):  # ptflops divides by the batch, but only what modules count
        known.pop("ptflops-pytorch", None)
    return known


def _is_one_image(call: Call) -> bool:
    first = call.args[0] if call.args else None
    return isinstance(first, Tensor) and first.dim() > 0 and len(first) == 1
