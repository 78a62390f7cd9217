"""Residual branches of small networks written for these tests, one kind of unit each."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from srbench.models.sites import insert
from srbench.shapes.dataflow import watch
from srbench.shapes.residual import residual_units


class Unit(nn.Module):
    """A unit with the modules that all ways of adding need."""

    def __init__(self, add: Callable[["Unit", Tensor], Tensor]) -> None:
        super().__init__()
        self.add = add
        self.conv1, self.conv2, self.conv3 = (nn.Conv2d(8, 8, 3, padding=1) for _ in range(3))
        self.point = nn.Conv2d(8, 8, 1)
        self.bn = nn.BatchNorm2d(8)
        self.act = nn.ReLU()
        self.pool = nn.AvgPool2d(3, 1, 1)
        self.norm = nn.GroupNorm(1, 8)
        self.drop = nn.Identity()
        self.linear = nn.Linear(8, 8)
        self.scale = nn.Parameter(torch.ones(8, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.add(self, x)

    def branch(self, x: Tensor) -> Tensor:
        return self.bn(self.conv2(self.act(self.conv1(x))))


def last(unit: Unit, x: Tensor) -> Tensor:
    """A linear layer at each position, on (B, H, W, C)."""
    return unit.linear(unit.act(unit.linear(x.permute(0, 2, 3, 1))))


def nested(unit: Unit, x: Tensor) -> Tensor:
    y = unit.act(unit.conv1(x))
    return x + unit.bn(y + unit.conv3(unit.act(unit.conv2(y))))


def chunks(unit: Unit, x: Tensor) -> Tensor:
    """As in Res2Net: a part of the channels is added to what is computed from another part."""
    whole = unit.conv1(x).repeat(1, 2, 1, 1)
    return unit.act(unit.conv2(whole[:, :8])) + whole[:, 8:]


def in_place(unit: Unit, x: Tensor) -> Tensor:
    y = unit.branch(x)
    y += x
    return unit.act(y)


def part(unit: Unit, x: Tensor) -> Tensor:
    """As in ReXNet: the shortcut has fewer channels than the branch."""
    y = unit.branch(x)
    return torch.cat([y[:, :4] + x[:, :4], y[:, 4:]], dim=1)


def two(unit: Unit, x: Tensor) -> Tensor:
    x = x + unit.pool(unit.norm(x))
    return x + unit.conv2(unit.act(unit.conv1(x)))


ENDS: dict[str, tuple[Callable[[Unit, Tensor], Tensor], list[str]]] = {
    "identity": (lambda u, x: u.act(u.branch(x) + x), ["bn"]),
    "the shortcut first": (lambda u, x: x + u.branch(x), ["bn"]),
    "in place": (in_place, ["bn"]),
    "projection": (lambda u, x: u.point(u.pool(x)) + u.branch(x), ["bn"]),
    "scaled shortcut": (lambda u, x: u.scale * x + u.branch(x), ["bn"]),
    "dropped": (lambda u, x: x + u.drop(u.branch(x)), ["bn"]),
    "dropped after a layer scale": (lambda u, x: x + u.drop(u.scale * u.branch(x)), ["drop"]),
    "scaled": (lambda u, x: x + 0.2 * u.branch(x) * u.scale, ["bn"]),
    "preactivated": (lambda u, x: x + u.conv2(u.act(u.norm(x))), ["conv2"]),
    "its norm shared": (lambda u, x: u.point(n := u.norm(x)) + u.branch(n), ["bn"]),
    "two in one unit": (two, ["pool", "conv2"]),
    "a shortcut within the branch": (nested, ["bn"]),
    "channels last": (lambda u, x: x + u.drop(last(u, x).permute(0, 3, 1, 2)), ["drop"]),
    "no module": (lambda u, x: x + u.branch(x).relu(), [""]),
    "one that runs twice": (lambda u, x: x + u.drop(u.drop(u.branch(x)).relu()), [""]),
    "no shortcut": (lambda u, x: u.branch(x), []),
    "concatenated": (lambda u, x: torch.cat([x, u.branch(x)], 1)[:, :8], []),
    "linear": (lambda u, x: x + u.bn(u.conv1(x)), []),
    "side by side": (lambda u, x: u.act(u.conv1(x) + u.point(x) + u.bn(x)), []),
    "branches alike": (lambda u, x: u.conv1(u.act(x)) + u.point(u.act(x)), []),
    "a gate": (lambda u, x: x + x * u.scale.sigmoid(), []),
    "other channels": (chunks, []),
}


@pytest.mark.parametrize("kind", ENDS)
def test_a_branch_ends_where_it_is_added(kind: str) -> None:
    add, ends = ENDS[kind]
    model = nn.Sequential(nn.Conv2d(3, 8, 3), Unit(add)).eval()
    assert found(model) == [f"1.{end}" if end else "" for end in ends]


def found(model: nn.Module) -> list[str]:
    flow = watch(model.to("meta"), torch.empty(1, 3, 16, 16, device="meta"))
    return [unit.end for unit in residual_units(model, flow)]


def test_the_whole_network_is_not_a_unit() -> None:
    """A long skip connection, as in LinkNet, is parallel to half of the network."""

    class Skips(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.body, self.end = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 1)

        def forward(self, x: Tensor) -> Tensor:
            x = self.stem(x)
            return x + self.end(self.body(x))

    assert found(Skips()) == []


def test_a_unit_without_a_shortcut_ends_as_its_siblings_do() -> None:
    class Down(Unit):
        def __init__(self, stride: int) -> None:
            super().__init__(lambda unit, x: unit.branch(x))
            self.conv2 = nn.Conv2d(8, 8, 3, stride, 1)
            self.has_skip = stride == 1

        def forward(self, x: Tensor) -> Tensor:
            return self.branch(x) + x if self.has_skip else self.branch(x)

    model = nn.Sequential(nn.Conv2d(3, 8, 3), Down(1), Down(2), Unit(lambda u, x: u.branch(x)))
    assert found(model.eval()) == ["1.bn", "2.bn"]


def test_a_site_accepts_the_arguments_of_its_module() -> None:
    class Scaled(nn.Module):
        def forward(self, x: Tensor, other: Tensor, *, by: float) -> Tensor:
            return (x + other) * by

    model = nn.ModuleDict({"scaled": Scaled()})
    for _ in range(2):
        insert(model, "scaled", nn.Dropout(0))
    one = torch.ones(1)
    assert model["scaled"](one, one, by=3) == 6
    assert [type(module).__name__ for module in model["scaled"]] == ["Scaled", *["Dropout"] * 2]
