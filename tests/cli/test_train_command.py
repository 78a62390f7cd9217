"""``srbench train`` and ``srbench evaluate`` as a person calls them."""

import csv
import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
import torch
from support.ports import free_port

import srbench
from srbench.cli.app import run
from srbench.errors import BAD_INPUT, ROWS_FAILED
from srbench.training.checkpoints import keep

QUICK = ["--data", "fake", "--set", "epochs=1", "--set", "batch_size=250", "--device", "cpu"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def shown(
    arguments: list[str], capsys: pytest.CaptureFixture[str], code: int = 0
) -> tuple[str, str]:
    assert run(arguments) == code, capsys.readouterr()
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_a_comparison_over_seeds(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    train = ["train", "cifar_resnet8+sr", *QUICK, "--seeds", "2"]
    out, err = shown(train, capsys)
    assert err == "4 trained now\n"
    lines = out.splitlines()
    assert lines[2].startswith("cifar_resnet8 ")
    assert lines[3].startswith("cifar_resnet8+sr ")
    assert "±" in lines[2]
    assert "the 95 % t interval of paired differences" in out
    assert "Nadeau and Bengio" in out
    assert "Trained on fake, recipe digits, epochs=1, batch_size=250: 500 images" in out
    assert len(list((tmp_path / "runs").glob("*/model.safetensors"))) == 4

    again, err = shown([*train, "--format", "csv"], capsys)  # from the records, in no time
    assert "4 trained before" in err
    baseline, variant = csv.DictReader(StringIO(again))
    records = [json.loads(line) for line in (tmp_path / "train.jsonl").read_text().splitlines()]
    right = {
        (r["spec"], r["training"]["key"]["seed"]): r["training"]["epochs"][-1]["counted"]["top1"]
        for r in records
    }
    of = [
        [right[spec, seed] / 100 for seed in (0, 1)] for spec in (baseline["spec"], variant["spec"])
    ]
    assert float(baseline["top1"]) == pytest.approx(sum(of[0]) / 2)
    assert float(variant["top1_delta"]) == pytest.approx((sum(of[1]) - sum(of[0])) / 2)
    assert baseline["top1_delta"] == ""
    assert (variant["seeds"], variant["data"], variant["recipe"]) == ("2", "fake", "digits")

    tested, _ = shown(
        [
            "evaluate",
            *map(str, sorted(tmp_path.glob("runs/*/model.safetensors"))),
            "--format",
            "json",
            "--device",
            "cpu",
        ],
        capsys,
    )
    for row in json.loads(tested):
        seed = 0 if "seed0" in row["weights"] else 1
        assert row["counted"]["top1"] == right[row["spec"], seed]


def test_one_seed_has_no_interval_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = shown(["train", "cifar_resnet8+sr", *QUICK, "--seeds", "1"], capsys)
    assert "(n=1)" in out
    assert "One seed (n=1) has no interval: train with more." in out
    assert "±" not in out.splitlines()[2]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--data", "digit"], "did you mean digits?"),
        (["--data", "folder:nowhere"], "there is no folder nowhere"),
        (["--data", "cifar10"], "--download"),
        (["--set", "lr"], "KEY=VALUE"),
        (["--set", "lrate=1"], "unknown value 'lrate'"),
        (["--seeds", "0"], "out of range"),
        (["--seeds", "a"], "not a whole number"),
        (["--seeds", "-1"], "not a whole number"),
        (["--seeds", "5-2"], "out of range"),
        (["--share", "2"], "out of range"),
        (["--share", "x"], "is not a number"),
        (["--recipe", "nothing"], "unknown recipe"),
        (["--records", "tables/none/t.jsonl"], "No such file"),
    ],
)
def test_bad_options_are_refused_in_one_line_with_the_remedy(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out, err = shown(["train", "cifar_resnet8", *options, "--device", "cpu"], capsys, BAD_INPUT)
    assert out == ""
    assert said in err
    assert len(err.splitlines()) <= 2
    assert not (tmp_path / "runs").exists()


def test_a_batch_that_is_more_than_the_images_fails_its_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    train = ["train", "cifar_resnet8", "--no-variants", "--data", "fake", "--share", "0.05"]
    _, err = shown([*train, "--seeds", "1"], capsys, ROWS_FAILED)
    assert "a batch of 64 is more than the 25 images to train on" in err
    assert "batch_size=25" in err


@pytest.mark.parametrize(
    ("spec", "said", "code"),
    [
        ("fcn_resnet50:classes=21", "has 21 classes, but fake has 10", BAD_INPUT),
        ("resnet18", "--set size=32", ROWS_FAILED),
    ],
)
def test_networks_that_do_not_fit_the_images(
    spec: str, said: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    train = ["train", spec, "--no-variants", *QUICK, "--seeds", "1"]
    assert said in shown(train, capsys, code)[1]


WEIGHTS = Path(__file__).parents[2] / "weights" / "cifar_resnet20+sr.safetensors"
MISSING = """
import importlib.util, sys
sys.modules["{name}"] = None
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "{name}" else found(name, *rest)
from srbench.cli.app import run
codes = [run(command.split()) for command in sys.argv[1:]]
print(codes)
"""


@pytest.mark.parametrize("name", ["torchmetrics", "lightning_fabric"])
def test_a_missing_extra_is_named(name: str, tmp_path: Path) -> None:
    commands = ["train cifar_resnet8", f"evaluate {WEIGHTS}", f"analyze {WEIGHTS}"]
    done = subprocess.run(
        [sys.executable, "-c", MISSING.format(name=name), *commands],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    package = name.replace("_", "-")
    assert done.stdout.splitlines()[-1] == str([BAD_INPUT] * 3)
    assert done.stderr.count(f"not installed: {package}\n") == 3
    assert done.stderr.count(f"hint: install it: pip install {package}\n") == 3


def test_plain_weights_in_a_fresh_sr_variant_are_right_as_often(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    model = srbench.build("cifar_resnet8", input_size=16, num_classes=10)
    torch.save(model.state_dict(), tmp_path / "plain.pth")
    rows = []
    for spec in ("cifar_resnet8", "cifar_resnet8+sr", "cifar_resnet8+dropout2d"):
        command = ["evaluate", "plain.pth", "--model", spec, "--data", "digits", "--device", "cpu"]
        (row,) = json.loads(shown([*command, "--format", "json"], capsys)[0])
        rows.append(row["counted"])
    assert rows[0] == rows[1] == rows[2]
    assert rows[0]["images"] == 1797


@pytest.mark.parametrize(
    ("spec", "first"),
    [
        ("cifar_resnet32", "layer1.1.conv1.weight is missing"),
        ("cifar_resnet8:shortcut=projection", "layer2.0.shortcut.0.weight is missing"),
        ("resnet18", "conv1.weight has the shape (16, 3, 3, 3), not (64, 3, 7, 7)"),
    ],
)
def test_weights_of_another_spec_name_the_first_mismatch(
    spec: str, first: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model = srbench.build("cifar_resnet8", input_size=16, num_classes=10)
    torch.save(model.state_dict(), tmp_path / "plain.pth")
    command = ["evaluate", "plain.pth", "--model", spec, "--data", "fake", "--device", "cpu"]
    _, err = shown(
        [*command, *(["--set", "size=64"] if spec == "resnet18" else [])], capsys, ROWS_FAILED
    )
    assert "these are weights of another model" in err
    assert first in err


def test_a_variants_weights_are_not_a_baselines(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model = srbench.build("cifar_resnet8+se", input_size=16, num_classes=10)
    keep(tmp_path / "se.safetensors", model, {})
    command = ["evaluate", "se.safetensors", "--data", "fake", "--device", "cpu", "--model"]
    _, err = shown([*command, "cifar_resnet8"], capsys, ROWS_FAILED)
    assert "is missing" in err
    _, err = shown([*command, "cifar_resnet8+cbam"], capsys, ROWS_FAILED)
    assert "is missing" in err
    assert shown([*command, "cifar_resnet8+se"], capsys)[1] == ""


def test_weights_do_not_say_what_to_import_or_to_list(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil.py").write_text("from pathlib import Path\nPath('made').touch()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    model = torch.nn.Linear(1, 1)
    about: dict[str, object] = {"data": "fake", "seed": 0, "num_classes": 10}
    for number, spec in enumerate(("evil:Net", "cifar_resnet8+evil:Net", "this:x")):
        keep(tmp_path / f"{number}.safetensors", model, {**about, "spec": spec})
        _, err = shown(
            ["evaluate", f"{number}.safetensors", "--device", "cpu"], capsys, ROWS_FAILED
        )
        assert f"--model {spec}" in err
    assert not (tmp_path / "made").exists()
    keep(tmp_path / "f.safetensors", model, {**about, "spec": "resnet18", "data": "folder:/etc"})
    _, err = shown(["evaluate", "f.safetensors", "--device", "cpu"], capsys, ROWS_FAILED)
    assert "name --data" in err


def test_what_a_run_held_out_is_tested_also_at_another_size(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    train = ["train", "cifar_resnet8", "--no-variants", *QUICK, "--seeds", "1"]
    shown(train, capsys)
    (file,) = tmp_path.glob("runs/*/model.safetensors")
    command = ["evaluate", str(file), "--device", "cpu", "--format", "json", "--set"]
    (row,) = json.loads(shown([*command, "size=32"], capsys)[0])
    assert row["tested"] == "100 held out of fake"


@pytest.mark.parametrize("dtype", [torch.int8, torch.complex64, torch.bool])
def test_weights_of_another_kind_of_number_are_refused(
    dtype: torch.dtype, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    state = srbench.build("cifar_resnet8", input_size=16, num_classes=10).state_dict()
    state["conv1.weight"] = state["conv1.weight"].to(dtype)
    torch.save(state, tmp_path / "w.pt")
    command = ["evaluate", "w.pt", "--model", "cifar_resnet8", "--data", "fake", "--device", "cpu"]
    assert "conv1.weight is of" in shown(command, capsys, ROWS_FAILED)[1]


def test_what_is_not_said_has_to_be_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    torch.save(torch.nn.Linear(1, 1).state_dict(), tmp_path / "w.pt")
    assert "name a file" in shown(["evaluate"], capsys, BAD_INPUT)[1]
    assert "--weights needs --model" in shown(["evaluate", "--weights", "X"], capsys, BAD_INPUT)[1]
    alone = ["evaluate", "w.pt", "--device", "cpu"]
    assert "--model resnet50+se" in shown([*alone, "--data", "fake"], capsys, ROWS_FAILED)[1]
    assert "name --data" in shown([*alone, "--model", "resnet18"], capsys, ROWS_FAILED)[1]
    assert "cannot read" in shown(["evaluate", "none.pt"], capsys, ROWS_FAILED)[1]


def test_torchvisions_weights_are_loaded_and_tested_at_their_size(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is where torchvision looks for it, so that nothing is downloaded."""
    import torchvision

    weights = torchvision.models.ResNet18_Weights.IMAGENET1K_V1
    home = tmp_path / "home" / "hub" / "checkpoints"
    home.mkdir(parents=True)
    torch.manual_seed(0)
    torch.save(
        torchvision.models.resnet18(num_classes=10).state_dict(), home / Path(weights.url).name
    )
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    command = ["evaluate", "--weights", "IMAGENET1K_V1", "--data", "fake", "--device", "cpu"]
    command += ["--set", "size=32", "--set", "batch_size=600", "--format", "json", "--model"]
    (plain,) = json.loads(shown([*command, "resnet18"], capsys)[0])
    (variant,) = json.loads(shown([*command, "resnet18+sr"], capsys)[0])
    assert plain["counted"] == variant["counted"]
    assert plain["counted"]["images"] == 600
    _, err = shown([*command[:2], "IMAGENET1K_V9", *command[3:], "resnet18"], capsys, ROWS_FAILED)
    assert "did you mean IMAGENET1K_V1" in err
    _, err = shown([*command, "cifar_resnet8"], capsys, ROWS_FAILED)
    assert "torchvision has no weights of cifar_resnet8" in err


def test_tensorboard_gets_the_curve(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shown(
        ["train", "cifar_resnet8", "--no-variants", *QUICK, "--seeds", "1", "--tensorboard"],
        capsys,
    )
    assert list(tmp_path.glob("runs/*/events.out.tfevents*"))


def test_under_torchrun_one_process_shows_and_keeps_the_rows(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    arguments = ["-m", "srbench", "train", "cifar_resnet8", "--variant", "sr", *QUICK]
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [*command, "--master-port", str(free_port()), *arguments, "--seeds", "1"],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("cifar_resnet8+sr") == 1
    records = [json.loads(line) for line in (tmp_path / "train.jsonl").read_text().splitlines()]
    assert [record["spec"] for record in records] == ["cifar_resnet8", "cifar_resnet8+sr"]
    assert all(record["training"]["processes"] == 2 for record in records)


def test_a_sweep_trains_its_rows_and_plots_gain_against_cost(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sweep = ["sweep", "cifar_resnet8+sr", "--memories", "1,2", *QUICK[:-2], "--seeds", "2"]
    out, err = shown([*sweep, "--plot", "gain.svg", "--format", "csv"], capsys)
    assert "3 counted now; 6 trained now" in err
    rows = list(csv.DictReader(StringIO(out)))
    assert [row["spec"] for row in rows] == [
        *("cifar_resnet8", "cifar_resnet8+sr:memories=1", "cifar_resnet8+sr:memories=2"),
    ]
    assert {row["top1_seeds"] for row in rows} == {"2"}
    assert all(row["macs"] and row["top1"] for row in rows)
    assert "<!-- memories P -->" in (tmp_path / "gain.svg").read_text()
    _, err = shown(sweep, capsys)
    assert "6 trained before" in err
    refused = shown([*sweep, "--input-size", "32"], capsys, BAD_INPUT)[1]
    assert "--data has its own size and classes" in refused
    page = ["report", "sweep.jsonl", "--output", "page.html"]
    shown(page, capsys)
    assert "Top-1" in (tmp_path / "page.html").read_text()
    told, _ = shown(["compare", "sweep.jsonl", "sweep.jsonl"], capsys)
    assert told.count("+0.00 (all equal)") == 6
