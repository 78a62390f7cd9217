"""Tables of figures under known conventions: totals are worked out by hooks on real modules, and
rounded by `decimal`, without anything of `srbench.claims`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from functools import cache
from random import Random

import torch
from torch import Tensor, nn

from srbench import build, count

FOR_CIFAR = {
    "cifar_resnet20": "ResNet-20",
    "cifar_resnet20+se": "ResNet-20 + SE",
    "cifar_resnet20+cbam": "ResNet-20 + CBAM",
}
FOR_IMAGENET = {
    "resnet18": "ResNet-18",
    "resnet18+se": "ResNet-18 + SE",
    "resnet50": "ResNet-50",
    "resnet50+se": "ResNet-50 + SE",
    "mobilenet_v2": "MobileNetV2",
}
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


@dataclass(frozen=True)
class Planted:
    """A cell, its column's quantity, and the departures that it was made with; None if it was made
    up."""

    spec: str
    quantity: str
    text: str
    departures: frozenset[str] | None


@cache
def true(spec: str, quantity: str, size: int | None = None, classes: int | None = None) -> int:
    *_, row = count(spec, input_size=size, num_classes=classes)
    return int(getattr(row.counted, quantity))


@cache
def elements(spec: str, kind: str) -> int:
    """Elements that modules put out, summed by hooks in a real pass."""
    model, found = build(spec).eval(), [0]

    def add(module: nn.Module, _: object, output: Tensor) -> None:
        if kind == "norms" and isinstance(module, NORMS):
            found[0] += output.numel()
        if kind == "biases" and getattr(module, "bias", None) is not None:
            found[0] += output.numel() * (not isinstance(module, NORMS))

    hooks = [module.register_forward_hook(add) for module in model.modules()]
    with torch.no_grad():
        model(torch.zeros(1, 3, *[32 if "cifar" in spec else 224] * 2))
    for hook in hooks:
        hook.remove()
    return found[0]


@cache
def parameters(spec: str, kind: str) -> int:
    model = build(spec)
    norms = [m for m in model.modules() if isinstance(m, NORMS)]
    own = {id(p) for m in norms for p in m.parameters()}
    biases = [p for n, p in model.named_parameters() if n.endswith("bias") and id(p) not in own]
    groups = {
        "without norms": sum(p.numel() for m in norms for p in m.parameters()),
        "without biases": sum(p.numel() for p in biases),
        "with the running statistics of norms": -sum(
            b.numel() for m in norms for b in m.buffers() if b.is_floating_point()
        ),
    }
    return groups[kind]


def totals(spec: str, quantity: str) -> dict[str, int]:
    """A total by the departure that it needs."""
    base = true(spec, quantity)
    if quantity == "params":
        found = {
            kind: base - parameters(spec, kind)
            for kind in ("without norms", "without biases", "with the running statistics of norms")
        }
    else:
        found = {"with biases": base + elements(spec, "biases")}
        for words, times in (("one", 1), ("two", 2), ("four", 4)):
            label = f"with norms ({words} for each element)"
            found[label] = base + times * elements(spec, "norms")
        for side in (64, 96) if "cifar" in spec else (192, 256, 288):
            found[f"at {side}×{side}"] = true(spec, "macs", side)
        if "resnet50" in spec:
            own = spec.replace("resnet50", "resnet50:stride=v1")
            found["with stride=v1"] = true(own, "macs")
    for classes in (20, 100):
        found[f"with {classes} classes"] = true(spec, quantity, classes=classes)
    return found


def printed(value: Decimal, digits: int, rounding: str = ROUND_HALF_EVEN) -> str:
    """With so many significant digits."""
    places = digits - 1 - value.adjusted()
    return str(value.quantize(Decimal(1).scaleb(-max(0, places)), rounding=rounding))


def planted(
    cells: int, seed: int, names: Mapping[str, str], made_up: float = 0.1
) -> Iterator[Planted]:
    """Cells about the networks of these names, under one or two random departures, and some that
    are made up."""
    random = Random(seed)
    for _ in range(cells):
        spec, quantity = random.choice([*names]), random.choice(("params", "macs"))
        digits, decimal = random.choice((4, 5)), {"params": 10**6, "macs": 10**9}[quantity]
        if random.random() < made_up:
            value = Decimal(true(spec, quantity)) * Decimal(random.uniform(1.13, 1.9)) / decimal
            yield Planted(spec, quantity, printed(value, digits), None)
            continue
        departures: set[str] = set()
        total = true(spec, quantity)
        if random.random() < 0.6:
            words, total = random.choice([*totals(spec, quantity).items()])
            departures.add(words)
        unit, rounding = decimal, ROUND_HALF_EVEN
        if random.random() < 0.4:
            power = {"params": 20, "macs": 30}[quantity]
            unit, departures = 2**power, departures | {f"in units of 2^{power}"}
        if len(departures) < 2 and random.random() < 0.3:
            rounding, departures = ROUND_DOWN, departures | {"truncated"}
        if len(departures) < 2 and quantity == "macs" and random.random() < 0.3:
            total, departures = 2 * total, departures | {"with two for each multiply-add"}
        text = printed(Decimal(total) / unit, digits, rounding)
        yield Planted(spec, quantity, text, frozenset(departures))


def table(cells: list[Planted]) -> str:
    """As CSV, a figure a row."""
    rows = ["Model,Params (M),GFLOPs"]
    for one in cells:
        two = (one.text, "") if one.quantity == "params" else ("", one.text)
        rows.append(f"{(FOR_CIFAR | FOR_IMAGENET)[one.spec]},{two[0]},{two[1]}")
    return "\n".join(rows) + "\n"
