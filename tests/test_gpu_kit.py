"""The kit for a visit to a GPU, tested on the CPU, so that it keeps working without a card."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = {
    *("01_machine.txt", "02_latency.txt", "03_tests.txt", "04_ways.txt", "05_kernels.txt"),
    *("06_profile.txt", "07_repeats.txt", "08_records.tar.gz"),
}


@pytest.mark.slow
@pytest.mark.catalog  # it takes minutes
def test_a_dry_run_leaves_its_eight_files_and_every_step_succeeds(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, str(ROOT / "benchmarks" / "gpu" / "visit.py"), str(tmp_path)),
            *("--device", "cpu", "--quick", "--wheels", str(tmp_path / "none")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {*FILES, "records"}
    ends = [line for line in done.stdout.splitlines() if ", " in line and line.endswith(" s")]
    # Without a GPU there is no nvidia-smi, and no test to run.
    odd = [line for line in ends if "exit code 0" not in line]
    assert all(line.startswith(("the card", "tests")) for line in odd), done.stdout
    kernels = (tmp_path / "05_kernels.txt").read_text()
    assert "THE PROBE FAILED" not in kernels
    assert "cold_cache: Does emptying L2" in kernels
    assert "cifar_resnet8 b4 train: " in kernels
    assert "cifar_resnet8" in (tmp_path / "07_repeats.txt").read_text()
    with tarfile.open(tmp_path / "08_records.tar.gz") as archive:
        names = {Path(name).name for name in archive.getnames()}
    assert {"latency.json", "graph.json", "energy1.json", "roofline.png", "trace.json.gz"} <= names


def test_a_step_that_hangs_is_cut_off_and_the_next_one_runs(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, 'benchmarks/gpu'); import visit\n"
        "from pathlib import Path\n"
        "one = visit.Visit(Path(sys.argv[1]), 'cpu', False, 30.0)\n"
        "for most, code in ((1.0, 'import time; time.sleep(60)'), (20.0, 'print(7)')):\n"
        "    visit.run(visit.Step('a.txt', 'step', most, (sys.executable, '-c', code)), one)\n"
        "one.deadline = 0.0\n"
        "visit.run(visit.Step('a.txt', 'late', 20, ('true',)), one)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    cut, ran, late = done.stdout.splitlines()
    assert "cut off, 1 s" in cut
    assert "exit code 0" in ran
    assert "left out for lack of time" in late
    assert "\n7\n" in (tmp_path / "a.txt").read_text()


def test_selecting_steps_by_an_unknown_title_is_an_error(tmp_path: Path) -> None:
    program = ROOT / "benchmarks" / "gpu" / "visit.py"
    command = [sys.executable, str(program), str(tmp_path), "--device", "cpu", "--only", "prbes"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert "no title contains 'prbes'; titles: the card and the driver, packages" in done.stderr


def test_a_list_of_installed_packages_is_read_in_any_form() -> None:
    program = (
        "import sys; sys.path.insert(0, 'benchmarks/gpu'); import wheels\n"
        "print(wheels.present('torch==2.11.0+cu130\\nclick\\n# a remark\\n\\nrich 14.1.0\\n'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "{'torch': '2.11.0', 'click': '9999', 'rich': '14.1.0'}"
