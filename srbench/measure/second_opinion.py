"""Where two counts of the MACs differ: by which operators, in which modules, and who is right.

A formula that is applied to the shapes an operator was called with is right; fvcore reads a trace,
in which it misses some operators and takes others for less than they are. Where fvcore finds more,
something may run past the dispatcher, and neither count is known to be right.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from srbench.records.counts import Difference

ByModule = Mapping[str, Counter[str]]
# What fvcore has no handle for.
UNSEEN = frozenset(
    {"addbmm", "addmv", "baddbmm", "bilinear", "conv_tbc", "dot", "lstm", "mv", "vdot"}
    | {"scaled_dot_product_attention", "torchvision::deform_conv2d"}
)
# fvcore's handles that are known to be wrong: it rounds the first, and takes the shapes of the
# second for those of equally many sides.
WRONG = frozenset({"einsum", "matmul"})


def differences(ours: ByModule, fvcores: ByModule) -> tuple[Difference, ...]:
    """Where the MACs of srbench and fvcore differ, by module and operator; empty if their totals
    are equal."""
    if _total(ours) == _total(fvcores):
        return ()
    found: dict[str, list[tuple[str, int, int, bool]]] = {}
    for module in dict.fromkeys([*ours, *fvcores]):
        own, theirs = ours.get(module, Counter[str]()), fvcores.get(module, Counter[str]())
        for operator, macs, others in _in_module(own, theirs):
            is_known = macs > others or set(theirs) & WRONG != set()
            found.setdefault(operator, []).append((module, macs, others, is_known))
    return tuple(_merged(operator, places) for operator, places in found.items())


def _in_module(own: Counter[str], theirs: Counter[str]) -> Iterator[tuple[str, int, int]]:
    """Each operator, or several together, that the two count differently in one module."""
    for is_convolution in (True, False):
        ours = {op: n for op, n in own.items() if (op == "conv") == is_convolution and n}
        others = {op: n for op, n in theirs.items() if (op == "conv") == is_convolution and n}
        rest = {op: n for op, n in ours.items() if op not in UNSEEN}
        if sum(rest.values()) == sum(others.values()):
            yield from ((op, n, 0) for op, n in ours.items() if op in UNSEEN)
        else:
            named = WRONG & {*others} or ours or others
            yield "/".join(named), sum(ours.values()), sum(others.values())


def _merged(operator: str, places: list[tuple[str, int, int, bool]]) -> Difference:
    modules = tuple(module or "the network itself" for module, *_ in places)
    is_known = all(known for *_, known in places)
    macs, others = sum(place[1] for place in places), sum(place[2] for place in places)
    return Difference(operator, modules, macs, others, "srbench" if is_known else "")


def _total(counts: ByModule) -> int:
    return sum(sum(own.values()) for own in counts.values())
