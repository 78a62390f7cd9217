"""``srbench profile`` and ``srbench env`` as people use them."""

import csv
import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from support.fakes import FakeNvml, install_fake_cuda, small_limits

import srbench
from srbench.cli.app import run

SMALL = ("--input-size", "64", "--device", "cpu", "--rounds", "3")


def profile(capsys: pytest.CaptureFixture, *arguments: str, code: int = 0) -> tuple[str, str]:
    found = run(["profile", *arguments])
    stdout, stderr = capsys.readouterr()
    assert found == code, stderr
    return stdout, stderr


def rows(stdout: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(stdout)))


@pytest.fixture(scope="module", autouse=True)
def quick_limits() -> object:
    """The figures do not matter here."""
    with pytest.MonkeyPatch.context() as patch:
        small_limits(patch)
        yield


def test_the_parts_add_up_to_all_parameters_and_macs(capsys: pytest.CaptureFixture) -> None:
    stdout, _ = profile(capsys, "resnet18+se+sr", *SMALL, "--batch-size", "2", "-f", "csv")
    parts = rows(stdout)
    whole = [part for part in parts if part["is_block"] == "False"]
    blocks = [part for part in parts if part["is_block"] == "True"]
    (counted,) = srbench.count("resnet18+se+sr", input_size=64)[1:]
    assert sum(int(part["params"]) for part in whole) == counted.counts.params
    assert sum(int(part["macs"]) for part in whole) == 2 * counted.counts.macs
    modules = counted.counts.modules
    assert sum(int(part["params"]) for part in blocks) == sum(m.params for m in modules)
    assert sum(int(part["macs"]) for part in blocks) == 2 * sum(m.macs for m in modules)
    assert [(part["stage"], part["part"], part["calls"]) for part in blocks] == [
        *((f"layer{n}", "se", "2") for n in range(1, 5)),
        ("layer4", "sr", "1"),
    ]
    assert [part["part"] for part in whole] == [
        *("stem", "layer1", "layer2", "layer3", "layer4", "head"),
    ]


def test_the_bytes_are_those_of_input_output_and_parameters(capsys: pytest.CaptureFixture) -> None:
    stdout, _ = profile(capsys, "resnet18+se", *SMALL, "--batch-size", "2", "-f", "csv")
    parts = {(part["stage"], part["part"]): part for part in rows(stdout)}
    # two images, stem: 3x64x64 in, 64x16x16 out, and 9,536 parameters, four bytes each
    stem = 4 * (2 * 3 * 64 * 64 + 2 * 64 * 16 * 16 + 9_536)
    assert int(parts["stem", "stem"]["bytes"]) == stem
    # two blocks in layer4: 512x2x2 in and out
    se = 2 * 4 * (2 * 2 * 512 * 2 * 2) + 4 * int(parts["layer4", "se"]["params"])
    assert int(parts["layer4", "se"]["bytes"]) == se


def test_half_precision_moves_half_the_bytes(capsys: pytest.CaptureFixture) -> None:
    full, half = (
        rows(profile(capsys, "cifar_resnet8", *SMALL, "--dtype", dtype, "-f", "csv")[0])
        for dtype in ("float32", "bfloat16")
    )
    for one, other in zip(full, half, strict=True):
        assert int(one["bytes"]) == 2 * int(other["bytes"])


def test_the_table_has_the_blocks_and_the_whole_pass(capsys: pytest.CaptureFixture) -> None:
    stdout, _ = profile(capsys, "resnet18+sr", *SMALL)
    lines = stdout.splitlines()
    assert lines[0].startswith("Part")
    assert any(line.startswith("  incl. sr") for line in lines)
    total = next(line for line in lines if line.startswith("forward"))
    (counted,) = srbench.count("resnet18+sr", input_size=64)[1:]
    assert re.split(r"\s{2,}", total)[2] == f"{counted.counts.params:,}"
    assert "GB/s (a large copy)" in stdout


def test_json_has_the_limits_and_the_machine(capsys: pytest.CaptureFixture) -> None:
    stdout, _ = profile(capsys, "resnet18", *SMALL, "-f", "json")
    (found,) = json.loads(stdout)
    assert found["bandwidth"] > 0 < found["rate"]
    assert found["environment"]["torch"]
    for part in found["parts"]:
        limit = max(part["moved"] / found["bandwidth"], part["macs"] / found["rate"])
        assert part["least"] == pytest.approx(limit)


