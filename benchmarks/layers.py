"""The modules of ten networks by `srbench.layers`, and by fvcore, torchinfo and ptflops: whether
each row and each figure of theirs is in ours, and why figures differ.

Needs `pip install torchinfo==1.8.0 ptflops==0.7.5`.
"""

import io
import logging
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch
import torchinfo
import torchvision
from ptflops import pytorch_engine
from torch import Tensor, nn

from srbench.library.layers_of_anything import ShownLayers, layers
from srbench.records.layer import Layer

# Imported after srbench, which silences the deprecation warning of fvcore's import.
from fvcore.nn import (  # isort: skip
    ActivationCountAnalysis,
    FlopCountAnalysis,
    flop_count_table,
    parameter_count,
)

NETWORKS = {
    "resnet50": 224,
    "mobilenet_v3_large": 224,
    "densenet121": 64,
    "googlenet": 96,
    "efficientnet_b0": 128,
    "shufflenet_v2_x1_0": 64,
    "vgg16_bn": 64,
    "convnext_tiny": 96,
    "vit_b_16": 224,
    "lraspp_mobilenet_v3_large": 128,
}
PRODUCTS = {"conv", "linear", "addmm", "matmul", "mm", "bmm", "einsum"}  # fvcore's names
NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)
POOLS = (nn.AdaptiveAvgPool2d, nn.AvgPool2d, nn.MaxPool2d)
UNKNOWN = "parameters of a class that it does not know"
Why = Counter[str]  # by how much a peer's figure is more than ours, by the reason


@dataclass
class Found:
    """What became of a peer's rows and of each figure in them."""

    rows: int = 0
    missing: list[str] = field(default_factory=list)
    equal: int = 0
    explained: int = 0
    unexplained: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def figure(self, name: str, theirs: Any, ours: Any, why: Why | None = None) -> None:
        """One figure; ``why`` must explain a difference to the last unit."""
        reasons = {reason: more for reason, more in (why or {}).items() if more}
        if theirs == ours:
            self.equal += 1
        elif reasons and theirs - ours == sum(reasons.values()):
            self.explained += 1
            self.reasons.update(reasons.keys())
        else:
            self.unexplained.append(f"{name}: {theirs}, ours {ours} {reasons}")


@dataclass(frozen=True)
class Seen:
    """One call of a module, as a hook sees it."""

    inputs: tuple[Any, ...]
    output: Any


@dataclass
class Network:
    """A network with its modules by name, their calls, and our layers."""

    model: nn.Module
    x: Tensor
    layers: ShownLayers = field(init=False)
    modules: dict[str, nn.Module] = field(init=False)
    calls: dict[str, list[Seen]] = field(init=False)

    def __post_init__(self) -> None:
        self.layers = layers(self.model, self.x)
        self.modules = dict(self.model.named_modules())
        self.calls = {name: [] for name in self.modules}
        hooks = [
            module.register_forward_hook(
                lambda _, inputs, output, name=name: self.calls[name].append(Seen(inputs, output))
            )
            for name, module in self.modules.items()
        ]
        with torch.no_grad():
            self.model(self.x)
        for hook in hooks:
            hook.remove()

    def with_inner(self, own: Callable[[str], Why]) -> dict[str, Why]:
        """What is said of a module itself, summed with that of all modules inside it."""
        found: dict[str, Why] = {name: Counter() for name in self.modules}
        for name in self.modules:
            for reason, more in own(name).items():
                for outer in _with_outer(name):
                    found[outer][reason] += more
        return found

    def own_macs(self, name: str) -> int:
        """Our MACs of a module without those of the modules inside it."""
        inner = [one for one in self.modules if one and one.rpartition(".")[0] == name]
        return self.layers[name].macs - sum(self.layers[one].macs for one in inner)


