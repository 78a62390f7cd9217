"""Networks whose plain count would hide something: what their rows say."""

from pathlib import Path

import pytest

import srbench
from srbench.cli.app import run
from srbench.records.record import Record

NETS = '''
import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    input_size = 32

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.last = nn.Linear(8, num_classes)

    def forward(self, x):
        return self.last(self.middle(self.first(x)).mean((2, 3)))

    def middle(self, x):
        return x


class PerImage(Net):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.banks = nn.Parameter(torch.randn(1, 8, 8, 3, 3))

    def middle(self, x):
        banks = self.banks.expand(len(x), -1, -1, -1, -1)
        return torch.vmap(lambda one, bank: F.conv2d(one[None], bank, padding=1)[0])(x, banks)


class Lazy(Net):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.first = nn.LazyConv2d(8, 3, padding=1, bias=False)
        self.norm = nn.LazyBatchNorm2d()
        self.last = nn.LazyLinear(num_classes)

    def middle(self, x):
        return self.norm(x)


class Listed(Net):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.more = [nn.Conv2d(8, 8, 3, padding=1, bias=False).requires_grad_(False)]
        self.scales = {"a": nn.Parameter(torch.ones(8, 1, 1))}

    def middle(self, x):
        return self.more[0](x) * self.scales["a"]


class Keeps(Net):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.position = nn.Conv2d(2, 8, 3, padding=1, bias=False)
        self.kept = None

    def middle(self, x):
        if self.kept is None:
            self.kept = self.position(torch.ones(1, 2, 32, 32))
        return x + self.kept


class KeepsByShape(Net):
    """In a dict, which itself stays the same."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.position = nn.Conv2d(2, 8, 3, padding=1, bias=False)
        self.kept = {}

    def middle(self, x):
        if x.shape not in self.kept:
            self.kept[x.shape] = self.position(torch.ones(1, 2, *x.shape[2:]))
        return x + self.kept[x.shape]


class Growing(Net):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.calls = 0

    def middle(self, x):
        self.calls += 1
        for _ in range(self.calls):
            x = x @ x.new_ones(32, 32)
        return x


class Auxiliary(Net):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.aux = nn.Sequential(nn.Conv2d(8, 4, 1), nn.BatchNorm2d(4))
        self.unused = nn.Parameter(torch.zeros(5))


class Values(Net):
    def middle(self, x):
        return x @ x.new_ones(32, 32) if x.sum() >= 0 else x




def plain(num_classes):
    layers = nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, num_classes)
    return nn.Sequential(*layers)


def scripted(num_classes: int = 10) -> nn.Module:
    return torch.jit.script(plain(num_classes))


def traced(num_classes: int = 10) -> nn.Module:
    return torch.jit.trace(plain(num_classes), torch.zeros(1, 3, 32, 32))


def exported(num_classes: int = 10) -> nn.Module:
    return torch.export.export(plain(num_classes).eval(), (torch.zeros(1, 3, 224, 224),)).module()


def compiled(num_classes: int = 10) -> nn.Module:
    return torch.compile(plain(num_classes))


def compiled_inside(num_classes: int = 10) -> nn.Module:
    return nn.Sequential(torch.compile(plain(num_classes)))


def symbolic(num_classes: int = 10) -> nn.Module:
    return torch.fx.symbolic_trace(plain(num_classes))
'''
FIRST, LAST = 8 * 27 * 32 * 32, 80
SQUARE = 8 * 72 * 32 * 32
OWN = 8 * 27 + 90


@pytest.fixture(autouse=True)
def _nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hidden_nets.py").write_text(NETS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)


def counted(name: str) -> Record:
    (row,) = srbench.count(f"hidden_nets:{name}")
    assert row.status == "ok"
    return row


def test_a_product_inside_vmap_is_counted() -> None:
    row = counted("PerImage")
    assert row.counts.macs == row.counts.flops == FIRST + SQUARE + LAST
    assert row.warnings == ()


def test_lazy_modules_get_their_shapes() -> None:
    row = counted("Lazy")
    assert (row.counts.params, row.counts.macs) == (OWN + 16, FIRST + LAST)
    assert row.warnings == row.notes == ()
    built = srbench.build("hidden_nets:Lazy")
    assert built.training
    assert built.first.weight.std() > 0, "initialised as torch does"


def test_parameters_that_no_module_has_are_a_warning() -> None:
    row = counted("Listed")
    assert (row.counts.params, row.counts.macs) == (OWN, FIRST + SQUARE + LAST)
    assert row.warnings == (
        "parameters that are not registered are not counted: 584 in more, scales",
    )


@pytest.mark.parametrize("name", ["Keeps", "KeepsByShape"])
def test_a_later_pass_is_counted_if_the_first_does_more(name: str) -> None:
    row = counted(name)
    assert row.counts.macs == FIRST + LAST
    assert row.counts.flops in (None, FIRST + LAST)  # while tracing, a shape is another key
    assert row.warnings == ()
    first = FIRST + LAST + 8 * 18 * 32 * 32
    said = f"a later pass is counted; the first has {first:,} MACs, not {FIRST + LAST:,}"
    assert said in row.notes


def test_building_a_network_leaves_nothing_in_it_of_the_check_that_it_runs() -> None:
    assert srbench.build("hidden_nets:Keeps").kept is None


def test_a_network_that_never_does_the_same_twice_is_a_warning() -> None:
    row = counted("Growing")
    one = 8 * 32 * 32 * 32
    listed = ", ".join(f"{FIRST + LAST + n * one:,}" for n in (1, 2, 3, 4))
    assert f"no two passes run the same: they have {listed} MACs" in row.warnings


def test_parameters_that_never_run_are_named() -> None:
    row = counted("Auxiliary")
    assert row.counts.params == OWN + 36 + 8 + 5
    assert row.warnings == ()
    assert row.notes == ("49 of the parameters never run: unused, aux",)


def test_a_run_for_real_has_its_reason() -> None:
    row = counted("Values")
    assert row.counts.macs == FIRST + LAST + 8 * 32**3
    assert row.settings["hidden_nets:Values"].startswith(
        "was counted in one run on zeros: on shapes alone it does not run (aten."
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("scripted", "a ScriptModule"),
        ("traced", "a ScriptModule"),
        ("exported", "exported"),
        ("compiled", "compiled"),
        ("compiled_inside", "compiled"),
    ],
)
@pytest.mark.filterwarnings("ignore:`torch.jit", "ignore::DeprecationWarning")
def test_a_network_that_is_no_plain_module_is_refused_with_the_remedy(
    name: str, kind: str, capsys: pytest.CaptureFixture
) -> None:
    assert run(["flops", f"hidden_nets:{name}"]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert f"hidden_nets:{name} is {kind} (give the plain module; " in line


def test_a_symbolic_trace_is_a_plain_module() -> None:
    assert counted("symbolic").counts.params == 8 * 27 + 8 + 90


def test_ones_own_network_alone_is_one_row(capsys: pytest.CaptureFixture) -> None:
    """srbench knows no places for blocks in it."""
    assert run(["flops", "hidden_nets:Net"]) == 0
    stdout, stderr = capsys.readouterr()
    assert f"{FIRST + LAST:,}" in stdout
    assert "+se" not in stdout
    assert stderr == ""
    assert run(["flops", "hidden_nets:Net", "--se"]) != 0
