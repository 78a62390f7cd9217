"""One visit to a machine with a GPU: checks srbench there, within a deadline.

    python3 benchmarks/gpu/visit.py FOLDER            # in the root of a checkout
    python3 benchmarks/gpu/visit.py FOLDER --device cpu --quick     # a dry run of the kit

The most important steps come first. A failed step stops no other, each has a time limit, and steps
that do not fit before the deadline are left out and named. The result is eight files. To start it,
only Python is needed: packages that srbench needs and the machine lacks come from ``--wheels``.
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SITE = Path(tempfile.gettempdir()) / "srbench-visit"  # for packages that the machine lacks
LEAST = 8.0  # seconds; with less time left no step is started
QUICK = 150.0  # the limit of every step of a dry run, in seconds
SMALL = ("--input-size", "32", "--batch-size", "2", "--rounds", "6")
CUDA_TESTS = (
    *("tests/test_gpu.py", "tests/blocks/test_cuda.py"),
    *("tests/training/test_training_on_cuda.py", "tests/analysis/test_analysis_on_cuda.py"),
)
BY_THEMSELVES = "energy or events"  # tests that depend on times
MEMORY_TEST = "out_of_memory"


@dataclass(frozen=True)
class Step:
    """A command, the file for its output, and the seconds that it may take."""

    file: str
    title: str
    seconds: float
    command: tuple[str, ...]


@dataclass
class Visit:
    """The folder for all results, the device, and the deadline."""

    folder: Path
    device: str
    is_quick: bool
    deadline: float
    begun: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """The time left, in seconds."""
        return self.begun + self.deadline - time.monotonic()

    @property
    def records(self) -> Path:
        """The folder for what the commands write in addition to their text."""
        return self.folder / "records"


def main() -> None:
    """Run all steps, and pack their results."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--quick", action="store_true", help="small inputs: a dry run")
    parser.add_argument("--deadline", type=float, default=470.0, metavar="SECONDS")
    parser.add_argument("--wheels", type=Path, default=ROOT / ".whl", metavar="FOLDER")
    parser.add_argument("--only", default="", metavar="TEXT", help="only steps with this title")
    asked = parser.parse_args()
    visit = Visit(asked.folder.resolve(), asked.device, asked.quick, asked.deadline)
    visit.records.mkdir(parents=True, exist_ok=True)
    wanted = [step for step in steps(visit) if asked.only in step.title]
    if not wanted:
        titles = ", ".join(step.title for step in steps(visit))
        parser.error(f"no title contains {asked.only!r}; titles: {titles}")
    if any(asked.wheels.glob("*.whl")):
        install(asked.wheels)
    for step in wanted:
        run(step, visit)
        pack(visit)
    print(f"done in {time.monotonic() - visit.begun:.0f} s; {visit.folder} contains")
    for path in sorted(visit.folder.iterdir()):
        print(f"  {path.name}")


