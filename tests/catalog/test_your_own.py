"""Blocks and networks by module name, networks by entry point, and networks of timm."""

import csv
import io
import itertools
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from support.fakes import small_limits
from support.pages import files
from torch import nn

import srbench
from srbench.catalog.plugins import backbones, blocks
from srbench.cli.app import run
from srbench.errors import SpecError, SrbenchError
from srbench.spec.parse import parse

CODE = """
import functools

import torch
from torch import nn


class Net(nn.Module):
    stages = ("early", "late")
    branches = "*.norm"
    input_size = 16

    def __init__(self, num_classes=7, width=4, norm=nn.BatchNorm2d):
        super().__init__()
        self.early = nn.Sequential(Unit(3, width), Unit(width, width))
        self.late = nn.Sequential(Unit(width, width), nn.MaxPool2d(2))
        self.head = nn.Linear(width, num_classes)

    def forward(self, x):
        return self.head(self.late(self.early(x)).mean((2, 3)))


class Unit(nn.Module):
    def __init__(self, channels, out):
        super().__init__()
        self.conv = nn.Conv2d(channels, out, 3, padding=1)
        self.norm = nn.BatchNorm2d(out)

    def forward(self, x):
        return self.norm(self.conv(x)).relu()


def by_name(**options) -> nn.Module:
    return Net(options["num_classes"])


by_name.stages = {"first": "early.0", "last": "late"}


class Bare(Net):
    stages = ()


class NoBranches(Net):
    branches = ""


class Misnamed(Net):
    stages = ("early", "later")


class OddStages(Net):
    stages = "early"


class OddSize(Net):
    input_size = "large"


class Fixed(nn.Module):
    def __init__(self):
        super().__init__()


class Needy(Net):
    def __init__(self, depth, num_classes=10):
        super().__init__()


class Fails(Net):
    def __init__(self, num_classes=10):
        raise RuntimeError("no luck")


class Narrow(Net):
    def forward(self, x):
        return super().forward(x[:, :2])


class Looks(Net):
    def forward(self, x):
        return super().forward(x if x.abs().sum() >= 0 else -x)


class Plain(nn.Module):
    def forward(self, x):
        return x


class Forgotten(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.scale = torch.ones(channels, 1, 1)

    def forward(self, x):
        return x * self.scale


class Elsewhere(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels, 1, 1, device="meta"))

    def forward(self, x):
        return x * self.scale


class Pair(nn.Module):
    def forward(self, x):
        return x, x


class Quits(nn.Module):
    def __init__(self):
        raise SystemExit(3)


def no_module(channels):
    raise AssertionError("called")


def promised(channels, **options) -> "nn.Module":
    return nn.Conv2d(channels, channels, 1)


def breaks_its_promise(channels) -> nn.Module:
    return channels


def by_keywords(**options):
    raise AssertionError("called")


class Callable:
    def __call__(self, num_classes) -> int:
        raise AssertionError("called")


class NoModule:
    def __init__(self, channels):
        raise AssertionError("called")


callable_one = Callable()
narrow = functools.partial(Net, width=2)


MADE = Plain()
NUMBER = 3
"""

