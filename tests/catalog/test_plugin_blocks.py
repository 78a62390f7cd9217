"""Blocks from other packages, by entry point, and how they may fail."""

import pytest

import srbench
from srbench.cli.app import run
from srbench.errors import SrbenchError
from srbench.spec.parse import parse

CODE = '''
import torch
from torch import nn


class Scale(nn.Module):
    """Learned scale per channel."""

    def __init__(self, channels, start=1.0, bias=False):
        super().__init__()
        self.scale = nn.Parameter(torch.full((channels, 1, 1), start))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1)) if bias else 0

    def forward(self, x):
        return x * self.scale + self.bias


class Position(nn.Module):
    """Learned map over positions."""

    place = "stage"

    def __init__(self, height, width):
        super().__init__()
        self.map = nn.Parameter(torch.zeros(height, width))

    def forward(self, x):
        return x + self.map


class Disguised(nn.Module):
    """A matrix product that no operator is."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(channels, channels))

    def forward(self, x):
        return (x[:, None] * self.weight[..., None, None]).sum(2)


class Choosy(nn.Module):
    """Looks at values."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return self.conv(x) if x.abs().sum() >= 0 else x


class Splits(nn.Module):
    """Fails on shapes, since it splits where a computed tensor says."""

    def forward(self, x):
        return torch.cat(x.tensor_split(torch.tensor([1]) + 0, dim=1), dim=1)


class FailsToBuild(nn.Module):
    def __init__(self, channels):
        raise RuntimeError("no such luck")


class FailsToRun(nn.Module):
    def forward(self, x):
        raise KeyError("lost")


class Reshapes(nn.Module):
    def forward(self, x):
        return x[:, :1, :1]


class Needy(nn.Module):
    def __init__(self, channels, heads):
        super().__init__()


class Staged(nn.Module):
    def __init__(self, stage="first"):
        super().__init__()


class Flexible(nn.Module):
    """Arguments that no spec can write keep their defaults."""

    def __init__(self, channels, *unused, norm=None, act=nn.ReLU, **more):
        super().__init__()
        self.act = act()
        assert norm is None

    def forward(self, x):
        return self.act(x)


class Matrix(nn.Module):
    """Matrix times vector, for which fvcore's formula fails."""

    def forward(self, x):
        return x + (x[0, 0] @ x[0, 0, 0]).sum()


class Elsewhere(nn.Module):
    place = "roof"
'''


@pytest.fixture
def package(install: object, monkeypatch: pytest.MonkeyPatch) -> None:
    install(
        "blockpack",
        CODE,
        scale="Scale",
        position="Position",
        disguised="Disguised",
        choosy="Choosy",
        splits="Splits",
        fails_to_build="FailsToBuild",
        fails_to_run="FailsToRun",
        reshapes="Reshapes",
        needy="Needy",
        elsewhere="Elsewhere",
        flexible="Flexible",
        matrix="Matrix",
        staged="Staged",
        missing="Missing",
        se="Scale",
    )
    monkeypatch.delitem(__import__("sys").modules, "blockpack", raising=False)


