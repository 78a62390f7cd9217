"""Downloads the wheels that a machine without network lacks, so that `visit.py` can run there.

    python benchmarks/gpu/wheels.py packages.txt .whl       # in the root of a checkout

``packages.txt`` is what ``pip list --format freeze`` prints on that machine. pip itself finds out
what is missing, for that machine's Python and Linux, and keeps the installed versions.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What the tests need in addition to srbench itself.
TESTS = ("pytest", "pytest-timeout", "pytest-xdist", "hypothesis", "pyte")
EXTRAS = ("frames", "timm", "train")
SOURCES = ("fvcore", "iopath")  # have no wheels; pure Python, built here
TAGS = ["manylinux2014_x86_64", *(f"manylinux_2_{minor}_x86_64" for minor in (17, 28, 34))]
ANY = "9999"  # the version of packages that are listed without one


def main() -> None:
    """Fill the folder with the wheels that the machine lacks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", type=Path, help="the output of pip list --format freeze")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", default="3.12", help="that machine's Python, by default 3.12")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    for old in asked.folder.glob("*.whl"):
        old.unlink()
    with tempfile.TemporaryDirectory() as temporary:
        built = Path(temporary) / "built"
        pip("wheel", "--no-deps", "--wheel-dir", str(built), *SOURCES)
        target = ["--only-binary=:all:", "--python-version", asked.python]
        target += ["--find-links", str(built)]
        target += [word for tag in TAGS for word in ("--platform", tag)]
        there = present(asked.packages.read_text(encoding="utf-8"))
        for one in missing(stand_in(Path(temporary) / "machine", there), target):
            pip("download", "--no-deps", "--dest", str(asked.folder), *target, one)
            print(one)


def present(text: str) -> dict[str, str]:
    """Names and versions of what is installed there, without local parts such as ``+cu130``."""
    lines = [line.strip() for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    pairs = [re.split(r"==|\s+", line) for line in lines]
    return {name: [*version, ANY][0].partition("+")[0] for name, *version in pairs}


def stand_in(folder: Path, there: dict[str, str]) -> Path:
    """The Python of an environment in which pip finds these packages, as if they were installed."""
    venv.create(folder, with_pip=False)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name, version in there.items():
        info = packages / f"{re.sub('[-.]+', '_', name)}-{version}.dist-info"
        info.mkdir()
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (info / "METADATA").write_text(text, encoding="utf-8")
    return folder / "bin" / "python"


def missing(python: Path, target: Sequence[str]) -> list[str]:
    """What srbench and its tests need in addition, in versions that fit the installed packages."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    report = python.with_name("report.json")
    how = ("install", "--dry-run", "--report", str(report), *target)
    extras = [one for name in EXTRAS for one in project["optional-dependencies"][name]]
    pip("--python", str(python), *how, *project["dependencies"], *extras, *TESTS)
    found = [one["metadata"] for one in json.loads(report.read_text())["install"]]
    return [f"{one['name']}=={one['version']}" for one in found]


def pip(*arguments: str) -> None:
    """Run pip; its errors name the packages that are not available."""
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *arguments], check=True)


if __name__ == "__main__":
    main()