def main() -> None:
    """Compare all, and print a table, the reasons, and torchinfo's lines below its table."""
    logging.disable(logging.WARNING)  # fvcore names each operator that it skips
    warnings.simplefilter("ignore")  # so do torch's tracer, and torchvision
    totals: dict[str, list[Found]] = {}
    print(f"{'network':34}  {'peer':9}  rows  missing   equal  explained  unexplained")
    for name, side in NETWORKS.items():
        torch.manual_seed(0)
        keywords = {"weights_backbone": None} if "lraspp" in name else {}
        model = torchvision.models.get_model(name, weights=None, **keywords).eval()
        network = Network(model, torch.rand(1, 3, side, side))
        below = []
        for peer, compare in PEERS.items():
            found = compare(network, below)
            totals.setdefault(peer, []).append(found)
            print(
                f"{f'{name} at {side}x{side}':34}  {peer:9}  {found.rows:4}  "
                f"{len(found.missing):7}  {found.equal:6,}  {found.explained:9,}  "
                f"{len(found.unexplained):11}",
                flush=True,
            )
            for line in [*(f"no {row}" for row in found.missing[:3]), *found.unexplained[:5]]:
                print(f"    {line}")
        for line in below:
            print(f"    {line}")
    print("\nFigures that differ, by the reason; some have several")
    for peer, all_found in totals.items():
        for reason, number in sum((one.reasons for one in all_found), Counter()).most_common():
            print(f"  {peer:9}  {number:5,}  {reason}")


def with_fvcore(network: Network, below: list[str]) -> Found:
    """The rows of `flop_count_table`, with the exact figures behind them."""
    flops = FlopCountAnalysis(network.model, network.x)
    activations = ActivationCountAnalysis(network.model, network.x)
    params, found = parameter_count(network.model), Found()
    text = flop_count_table(flops, max_depth=99, activations=activations)
    names = [line.split("|")[1].strip() for line in text.splitlines()[2:]]
    names = ["" if name == "model" else name for name in names]
    # One child alone, with the same figures, takes its parent's row: names may lack the root's.
    known = {*network.modules, *dict(network.model.named_parameters())}
    lost = _own_operators(network, flops)
    attention = network.with_inner(lambda name: _attention(network, name)[0])
    attended = network.with_inner(lambda name: _attention(network, name)[1])
    for name in names:
        found.rows += 1
        module, _, tensor = name.rpartition(".")
        if name not in known:
            found.missing.append(name)
        elif name not in network.modules:
            shapes = dict(network.layers[module].tensors)
            theirs = "x".join(map(str, network.model.get_parameter(name).shape))
            found.figure(f"{name} shape", theirs, shapes.get(tensor))
        else:
            ours = network.layers[name]
            found.figure(f"{name} params", params[name], ours.params)
            if ours.flops is not None:
                found.figure(f"{name} FLOPs", flops.by_module()[name], ours.flops)
            else:
                why = Counter(lost[name])
                why.update(attention[name])
                found.figure(f"{name} FLOPs", flops.by_module()[name], ours.macs, why)
            theirs, why = activations.by_module()[name], attended[name]
            found.figure(f"{name} activations", theirs, ours.activations, why)
    return found


def _own_operators(network: Network, flops: FlopCountAnalysis) -> dict[str, Why]:
    by_module = flops.by_module_and_operator()
    return {
        name: Counter(
            {
                f"FLOPs of {operator}, which are no MACs": int(number)
                for operator, number in by_module[name].items()
                if operator not in PRODUCTS
            }
        )
        for name in network.modules
    }


def _attention(network: Network, name: str) -> tuple[Why, Why]:
    """The MACs and the activations of both products of attention, which fvcore lacks."""
    module, reason = network.modules[name], "attention, which has no handle"
    macs, activations = Counter[str](), Counter[str]()
    if isinstance(module, nn.MultiheadAttention):
        for seen in network.calls[name]:
            batch, queries, width = seen.inputs[0].shape
            keys = seen.inputs[1].shape[1]
            macs[reason] -= 2 * batch * queries * keys * width
            activations[reason] -= batch * queries * (module.num_heads * keys + width)
    return macs, activations


def with_torchinfo(network: Network, below: list[str]) -> Found:
    """The rows of `summary` with all columns, and the lines below its table."""
    torchinfo.torchinfo.clear_cached_forward_pass()
    columns = [one.value for one in torchinfo.ColumnSettings]
    summary = torchinfo.summary(network.model, input_data=network.x, col_names=columns, verbose=0)
    names = {id(module): name for name, module in network.modules.items()}
    found, seen = Found(), Counter[str]()
    mult_adds: dict[str, int] = Counter()
    why = network.with_inner(lambda name: _mult_adds(network, name))
    for row in summary.summary_list:
        found.rows += 1
        if row.layer_id not in names:
            found.missing.append(row.var_name)
            continue
        name = names[row.layer_id]
        ours = network.layers[name]
        seen[name] += 1
        if row.is_leaf_layer:
            for outer in _with_outer(name):
                mult_adds[outer] += row.macs
        if seen[name] == 1:
            _row_of_torchinfo(found, name, row, ours)
        else:
            _later_row(found, name, row, ours)
    for name, number in seen.items():
        found.figure(f"{name} rows", number, max(1, network.layers[name].calls))
        found.figure(f"{name} mult-adds", mult_adds[name], network.layers[name].macs, why[name])
    total = network.layers[0]
    found.figure("total mult-adds", summary.total_mult_adds, total.macs, why[""])
    below += _below(network, summary, found)
    return found