def test_times_on_a_fake_gpu_come_from_its_clock(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = {"mark": 0.002, "copy": 0.01, "product": 0.5, "convolution": 1e5}
    install_fake_cuda(monkeypatch, lambda task, n: seconds.get(task.pass_name, 0.1), runs=True)
    stdout, _ = profile(
        capsys,
        *("resnet18+se", "--input-size", "64", "--batch-size", "1", "--device", "cuda"),
        *("-f", "json"),
    )
    (found,) = json.loads(stdout)
    assert found["seconds"]["value"] == 0.1
    assert found["bandwidth"] == pytest.approx(2 * 2**20 / 0.01)
    assert found["rate"] == pytest.approx(128**3 / 0.5)
    parts = {(p["stage"], p["name"]): p["seconds"]["value"] for p in found["parts"]}
    assert parts["layer1", "se"] == pytest.approx(2 * 0.002)  # two of them


def test_a_trace_has_the_parts_in_it(capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    target = tmp_path / "trace.json"
    _, stderr = profile(capsys, "cifar_resnet8+sr", *SMALL, "--trace", str(target))
    events = json.loads(target.read_text())["traceEvents"]
    names = {event.get("name") for event in events}
    assert {"stem", "layer3", "layer3 sr", "head"} <= names
    assert f"wrote {target}" in stderr


@pytest.mark.parametrize(
    ("suffix", "begin"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")]
)
def test_a_plot_is_written_in_the_format_of_its_suffix(
    suffix: str, begin: bytes, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    target = tmp_path / f"roofline.{suffix}"
    profile(capsys, "cifar_resnet8+se", *SMALL, "--plot", str(target))
    assert target.read_bytes().startswith(begin)
    if suffix == "svg":
        assert "layer3 se" in target.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--plot", "roofline.xyz"), "is not the name of a picture"),
        (("--plot", "/nonexistent/r.png"), "cannot write to /nonexistent/r.png"),
        (("--trace", "/nonexistent/t.json"), "cannot write to /nonexistent/t.json"),
        (("--device", "tpu"), "there is no device tpu"),
        (("--batch-size", "0"), "--batch-size 0 is out of range"),
        (("--rounds", "0"), "Invalid value for '--rounds'"),
    ],
)
def test_bad_input_is_refused_with_a_hint(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture
) -> None:
    stdout, stderr = profile(capsys, "resnet18", *arguments, code=2)
    assert stdout == ""
    assert message in stderr
    assert stderr.splitlines()[1].startswith("hint: ")


def test_a_model_that_does_not_run_is_named_and_leaves_no_trace_file(
    capsys: pytest.CaptureFixture, install: Callable[..., None], tmp_path: Path
) -> None:
    code = (
        "import torch\nfrom torch import nn\nclass Picky(nn.Module):\n    def forward(self, x):\n"
        "        if x.shape[0] > 2: raise RuntimeError('two at most')\n        return x\n"
    )
    install("pickyblocks", code, picky="Picky")
    target = tmp_path / "trace.json"
    _, stderr = profile(
        capsys, "resnet18+picky", *SMALL, "--batch-size", "3", "--trace", str(target), code=4
    )
    assert "resnet18+picky does not run: RuntimeError: two at most" in stderr
    assert not target.exists()


def test_env_shows_all_parts(capsys: pytest.CaptureFixture) -> None:
    assert run(["env", "--format", "json"]) == 0
    (parts,) = json.loads(capsys.readouterr().out)
    assert parts["versions"]["srbench"] == srbench.__version__
    assert {"cpu", "cores", "memory_bytes", "governor"} <= parts["machine"].keys()
    assert {"threads", "cudnn_benchmark", "deterministic"} <= parts["torch"].keys()
    assert parts["torch"]["fp32_cuda_conv"] == torch.backends.cudnn.conv.fp32_precision == "tf32"
    assert {"load_1min", "energy_counter"} <= parts["now"].keys()


def test_env_prints_a_value_for_each_name_of_a_part(capsys: pytest.CaptureFixture) -> None:
    assert run(["env"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.split(r"\s{2,}", lines[0]) == ["Part", "Name", "Value"]
    assert any(re.match(r"versions +python +3\.", line) for line in lines)


def test_env_shows_a_gpu(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = FakeNvml()
    driver.millijoules = lambda: 7_000
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    install_fake_cuda(monkeypatch)
    assert run(["env", "--format", "json"]) == 0
    (parts,) = json.loads(capsys.readouterr().out)
    assert parts["cuda:0"]["gpu"] == "Fake H100"
    assert parts["now"]["energy_counter"] is True
    assert parts["now"]["energy_counter_j 0"] == 7.0
    assert parts["now"]["gpu_temperature_c 0"] == 55
