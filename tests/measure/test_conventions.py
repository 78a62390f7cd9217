"""What other tools would print, worked out from srbench's own count, is what they do print."""

import csv
from collections.abc import Iterator
from functools import partial

import pytest
import torch
from conftest import DATA
from torch import Tensor, nn
from torch.nn import functional

from srbench.library.count_anything import count
from srbench.measure.conventions.accounting import accounting
from srbench.measure.conventions.totals import CONVENTIONS
from srbench.records.tools import TOOLS
from srbench.runner import counting
from srbench.spec.cases import case_of
from srbench.spec.parse import parse

IN_CATALOG = ("densenet", "efficientnet", "vit", "swin", "vgg", "v3_large")  # take longer
# `make peers` writes it, with the real tools.
PEERS = list(csv.DictReader((DATA / "peers.csv").read_text(encoding="utf-8").splitlines()))
NETWORKS = list(dict.fromkeys((row["spec"], row["height"], row["width"]) for row in PEERS))


def has_part(spec: str) -> bool:
    return any(name in spec for name in IN_CATALOG)


def ours(spec: str, height: str, width: str) -> dict[str, int]:
    case = case_of(parse(spec), (int(height), int(width)))
    (record,) = counting.run([case], counting.Extras(conventions=True))
    return dict(record.counted.conventions or {})


def test_the_file_covers_all_tools_and_ten_networks_of_six_families() -> None:
    assert {row["tool"] for row in PEERS} == {*TOOLS} == {*CONVENTIONS, "fvcore", "torchprofile"}
    assert len(NETWORKS) >= 10
    families = {spec.partition("_")[0].strip("0123456789") for spec, *_ in NETWORKS}
    assert len(families) >= 6
    assert all(row["total"] for row in PEERS), "every tool counts every network"
    known = {row["tool"]: row["version"] for row in PEERS}
    assert all(version.startswith(TOOLS[tool].version) for tool, version in known.items())


@pytest.mark.parametrize(
    ("spec", "height", "width"),
    [
        pytest.param(*one, marks=pytest.mark.catalog if has_part(one[0]) else (), id=one[0])
        for one in NETWORKS
    ],
)
def test_every_total_is_what_the_tool_prints(spec: str, height: str, width: str) -> None:
    printed = {row["tool"]: int(row["total"]) for row in PEERS if row["spec"] == spec}
    assert ours(spec, height, width) == printed


def test_resnet50_has_the_totals_of_the_questions_page() -> None:
    found = ours("resnet50", "224", "224")
    assert found["torch"] == 2 * 4_089_184_256 == 2 * found["calflops-macs"]
    assert found["ptflops-aten"] == 4_089_185_256
    assert found["torchprofile"] == 4_100_300_288
    assert found["fvcore"] == 4_111_512_576
    assert found["ptflops-pytorch"] == 4_132_436_968
    assert found["thop"] == 4_133_742_592


class Functional(nn.Module):
    """The same product, addition and activation, called in several ways."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(8, 8))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.matmul(x, self.weight)  # 8·8
        y = y @ self.weight
        y = torch.add(y, x)  # 8
        y = y + x
        return functional.relu(torch.relu(y))


def test_a_function_counts_only_where_a_tool_replaces_it() -> None:
    x, product, elements = torch.zeros(1, 8), 8 * 8, 8
    found = count(Functional(), x, with_conventions=True)[0].counted.conventions
    assert found
    assert found["torch"] == 4 * product
    assert found["ptflops-aten"] == 2 * product
    assert found["calflops-macs"] == product, "not the operator @"
    assert found["calflops-flops"] == 2 * product + 2 * elements, "one add, one relu"
    assert found["deepspeed-macs"] == 2 * product
    assert found["ptflops-pytorch"] == product + 2 * elements
    assert found["thop"] == 0, "no module of its table"
    assert found["torchinfo"] == 8 * 8, "the parameters of a leaf, once for each sample"


def test_what_srbench_has_no_rule_for_is_not_known() -> None:
    found = count(nn.LSTM(4, 8), torch.zeros(3, 1, 4), with_conventions=True)[0].counted
    assert found.conventions is not None
    assert not {"thop", "ptflops-pytorch", "calflops-flops", "torchinfo"} & found.conventions.keys()
    assert found.conventions["torch"] == 0, "it has no formula for the CPU's fused layer"


def test_a_module_that_two_modules_hold_is_not_known_where_tools_sum_it_twice() -> None:
    shared = nn.Linear(4, 4)
    model = nn.Sequential(nn.Sequential(shared), nn.Sequential(shared))
    found = count(model, torch.zeros(1, 4), with_conventions=True)[0].counted.conventions
    assert found is not None
    assert not {"thop", "ptflops-pytorch"} & found.keys()
    assert found["torchinfo"] == 2 * (16 + 4)


class Same(nn.Module):
    """A convolution whose padding is a word, and functions called by keywords."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding="same", bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(input=self.conv(x))


def test_what_tools_do_not_see_or_fail_at_is_not_made_up() -> None:
    """fvcore has no handle for ``padding="same"``, and thop's hook gets inputs by position only."""
    macs = 3 * 4 * 9 * 8 * 8
    found = count(Same(), torch.zeros(1, 3, 8, 8), with_conventions=True)[0].counted
    assert found.macs == macs
    assert found.conventions is not None
    assert "fvcore" not in found.conventions
    assert found.conventions["torch"] == 2 * macs
    assert found.conventions["torchprofile"] == 0, "nor does torchprofile see it"
    assert found.conventions["calflops-macs"] == macs
    assert "ptflops-pytorch" not in found.conventions, "a function was called by keywords"


def test_ptflops_is_not_known_for_a_batch_by_which_it_divides() -> None:
    found = count(nn.Linear(4, 4), torch.zeros(2, 4), with_conventions=True)[0].counted
    assert found.conventions is not None
    assert "ptflops-pytorch" not in found.conventions
    assert found.conventions["ptflops-aten"] == 2 * (16 + 4)


def test_torchprofile_counts_what_a_trace_has() -> None:
    class Net(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            x.mean()  # not used, so that it is not in the trace
            y = torch.mm(x, x.t())  # has no rule there
            return functional.leaky_relu_(y * y)  # neither has the one in place

    found = count(Net(), torch.zeros(4, 8), with_conventions=True)[0].counted.conventions
    assert found is not None
    assert found["torchprofile"] == 16


@pytest.fixture
def functions() -> Iterator[dict[str, object]]:
    names = [(functional, "relu"), (torch, "add"), (Tensor, "add"), (Tensor, "__matmul__")]
    before = {name: vars(owner).get(name) for owner, name in names}
    yield before
    assert {name: vars(owner).get(name) for owner, name in names} == before


@pytest.mark.usefixtures("functions")
def test_torch_is_left_as_it_was_even_if_the_network_fails() -> None:
    class Fails(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise KeyError("no")

    def passes(model: nn.Module) -> None:
        with accounting(model, CONVENTIONS):
            model(torch.zeros(1, 4))

    passes(nn.Linear(4, 4))
    with pytest.raises(KeyError):
        passes(Fails())


def test_the_counts_are_the_same_with_and_without_conventions() -> None:
    run = partial(counting.run, [case_of(parse("cifar_resnet20+se"))])
    (plain,), (also,) = run(), run(counting.Extras(conventions=True))
    assert plain.counted.macs == also.counted.macs
    assert plain.counted.conventions is None