numbers = itertools.count()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, install: Callable[..., None]) -> str:
    """A module in the working directory, with a name that was never imported before."""
    name = f"own{next(numbers)}"
    (tmp_path / f"{name}.py").write_text(CODE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return name


def failure(capsys: pytest.CaptureFixture, *arguments: str) -> tuple[str, str]:
    """Error and hint of a command that fails."""
    assert run([*arguments]) == 2
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    error, hint = stderr.strip().splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: ")
    return error, hint


def failed_row(capsys: pytest.CaptureFixture, *arguments: str) -> str:
    """The status of the one row that fails. The rows before it are fine."""
    assert run([*arguments, "--no-variants", "-f", "csv"]) == 4
    stdout, stderr = capsys.readouterr()
    *others, row = csv.DictReader(io.StringIO(stdout))
    assert all(other["status"] == "ok" and other["params"] for other in others)
    assert row["params"] == ""
    assert f"error: {row['spec']}: {row['status']}" in stderr
    return row["status"]


# --- ECA, which docs/how-to/your-own.md shows


@pytest.fixture(scope="module")
def eca() -> type[nn.Module]:
    code = files()["eca.py"]
    scope: dict[str, object] = {}
    exec(compile(code, "eca.py", "exec"), scope)
    return scope["ECA"]


@pytest.mark.parametrize(
    ("channels", "size"), [(64, 3), (128, 5), (256, 5), (512, 5), (1024, 5), (2048, 7)]
)
def test_ecas_kernel_size_is_the_papers(eca: type[nn.Module], channels: int, size: int) -> None:
    """Eq. 12: the odd number nearest to |log2(C) / 2 + 1 / 2|, from below or above."""
    assert eca(channels).conv.kernel_size == (size,)
    assert abs(size - (math.log2(channels) + 1) / 2) < 2


def test_eca_adds_only_its_kernels(
    eca: type[nn.Module], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calculated by hand: k parameters and k C MACs on every branch of a ResNet-50."""
    code = files()["eca.py"]
    (tmp_path / "eca_here.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    rows = srbench.count("resnet50+eca_here:ECA")
    sites = [(256, 5, 3), (512, 5, 4), (1024, 5, 6), (2048, 7, 3)]
    assert rows.delta(rows[1], "params") == sum(k * n for _, k, n in sites) == 86
    assert rows.delta(rows[1], "macs") == sum(c * k * n for c, k, n in sites)
    assert rows[1].warnings == ()


# --- by the module's name


def test_a_custom_block_is_used_by_its_module_and_class(
    package: str, capsys: pytest.CaptureFixture
) -> None:
    block = f"{package}:Plain"
    assert run(["flops", "resnet18", "--block", block, "--input-size", "64", "-f", "csv"]) == 0
    assert f"resnet18+{block},11689512," in capsys.readouterr().out
    spec = f"resnet18+{block}:after=layer1.0+se"
    assert str(parse(spec)) == spec


def test_a_custom_network_is_used_by_its_module_and_class(package: str) -> None:
    rows = srbench.count(f"{package}:Net:width=8+se:reduction=2+sr:stage=early")
    assert rows[0].input == (3, 16, 16)
    assert rows[0].num_classes == 7
    assert [(m.stage, m.shape) for m in rows[1].counts.modules] == [
        ("early", (8, 16, 16)),
        ("early", (8, 16, 16)),
        ("late", (8, 16, 16)),
        ("early", (8, 16, 16)),
    ]
    model = srbench.build(f"{package}:Net", num_classes=3)
    assert model(torch.zeros(2, 3, 16, 16)).shape == (2, 3)
    assert model.early[0].conv.weight.std() > 0, "a network to be used is initialised"


def test_the_names_of_stages_may_differ_from_those_of_modules(package: str) -> None:
    rows = srbench.count(f"{package}:by_name+sr:stage=first/last", input_size=16)
    assert [m.stage for m in rows[1].counts.modules] == ["first", "last"]


def test_a_network_that_looks_at_values_is_run_for_real(package: str) -> None:
    plain, looks = (srbench.count(f"{package}:{name}+sr")[1] for name in ("Net", "Looks"))
    assert looks.counts.macs == plain.counts.macs
    assert looks.counts.modules == plain.counts.modules


@pytest.mark.parametrize(
    ("spec", "problem", "remedy"),
    [
        ("resnet18+{}:no_module", "is not known to make a module", "-> nn.Module"),
        ("resnet18+{}:NoModule", "is not known to make a module", "torch.nn.Module"),
        ("resnet18+{}:callable_one", "is not known to make a module", "annotate"),
        ("{}:by_keywords", "is not known to make a module", "argument num_classes"),
        ("resnet18+tempfile:mkdtemp", "is not known to make a module", "annotate"),
        ("tempfile:mkdtemp", "is not known to make a module", "num_classes"),
        ("resnet18+{}:NUMBER", "is not a class or a function", "the class itself"),
        ("resnet18+{}:MADE", "is not a class or a function", "the class itself"),
        ("resnet18+{}:Plane", "has no 'Plane'", "did you mean Plain?"),
        ("resnet18+no_such_module:Plain", "there is no module 'no_such_module'", "install it"),
        ("{}:Bare+sr:stage=early", "lists no stages", "after="),
        ("{}:OddStages", "has invalid `stages` or `branches`", "tuple"),
        ("{}:OddSize", "has the input_size 'large'", "pixels"),
        ("{}:Fixed", "has no argument num_classes", "argument num_classes"),
        ("{}:Needy", "needs 'depth', an argument that has no default", "num_classes"),
        ("{}:Net:width=x", "width=x is not valid", "whole number"),
        ("{}:Net+se:stage=layer1", "no stage 'layer1'", "early, late"),
        ("resnet50:Oops", "is not key=value", "key=value"),
    ],
)
def test_what_cannot_be_used_is_an_error_with_a_remedy(
    package: str, capsys: pytest.CaptureFixture, spec: str, problem: str, remedy: str
) -> None:
    size = ("--input-size", "64") if spec.startswith("resnet") else ()
    error, hint = failure(capsys, "flops", spec.format(package), *size)
    assert problem in error
    assert remedy in hint


@pytest.mark.parametrize(
    ("spec", "problem", "remedy"),
    [
        ("resnet18+{}:Forgotten", "its scale is not registered", "a buffer"),
        ("resnet18+{}:Elsewhere", "its scale is on the device meta", "on the CPU"),
        ("resnet18+{}:Pair", "it returns a tuple, not a tensor", "same shape"),
        ("resnet18+{}:Quits", "it called sys.exit(3)", "options"),
        ("resnet18+{}:breaks_its_promise", "it is a int", "torch.nn.Module"),
        ("{}:Bare+se", "lists no stages", "after="),
        ("{}:NoBranches+se", "does not declare where the residual branches", "branches"),
        ("{}:Misnamed+sr", "has no module later", "did you mean late"),
        ("{}:Fails", "RuntimeError: no luck", "options"),
        ("{}:Narrow", "does not run on an input of 16x16", "--input-size"),
        ("{}:Bare+se:after=early.0", "reduction 16 leaves none of 4 channels", "options"),
    ],
)
def test_a_model_that_fails_is_a_failed_row_with_a_remedy(
    package: str, capsys: pytest.CaptureFixture, spec: str, problem: str, remedy: str
) -> None:
    size = ("--input-size", "64") if spec.startswith("resnet") else ()
    said = failed_row(capsys, "flops", spec.format(package), *size)
    assert problem in said
    assert remedy in said


def test_an_annotated_function_and_a_partial_of_a_class_are_called(package: str) -> None:
    by_function, narrow = (
        srbench.count(f"resnet18+{package}:promised", input_size=64),
        srbench.count(f"{package}:narrow"),
    )
    assert by_function.delta(by_function[1], "params") == sum(
        2 * (c * c + c) for c in (64, 128, 256, 512)
    )
    assert narrow[0].counts.params < srbench.count(f"{package}:Net")[0].counts.params


FUSES = """
import torch
from torch import nn

class Branches(nn.Module):
    def __init__(self, num_classes=3):
        super().__init__()
        self.wide = nn.Conv2d(3, 4, 3, padding=1)
        self.point = nn.Conv2d(3, 4, 1)
        self.head = nn.Linear(4, num_classes)

    def forward(self, x):
        y = self.one(x) if hasattr(self, "one") else self.wide(x) + self.point(x)
        return self.head(y.mean((2, 3)))

    def fuse(self):
        assert not self.training
        self.one = nn.Conv2d(3, 4, 3, padding=1)
        self.one.weight += self.wide.weight
        del self.wide, self.point
        return {returns}

class Clash(nn.Module):
    def __init__(self, num_classes=3, fuse=False):
        super().__init__()

    def fuse(self):
        pass
"""


@pytest.mark.parametrize("returns", ["self", "None", "nn.Sequential(self)", "3"])
def test_a_class_with_a_method_fuse_is_counted_as_deployed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, returns: str
) -> None:
    name = f"fuses_{abs(hash(returns))}"
    (tmp_path / f"{name}.py").write_text(FUSES.replace("{returns}", returns))
    monkeypatch.syspath_prepend(tmp_path)
    rows = srbench.count(f"{name}:Branches", f"{name}:Branches:fuse=true", input_size=8)
    trained, deployed = rows
    assert trained.counted.macs == 27 * 4 * 64 + 3 * 4 * 64 + 12
    assert deployed.counted.macs == deployed.counted.macs_fvcore == 27 * 4 * 64 + 12
    assert "is in its training form" in trained.settings[trained.spec]
    assert not deployed.settings
    assert srbench.build(deployed.spec, input_size=8).training
    with pytest.raises(srbench.errors.SpecError, match="both a method and an argument called fuse"):
        srbench.count(f"{name}:Clash")


def test_a_module_that_fails_to_import_does_not_affect_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "broken_here.py").write_text("import no_such_thing_at_all\n")
    monkeypatch.chdir(tmp_path)
    error, hint = failure(capsys, "flops", "resnet18", "--block", "broken_here:Block")
    assert (
        "cannot be imported: ModuleNotFoundError: No module named 'no_such_thing_at_all'" in error
    )
    assert "still work" in hint
    assert run(["blocks"]) == 0
    assert run(["flops", "resnet18+se", "--input-size", "64"]) == 0


def test_the_working_directory_hides_no_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch.py").write_text("raise SystemExit('found the wrong one')\n")
    monkeypatch.chdir(tmp_path)
    assert blocks.block_at("torch.nn:Identity").options


# --- by entry point


@pytest.mark.usefixtures("package")
def test_a_network_is_found_by_its_entry_point(
    install: Callable[..., None], capsys: pytest.CaptureFixture
) -> None:
    name = f"netpack{next(numbers)}"
    install(name, CODE, backbones={"ournet": "Net", "broken": "Missing", "resnet18": "Net"})
    rows = srbench.count("ournet+sr:memories=1")
    assert rows[0].input == (3, 16, 16)
    assert srbench.count("resnet18", input_size=64)[0].counts.params == 11_689_512
    assert run(["models", "-f", "csv"]) == 0
    stdout, stderr = capsys.readouterr()
    assert f"ournet,{name} 1.0" in stdout
    assert "warning: srbench's own resnet18 hides that of" in stderr
    error, hint = failure(capsys, "flops", "broken")
    assert "has no 'Missing'" in error
    error, hint = failure(capsys, "flops", "ournett")
    assert "did you mean ournet?" in hint


# --- timm


def test_a_network_of_timm_counts_as_that_of_torchvision() -> None:
    rows = srbench.count("timm:resnet18+se", "timm:resnet18+sr", "resnet18+se", "resnet18+sr")
    theirs, their_se, their_sr, ours, our_se, our_sr = rows
    for a, b in ((theirs, ours), (their_se, our_se), (their_sr, our_sr)):
        assert (a.counts.params, a.counts.macs) == (b.counts.params, b.counts.macs)
        assert [m.shape for m in a.counts.modules] == [m.shape for m in b.counts.modules]
    assert parse("timm:resnet18+sr").blocks[0].options == ()


def test_blocks_follow_the_branches_of_the_units_in_timms_stages() -> None:
    rows = srbench.count("timm:efficientnet_b0+se", "timm:efficientnet_b0+sr", input_size=64)
    assert len(rows["timm:efficientnet_b0+se"].counts.modules) == 16
    (sr,) = rows["timm:efficientnet_b0+sr"].counts.modules
    assert sr.shape == (320, 2, 2)
    assert rows[0].settings["timm:efficientnet_b0"].startswith("has SE of its own")


def test_a_network_of_timm_is_initialised() -> None:
    model = srbench.build("timm:resnet18+sr", input_size=64, num_classes=5).eval()
    assert model(torch.zeros(1, 3, 64, 64)).shape == (1, 5)
    assert 0 < model.layer1[0].conv1.weight.std() < 1


@pytest.mark.parametrize(
    ("spec", "problem", "remedy"),
    [
        ("timm:resnet19", "timm has no model 'resnet19'", "did you mean timm:resnet"),
        ("timm:resnet18:drop=1", "has no option 'drop'", "none"),
    ],
)
def test_an_unknown_network_or_option_of_timm_is_an_error(
    capsys: pytest.CaptureFixture, spec: str, problem: str, remedy: str
) -> None:
    error, hint = failure(capsys, "flops", spec, "--input-size", "64")
    assert problem in error
    assert remedy in hint


def test_a_network_of_timm_without_a_place_fails_its_row(capsys: pytest.CaptureFixture) -> None:
    specs = ("timm:resnet18+se", "timm:dpn48b+se")
    said = failed_row(capsys, "flops", *specs, "--input-size", "64")
    assert "has no place for a block in features.conv1_1: srbench sees no residual branch" in said


def test_a_network_of_timm_that_cannot_be_built_fails_its_own_row(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    timm = pytest.importorskip("timm")
    plain = timm.create_model

    def create(name: str, **options: object) -> object:
        if name == "resnet34":
            raise RuntimeError("no such luck")
        return plain(name, **options)

    backbones.backbone_at.cache_clear()
    monkeypatch.setattr(timm, "create_model", create)
    specs = ("timm:resnet18", "timm:resnet34")
    assert "no such luck" in failed_row(capsys, "flops", *specs, "--input-size", "64")
    with pytest.raises(SrbenchError, match="no such luck"):
        srbench.build("timm:resnet34+se", input_size=64)
    backbones.backbone_at.cache_clear()


def test_without_timm_the_hint_is_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    backbones.backbone_at.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, "timm", None)
    with pytest.raises(SpecError) as raised:
        parse("timm:resnet18")
    assert raised.value.hint == "install it: pip install timm"


# --- networks that do not do what their attributes say

ODD = '''
import torch
from torch import nn


class Base(nn.Module):
    stages = ("body",)
    branches = "*.1"
    input_size = 16

    def __init__(self, num_classes=4):
        super().__init__()
        conv, norm = nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.body = nn.Sequential(nn.Sequential(conv, norm), nn.ReLU())
        self.head = nn.Linear(8, num_classes)

    def logits(self, x):
        return self.head(x.mean((2, 3)))

    def forward(self, x):
        return self.logits(self.body(self.stem(x)))


class Slice(Base):
    """A slice of a Sequential keeps its modules' numbers: the next one's may be taken."""

    def __init__(self, num_classes=4):
        super().__init__(num_classes)
        self.body = nn.Sequential(nn.ReLU(), nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1))[1:]


class Alias(Base):
    def __init__(self, num_classes=4):
        super().__init__(num_classes)
        self.same = self.stem

    def forward(self, x):
        return self.logits(self.body(self.same(x)))


class InAList(Base):
    def __init__(self, num_classes=4):
        super().__init__(num_classes)
        self.after = nn.ReLU()
        self.all = [self.stem, self.body, self.after]

    def forward(self, x):
        for module in self.all:
            x = module(x)
        return self.logits(x)


class Classes(Base):
    """An option called classes is the network's own business."""

    def __init__(self, num_classes=4, classes=5, name="x"):
        super().__init__(num_classes)


class Deaf(Base):
    def __init__(self, num_classes=4):
        super().__init__(9)


class Both(Base):
    def forward(self, x):
        return super().forward(x), x


class Nothing(Base):
    def forward(self, x):
        super().forward(x)


class Leaves(Base):
    def forward(self, x):
        raise SystemExit(0)


class Spare(Base):
    """Registered in another order than it runs, with something that never does."""

    def __init__(self, num_classes=4):
        super().__init__(num_classes)
        self.never = nn.Linear(3, 3)
        head, stem = self.head, self.stem
        del self.head, self.stem
        self.head, self.stem = head, stem


def not_a_module(num_classes):
    return {}
'''


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, install: Callable[..., None]) -> str:
    name = f"odd{next(numbers)}"
    (tmp_path / f"{name}.py").write_text(ODD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return name


def test_a_slice_of_a_sequential_keeps_all_its_modules(odd: str) -> None:
    rows = srbench.count(f"{odd}:Slice+se:reduction=2,after=body", f"{odd}:Slice+sr:memories=1")
    assert rows.delta(rows[1], "params") == 2 * 8 * 4 + 4 + 8
    assert rows.delta(rows[1], "macs") == 2 * 8 * 4
    assert rows.delta(rows[2], "macs") > 0


def test_an_option_called_classes_is_the_networks_own(odd: str) -> None:
    base, row = srbench.count(f"{odd}:Base", f"{odd}:Classes", num_classes=6)
    assert row.num_classes == 6
    assert row.counts.params == base.counts.params
    assert str(parse(f"{odd}:Classes:classes=7,name=y")) == f"{odd}:Classes:classes=7,name=y"


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("{}:Alias+dropout2d:after=stem", "it runs 0 times in a forward pass"),
        ("{}:InAList+dropout2d:after=after", "it runs 0 times in a forward pass"),
        ("{}:Deaf", "returns (1, 9), not logits of 4 classes"),
        ("{}:Both", "it returns a tuple, not logits"),
        ("{}:Nothing", "it returns a NoneType, not logits"),
        ("{}:Leaves", "called sys.exit(0)"),
        ("{}:not_a_module", "is a dict"),
    ],
)
def test_a_network_that_would_give_wrong_numbers_is_refused(
    odd: str, capsys: pytest.CaptureFixture, spec: str, problem: str
) -> None:
    assert problem in failed_row(capsys, "flops", spec.format(odd))
    with pytest.raises(srbench.errors.BuildError):
        srbench.build(spec.format(odd))


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("math:pi.foo", "has no 'foo'"),
        ("resnet18:bogus", "is not key=value"),
        ("cifar_resnet8:bogus", "is not key=value"),
    ],
)
def test_invalid_specs_are_refused(capsys: pytest.CaptureFixture, spec: str, problem: str) -> None:
    error, _ = failure(capsys, "flops", spec)
    assert problem in error


def test_a_profile_follows_the_order_in_which_parts_run(
    odd: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_limits(monkeypatch)
    arguments = ["profile", f"{odd}:Spare+sr:memories=1", "--device", "cpu", "--rounds", "2"]
    assert run([*arguments, "-f", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:]]
    macs = {row["part"]: int(row["macs"]) for row in rows}
    assert macs["stem"] == 3 * 8 * 9 * 16 * 16
    assert macs["head"] == 8 * 4


def test_an_import_prints_nothing_into_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    name = f"loud{next(numbers)}"
    (tmp_path / f"{name}.py").write_text(f"print('loud')\n{CODE}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(["flops", f"{name}:Net", "--no-variants", "-f", "csv"]) == 0
    stdout, stderr = capsys.readouterr()
    assert stdout.startswith("spec,params")
    assert "loud" in stderr