def _row_of_torchinfo(found: Found, name: str, row: Any, ours: Layer) -> None:
    found.figure(f"{name} class", row.class_name, ours.kind)
    found.figure(f"{name} params", row.num_params, ours.params)
    found.figure(f"{name} trainable", row.trainable_params, ours.trainable)
    if row.executed:
        found.figure(f"{name} input", tuple(row.input_size), _shape(ours.inputs[0]))
        # torchinfo shows one tensor of each: the last of a dictionary.
        found.figure(f"{name} output", tuple(row.output_size), _shape(ours.outputs[-1]))
    if row.kernel_size is not None:
        kernel = row.kernel_size
        written = f"({', '.join(map(str, kernel))})" if isinstance(kernel, list) else str(kernel)
        found.figure(f"{name} kernel", f"kernel_size={written}", _setting(ours, "kernel_size"))
    if row.is_leaf_layer:
        shapes = [(tensor, sides.split("x")) for tensor, sides in ours.tensors]
        for tensor, columns in row.inner_layers.items():
            theirs = re.findall(r"\d+", columns[torchinfo.ColumnSettings.KERNEL_SIZE])
            known = [[s[1], s[0], *s[2:]] if len(s) > 1 else s for n, s in shapes if n == tensor]
            found.figure(f"{name}.{tensor} shape", [theirs], known)


def _later_row(found: Found, name: str, row: Any, ours: Layer) -> None:
    """The row of a later call, whose shapes may be others than the first's."""
    later = [[part.split(", ") for part in one.split(" -> ")] for one in ours.later]
    calls = [(ours.inputs, ours.outputs), *later]
    known = {(_shape(inputs[0]), _shape(outputs[-1])) for inputs, outputs in calls}
    theirs = (tuple(row.input_size), tuple(row.output_size))
    found.figure(f"{name} later shapes", theirs, theirs if theirs in known else known)


def _mult_adds(network: Network, name: str) -> Why:
    """By how much torchinfo's mult-adds of a module differ from our MACs, without inner ones."""
    module, found = network.modules[name], Counter[str]()
    if [*module.children()]:
        found["products in a function, not in a leaf"] -= network.own_macs(name)
        return found
    own = {key: one.numel() for key, one in module.named_parameters()}
    weight, bias = own.get("weight", 0), own.get("bias", 0)
    for seen in network.calls[name]:
        shape = seen.output.shape if isinstance(seen.output, Tensor) else ()
        if isinstance(module, nn.Conv2d):
            found["bias"] += bias * shape[0] * prod(shape[2:])
        elif isinstance(module, nn.Linear):
            found["bias"] += bias * shape[0]
            found["Linear once, not for each token"] -= weight * (prod(shape[:-1]) - shape[0])
        elif weight or bias:
            found["norm: a mult-add for each parameter"] += (weight + bias) * shape[0]
    return found


def _below(network: Network, summary: Any, found: Found) -> Iterator[str]:
    """The lines below torchinfo's table, and where ours shows the same."""
    layers, counts = network.layers, network.layers.record.counted
    assert counts.memory
    found.figure("total params", summary.total_params, counts.params)
    found.figure("trainable", summary.trainable_params, counts.trainable)
    python = Counter(
        {"Python's object around the input": sys.getsizeof(network.x.untyped_storage())}
    )
    python.subtract({"Python's object around the input": network.x.untyped_storage().nbytes()})
    found.figure("input size", summary.total_input, _bytes(layers[0].inputs), python)
    ran = {row.layer_id for row in summary.summary_list if row.is_leaf_layer}
    others = [module for module in network.modules.values() if id(module) not in ran]
    lost = sum(4 * p.numel() for module in others for p in module.parameters(recurse=False))
    why = Counter({"bytes of parameters of no leaf, or of one that is not called": -lost})
    found.figure("params size", summary.total_param_bytes, counts.param_bytes, why)
    leaves = [one for one in layers if one.params and one.calls and not _has_inner(layers, one)]
    outputs = 2 * sum(one.calls * _bytes(one.outputs) for one in leaves)
    found.figure("forward/backward", summary.total_output_bytes, outputs)
    total = summary.total_input + summary.total_output_bytes + summary.total_param_bytes
    peaks = (counts.memory.inference, counts.memory.training)
    alive = [peak.counted / 1e6 if peak and peak.counted else 0 for peak in peaks]
    yield (
        f"torchinfo: forward/backward {summary.total_output_bytes / 1e6:.1f} MB, total "
        f"{total / 1e6:.1f} MB; ours: inference {alive[0]:.1f} MB, training {alive[1]:.1f} MB, "
        f"kept for backward {(counts.memory.kept or 0) / 1e6:.1f} MB"
    )


