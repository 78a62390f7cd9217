"""Counts networks with one tool, in a process of its own, up to its first failure.

    python worker.py PEER PACKAGE TOTAL,... RESULTS SPEC ...

`run.py` calls it. The totals are as the tool returns them, called as its documentation shows: so
gradients are on, unless the tool itself turns them off.
"""

import json
import logging
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import torch
from packaging.version import Version
from torch import Tensor, nn

import srbench
from srbench.spec.cases import case_of
from srbench.spec.parse import parse


def main(peer: str, package: str, totals: str, results: str, *specs: str) -> None:
    """Write a line for each total of each network."""
    logging.disable(logging.WARNING)  # most tools name each operator that they skip
    warnings.simplefilter("ignore")  # as does torch's tracer
    with Path(results).open("w", encoding="utf-8") as file:
        for spec in specs:
            conditions = case_of(parse(spec)).conditions
            found, problem = attempt(peer, spec, conditions.height, conditions.width)
            for number, total in enumerate(totals.split(",")):
                row = {
                    "tool": total,
                    "version": installed(package),
                    "spec": spec,
                    "height": conditions.height,
                    "width": conditions.width,
                    "total": found[number] if found else "",
                    "problem": problem,
                    "torch": installed("torch"),
                    "torchvision": installed("torchvision"),
                }
                print(json.dumps(row), file=file)
            file.flush()
            if problem:
                return


def installed(package: str) -> str:
    """The version of a package, as pip writes it: thop's own form of it is an old one."""
    return str(Version(version(package)))


def attempt(peer: str, spec: str, height: int, width: int) -> tuple[list[int], str]:
    """The totals of a new model, or why there are none."""
    torch.manual_seed(0)
    model = srbench.build(spec).eval()
    x = torch.rand(1, 3, height, width)
    try:
        return [whole(total) for total in COUNTS[peer](model, x)], ""
    except Exception as error:  # other people's code may raise anything
        return [], " ".join(f"{type(error).__name__}: {error}".split())[:120]


def whole(total: float | None) -> int:
    """A total as an integer: some tools compute with floating-point numbers."""
    if total is None or total != int(total):
        raise ValueError(f"the total is {total}")
    return int(total)


Totals = Sequence[float | None]


def with_torch(model: nn.Module, x: Tensor) -> Totals:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        model(x)
    return [counter.get_total_flops()]


def with_fvcore(model: nn.Module, x: Tensor) -> Totals:
    from fvcore.nn import FlopCountAnalysis

    return [FlopCountAnalysis(model, x).total()]


def with_ptflops(model: nn.Module, x: Tensor, backend: str) -> Totals:
    from ptflops import get_model_complexity_info

    macs, _ = get_model_complexity_info(
        model,
        tuple(x.shape[1:]),  # it makes the input itself, one image
        as_strings=False,
        print_per_layer_stat=False,
        backend=backend,
    )
    return [macs]


def with_ptflops_pytorch(model: nn.Module, x: Tensor) -> Totals:
    return with_ptflops(model, x, "pytorch")


def with_ptflops_aten(model: nn.Module, x: Tensor) -> Totals:
    return with_ptflops(model, x, "aten")


def with_torchprofile(model: nn.Module, x: Tensor) -> Totals:
    from torchprofile import profile_macs

    return [profile_macs(model, x)]


def with_thop(model: nn.Module, x: Tensor) -> Totals:
    from thop import profile

    macs, _ = profile(model, inputs=(x,), verbose=False)
    return [macs]


def with_torchinfo(model: nn.Module, x: Tensor) -> Totals:
    from torchinfo import summary

    return [summary(model, input_data=x, verbose=0).total_mult_adds]


def with_calflops(model: nn.Module, x: Tensor) -> Totals:
    from calflops import calculate_flops

    flops, macs, _ = calculate_flops(
        model,
        args=[x],
        include_backPropagation=False,
        output_as_string=False,
        print_results=False,
    )
    return [flops, macs]


def with_deepspeed(model: nn.Module, x: Tensor) -> Totals:
    from deepspeed.profiling.flops_profiler import get_model_profile

    flops, macs, _ = get_model_profile(model, args=[x], print_profile=False, as_string=False)
    return [flops, macs]


COUNTS: dict[str, Callable[[nn.Module, Tensor], Totals]] = {
    "torch": with_torch,
    "fvcore": with_fvcore,
    "ptflops-pytorch": with_ptflops_pytorch,
    "ptflops-aten": with_ptflops_aten,
    "torchprofile": with_torchprofile,
    "thop": with_thop,
    "torchinfo": with_torchinfo,
    "calflops": with_calflops,
    "deepspeed": with_deepspeed,
}


if __name__ == "__main__":
    main(*sys.argv[1:])
