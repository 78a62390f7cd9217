"""What each tool would print for a network."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from torch import nn

from srbench.measure.conventions.accounting import accounting
from srbench.measure.conventions.by_module import THOP, TORCHINFO
from srbench.measure.conventions.by_operator import PTFLOPS_ATEN, TORCH, TORCHPROFILE
from srbench.measure.conventions.convention import Convention
from srbench.measure.conventions.of_calflops import (
    CALFLOPS,
    CALFLOPS_MACS,
    DEEPSPEED,
    DEEPSPEED_MACS,
)
from srbench.measure.conventions.of_ptflops import PTFLOPS_PYTORCH
from srbench.measure.conventions.traced_sizes import multiplied_sizes
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
    "torchprofile": TORCHPROFILE,
    "thop": THOP,
    "torchinfo": TORCHINFO,
}


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
    with how(), operators_apart(), accounting(model, CONVENTIONS) as found:
        call(model)
    known = found.totals
    if counted.total_of_fvcore is not None:
        known["fvcore"] = counted.total_of_fvcore
    if (seen := known.pop("torchprofile", None)) is not None:
        with operators_apart():
            sizes = multiplied_sizes(model, call, how)
        if sizes is not None:
            known["torchprofile"] = seen + sizes
    return known