def _has_inner(layers: Sequence[Layer], layer: Layer) -> bool:
    return any(one.name.rpartition(".")[0] == layer.name and one.name for one in layers)


def with_ptflops(network: Network, below: list[str]) -> Found:
    """The lines that ptflops adds to a model's repr, with the exact figures behind them."""
    model, found = pytorch_engine.add_flops_counting_methods(network.model), Found()
    why = network.with_inner(lambda name: _macs_of_ptflops(network, name))
    lost = network.with_inner(lambda name: _params_of_ptflops(network, name))
    with redirect_stdout(io.StringIO()), torch.no_grad():
        model.start_flops_count(ost=io.StringIO(), verbose=False, ignore_list=[])
        model(network.x)
        model.compute_average_flops_cost()
    for name, module in network.modules.items():
        found.rows += 1
        ours, own = network.layers[name], Counter({UNKNOWN: -network.layers[name].params})
        found.figure(f"{name} class", type(module).__name__, ours.kind)
        found.figure(f"{name} settings", module.extra_repr(), ours.settings)
        found.figure(f"{name} params", _sum(module, "__params__"), ours.params, lost[name] or own)
        found.figure(f"{name} MACs", _sum(module, "__flops__"), ours.macs, why[name])
    model.stop_flops_count()
    return found


def _sum(module: nn.Module, figure: str) -> int:
    """As ptflops sums: a class that it knows for all inside it, others by their children."""
    if pytorch_engine.is_supported_instance(module):
        return getattr(module, figure)
    return sum(_sum(one, figure) for one in module.children())


def _params_of_ptflops(network: Network, name: str) -> Why:
    """The parameters of a module itself that ptflops lacks."""
    module = network.modules[name]
    outer = [network.modules[one] for one in _with_outer(name)]
    own = sum(one.numel() for one in module.parameters(recurse=False))
    if any(pytorch_engine.is_supported_instance(one) for one in outer):
        return Counter()
    return Counter({UNKNOWN: -own})


def _macs_of_ptflops(network: Network, name: str) -> Why:
    """By how much ptflops' MACs of a module differ from ours, without inner ones."""
    module, found = network.modules[name], Counter[str]()
    if not pytorch_engine.is_supported_instance(module):
        found["products in a function, not in a module"] -= network.own_macs(name)
        return found
    for seen in network.calls[name]:
        elements, out = seen.inputs[0].numel(), seen.output
        if isinstance(module, nn.MultiheadAttention):
            batch, queries, width = seen.inputs[0].shape
            keys = seen.inputs[1].shape[1]
            found["attention's bias"] += 4 * batch * queries * width
            found["attention's scale"] += batch * queries * width
            found["attention's softmax"] += batch * module.num_heads * queries * keys
        elif isinstance(module, (nn.Conv2d, nn.Linear)):
            found["bias"] += out.numel() * (module.bias is not None)
        elif isinstance(module, NORMS):
            found["norm"] += elements * (2 if getattr(module, "affine", False) else 1)
        elif isinstance(module, POOLS):
            found["pooling"] += elements
        else:
            found["activation function"] += out.numel()
    return found


def _with_outer(name: str) -> Iterator[str]:
    """A module's name, and the names of all that it is in."""
    yield name
    while name:
        name = name.rpartition(".")[0]
        yield name


def _shape(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.partition(":")[2].split("x")))


def _bytes(texts: Sequence[str]) -> int:
    return sum(prod(_shape(text)) * 4 for text in texts[-1:])  # all are float32


def _setting(layer: Layer, name: str) -> str:
    found = re.search(rf"\b{name}=(?:\([^)]*\)|\w+)", layer.settings)
    return found[0] if found else ""


PEERS = {"fvcore": with_fvcore, "torchinfo": with_torchinfo, "ptflops": with_ptflops}


if __name__ == "__main__":
    main()
