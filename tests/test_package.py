"""The distributions of this project, their contents, and the instructions to install them."""

import re
import shutil
import subprocess
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

import srbench

ROOT = Path(__file__).parents[1]
NAME = f"srbench_cnn-{srbench.__version__}"
# PyPI has another project called srbench: no instruction may name it or extras of it.
OTHER = "srbench"
OTHERS = re.compile(rf"(?:\binstall|\buvx|\bpipx run)\s[^\n]*\b{OTHER}\b(?!-cnn)|\b{OTHER}\[\w")


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """The files of this project that git tracks."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git checkout")
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [name for name in done.stdout.split("\0") if name]


@pytest.mark.parametrize(
    ("text", "is_others"),
    [
        (f"pip install {OTHER}", True),
        (f"pip install '{OTHER}[timm]'", True),
        (f"uv pip install --upgrade {OTHER}", True),
        (f"    {OTHER}[timm]", True),
        ("pip install .", False),
        ("pip install '.[timm]'", False),
        ("srbench-cnn[timm]", False),
        ("install it, then run\nsrbench flops resnet18", False),
    ],
)
def test_instructions_for_the_other_project_are_recognised(text: str, is_others: bool) -> None:
    assert bool(OTHERS.search(text)) == is_others


def test_no_file_says_to_install_the_other_project(tracked: list[str]) -> None:
    said = [
        f"{name}: {found[0]}"
        for name in tracked
        for found in OTHERS.finditer((ROOT / name).read_text(encoding="utf-8", errors="replace"))
    ]
    assert said == []


def test_the_source_distribution_holds_every_tracked_file(
    tracked: list[str], tmp_path: Path
) -> None:
    (built,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path))
    with tarfile.open(built) as archive:
        names = set(archive.getnames())
    assert {f"{NAME}/{name}" for name in tracked} <= names


def test_the_wheel_holds_the_package_its_types_and_its_name(
    tracked: list[str], tmp_path: Path
) -> None:
    (built,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(built) as archive:
        names = set(archive.namelist())
        metadata = message_from_bytes(archive.read(f"{NAME}.dist-info/METADATA"))
        commands = archive.read(f"{NAME}.dist-info/entry_points.txt").decode()
    own = {name for name in tracked if name.startswith("srbench/")}
    assert own <= names
    assert "srbench/py.typed" in own
    assert metadata["Name"] == "srbench-cnn"
    assert "\nsrbench = srbench.cli:main" in commands


def test_the_citation_names_this_version_and_the_licence_holders() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert f"version: {srbench.__version__}\n" in citation
    (holder,) = re.findall(r"Copyright \(c\) \d+ (.*)", licence)
    assert f"name: {holder}\n" in citation
    assert f"license: {licence.partition(' ')[0]}\n" in citation