@pytest.mark.usefixtures("package")
class TestThirdPartyBlocks:
    def test_third_party_blocks_work_like_built_in_ones(self) -> None:
        rows = srbench.count("resnet18+scale+position", input_size=64)
        channels = 2 * (64 + 128 + 256 + 512)
        assert rows.delta(rows[1], "params") == channels + sum(s * s for s in (16, 8, 4, 2))
        assert rows.delta(rows[1], "macs") == 0
        assert [m.block for m in rows[1].counts.modules].count("scale") == 8

    def test_the_arguments_of_the_constructor_are_the_options(self) -> None:
        spec = parse("resnet18+scale:bias=true,start=2.0,stage=layer1")
        assert str(spec) == "resnet18+scale:start=2,bias=true,stage=layer1"
        block = srbench.build(spec, input_size=64).layer1[0].bn2[1]
        assert block.scale.mean() == 2
        assert block.bias.shape == (64, 1, 1)
        with pytest.raises(SrbenchError, match="no option 'begin'"):
            parse("resnet18+scale:begin=2")
        with pytest.raises(SrbenchError, match="bias=yes is not valid"):
            parse("resnet18+scale:bias=yes")

    def test_a_package_cannot_take_a_built_in_name(self) -> None:
        model = srbench.build("resnet18+se", input_size=64)
        assert type(model.layer1[0].bn2[1]).__name__ == "SqueezeExcitation"

    def test_a_block_that_looks_at_values_is_counted_for_real(self) -> None:
        rows = srbench.count("resnet18+choosy:stage=layer4", input_size=64)
        assert rows.delta(rows[1], "macs") == 2 * 512 * 512 * 4
        assert rows[1].warnings == ()

    def test_a_block_that_fails_only_on_shapes_is_counted_for_real(self) -> None:
        rows = srbench.count("resnet18+splits", input_size=64)
        assert rows.delta(rows[1], "params") == 0
        assert rows[1].status == "ok"

    @pytest.mark.parametrize(
        ("spec", "problem"),
        [
            ("resnet18+needy", "needs 'heads', an argument that has no default"),
            ("resnet18+staged", "needs 'stage', an argument that is reserved by srbench"),
            ("resnet18+elsewhere", "unknown place 'roof'"),
            ("resnet18+missing", "cannot be imported"),
            ("resnet18+scal", "unknown block 'scal'"),
        ],
    )
    def test_a_block_that_cannot_be_used_is_an_error_and_nothing_is_written(
        self, spec: str, problem: str, tmp_path: object, capsys: pytest.CaptureFixture
    ) -> None:
        out = tmp_path / "out.csv"
        assert run(["flops", "resnet18+se", spec, "--input-size", "64", "-o", str(out)]) == 2
        stdout, stderr = capsys.readouterr()
        assert stdout == ""
        error, hint = stderr.strip().splitlines()
        assert error.startswith("error: ")
        assert problem in error
        assert hint.startswith("hint: ")
        assert not out.exists()

    @pytest.mark.parametrize(
        ("spec", "problem"),
        [
            ("resnet18+fails_to_build", "no such luck"),
            ("resnet18+fails_to_run", "block fails_to_run at layer1.0.bn2, 64x16x16: KeyError"),
            ("resnet18+reshapes", "it changes (2, 64, 16, 16) to (2, 1, 1, 16)"),
        ],
    )
    def test_a_block_that_fails_does_not_affect_the_other_rows(
        self, spec: str, problem: str, capsys: pytest.CaptureFixture
    ) -> None:
        arguments = ["resnet18+se", spec, "--input-size", "64", "-f", "csv"]
        assert run(["flops", *arguments]) == 4
        stdout, stderr = capsys.readouterr()
        assert "\nresnet18+se,11778592," in stdout
        assert problem in stdout
        (error,) = stderr.strip().splitlines()
        assert error.startswith(f"error: {spec}: failed: ")
        assert problem in error

    def test_arguments_that_no_spec_can_write_keep_their_defaults(self) -> None:
        rows = srbench.count("resnet18+flexible", input_size=64)
        assert rows.delta(rows[1], "params") == 0

    def test_a_block_that_fvcore_cannot_count_has_macs_and_no_flops(
        self, capsys: pytest.CaptureFixture
    ) -> None:
        assert run(["flops", "resnet18+matrix", "--input-size", "64", "--strict"]) == 0
        stdout, stderr = capsys.readouterr()
        assert "resnet18+matrix: no FLOPs: fvcore cannot count it (" in stdout
        assert stderr == ""

    def test_strict_fails_on_uncounted_operators(self, capsys: pytest.CaptureFixture) -> None:
        arguments = ["flops", "resnet18+disguised:stage=layer4", "--input-size", "64"]
        assert run(arguments) == 0
        stdout, stderr = capsys.readouterr()
        assert "resnet18+disguised:stage=layer4 *" in stdout
        assert (
            "warning: resnet18+disguised:stage=layer4: not counted: products that are then summed, "
            "2,097,152 MACs in layer4.0.bn2.1 sum, layer4.1.bn2.1 sum"
        ) in stderr
        assert run([*arguments, "--strict"]) == 1

    def test_the_listing_names_the_package(self, capsys: pytest.CaptureFixture) -> None:
        assert run(["blocks"]) == 0
        stdout, stderr = capsys.readouterr()
        assert stderr == "warning: srbench's own se hides that of blockpack 1.0\n"
        assert any(
            line.startswith("scale") and "blockpack 1.0" in line for line in stdout.splitlines()
        )