def steps(visit: Visit) -> Iterator[Step]:
    """The steps, the most important first."""
    python, srbench = sys.executable, (sys.executable, "-m", "srbench")
    device, small = ("--device", visit.device), SMALL if visit.is_quick else ()
    network = "cifar_resnet8" if visit.is_quick else "resnet50"
    only_cuda = () if visit.device == "cpu" else ("--cuda-graph",)
    pytest = (python, "-m", "pytest", "-m", "cuda", "-q", "-rA", "--tb=short", "-p", "no:benchmark")
    tests = (*pytest, *CUDA_TESTS, "-k")
    mixed = ("--amp", "--dtype", "bfloat16", "--channels-last")
    compare = ("latency", f"{network}+sr", "--aa", *device, "--no-energy", *small)
    if not visit.is_quick:
        compare = (*compare, "--time-budget", "12")

    def both(name: str, *command: str) -> tuple[str, ...]:
        return (python, str(HERE / "both.py"), str(visit.records / name), *command)

    def program(name: str, *arguments: str) -> tuple[str, ...]:
        return (python, str(HERE / name), *arguments)

    yield Step("01_machine.txt", "the card and the driver", 20, ("nvidia-smi", "-q"))
    yield Step("01_machine.txt", "packages", 20, (python, "-m", "pip", "list"))
    yield Step("01_machine.txt", "srbench env", 30, (*srbench, "env", "--format", "json"))
    main_command = ("latency", network, *device, "--no-energy", *small)
    yield Step("02_latency.txt", "srbench latency", 90, both("latency.json", *main_command))
    others = f"not ({BY_THEMSELVES} or {MEMORY_TEST})"
    yield Step("03_tests.txt", "tests, side by side", 110, (*tests, others, "-n", "6"))
    yield Step("03_tests.txt", "tests of clock and energy", 45, (*tests, BY_THEMSELVES))
    yield Step("03_tests.txt", "tests of running out of memory", 90, (*tests, MEMORY_TEST))
    yield Step("04_ways.txt", "CUDA graphs", 50, both("graph.json", *compare, *only_cuda))
    yield Step("04_ways.txt", "bfloat16", 50, both("amp.json", *compare, *mixed))
    compiled = (*compare, "--compile", "--pass", "forward", "--no-memory")
    yield Step("04_ways.txt", "compiled", 75, both("compile.json", *compiled))
    train = ("train", "cifar_resnet20+sr", *device, "--seeds", "2", "--set", "epochs=2")
    places = ("--runs", str(visit.records / "runs"), "-r", str(visit.records / "train.jsonl"))
    yield Step("04_ways.txt", "training", 60, both("train.json", *train, *places))
    weights, figures = (
        ROOT / "weights" / "cifar_resnet20+sr.safetensors",
        visit.records / "analysis",
    )
    analyze = ("analyze", str(weights), *device, "-o", str(figures), "--picture", "png")
    yield Step("04_ways.txt", "analysis", 40, both("analysis.json", *analyze))
    yield Step("05_kernels.txt", "probes", 90, program("probes", visit.device))
    yield Step("05_kernels.txt", "the SR block's kernels", 75, program("kernels.py"))
    picture, trace = visit.records / "roofline.png", visit.records / "trace.json"
    profile = ("profile", f"{network}+sr", *device, *small[:2], "--plot", str(picture))
    yield Step(
        "06_profile.txt", "profile", 45, both("profile.json", *profile, "--trace", str(trace))
    )
    yield Step("06_profile.txt", "the trace", 20, program("trace.py", str(trace)))
    energy = ("latency", network, "--no-variants", "--aa", *device, "--pass", "forward")
    energy = (*energy, "--rounds", "6", "--no-memory", *small[:4])
    for number in ("1", "2"):  # do two runs agree?
        command = both(f"energy{number}.json", *energy)
        yield Step("07_repeats.txt", f"energy, run {number}", 40, command)
    seconds = ("1", "6") if visit.is_quick else ("25", "40")
    gate, coverage = (program(name, visit.device) for name in ("gate.py", "coverage.py"))
    yield Step("07_repeats.txt", "the time gate, A/A", 45, (*gate, seconds[0]))
    yield Step("07_repeats.txt", "coverage, A/A", 60, (*coverage, seconds[1]))


def run(step: Step, visit: Visit) -> None:
    """Run a step with its output in its file, and print how it ended."""
    most = min(QUICK if visit.is_quick else step.seconds, visit.left)
    begin = time.monotonic()
    with (visit.folder / step.file).open("a", encoding="utf-8") as file:
        if visit.left < LEAST:
            ended = "left out for lack of time"
        else:
            print(f"\n##### {step.title}: {' '.join(step.command)}", file=file, flush=True)
            ended = finished(step.command, most, file.fileno())
        took = f"{ended}, {time.monotonic() - begin:.0f} s"
        print(f"##### {step.title}: {took}", file=file)
    print(f"{step.title:35} {took}", flush=True)


def finished(command: tuple[str, ...], most: float, output: int) -> str:
    """Run a command, kill it after ``most`` seconds, and return how it ended."""
    plain = {"PYTHONUNBUFFERED": "1", "COLUMNS": "200", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=most,
            check=False,
            cwd=ROOT,
            env=os.environ | plain,
        )
    except subprocess.TimeoutExpired:
        return "cut off"
    except FileNotFoundError:
        return "program not found"
    return f"exit code {done.returncode}"


def pack(visit: Visit) -> None:
    """Pack the results so far, in case the next step is the last."""
    fresh = visit.folder / "08_records.new"
    with tarfile.open(fresh, "w:gz") as archive:
        archive.add(visit.records, arcname="records")
    shutil.move(fresh, visit.folder / "08_records.tar.gz")


def install(wheels: Path) -> None:
    """Put the wheels where every Python here finds them: the time gate's processes inherit no
    PYTHONPATH."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    command += ["--upgrade", "--target", str(SITE), *map(str, sorted(wheels.glob("*.whl")))]
    subprocess.run(command, check=True)
    path = Path(sysconfig.get_paths()["purelib"]) / "srbench_visit.pth"
    path.write_text(f"import sys; sys.path.insert(1, {str(SITE)!r})\n", encoding="utf-8")


if __name__ == "__main__":
    main()
