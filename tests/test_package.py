"""The distributions of this project, their contents, and the instructions to install them."""

import ast
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

import srbench
from srbench import _project

ROOT = Path(__file__).parents[1]
PACKAGE = Path(srbench.__file__).parent
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


def test_the_distribution_is_called_as_in_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == _project.DISTRIBUTION


# --- what PyPI shows


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """All that the metadata is made of, with an owner whom everybody knows."""
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "srbench").mkdir()
    for name in ("_version.py", "_project.py"):
        shutil.copy(PACKAGE / name, tmp_path / "srbench")
    fill_in(tmp_path, "'some-one'")
    return tmp_path


def fill_in(project: Path, owner: str) -> None:
    """Write an owner, as Python, into the module that names it."""
    path = project / "srbench" / "_project.py"
    text = re.sub(r"(?m)^OWNER = .*", f"OWNER = {owner}", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")


def test_without_an_owner_the_readme_is_as_it_is(project: Path) -> None:
    fill_in(project, "UNKNOWN")
    core = WheelBuilder(str(project)).metadata.core
    assert core.readme == (ROOT / "README.md").read_text(encoding="utf-8")
    assert core.readme_content_type == "text/markdown"
    assert core.urls == {}


def test_with_an_owner_the_readme_links_to_the_files_of_this_version(project: Path) -> None:
    core = WheelBuilder(str(project)).metadata.core
    source, tag = "https://github.com/some-one/srbench", f"v{srbench.__version__}"
    assert core.urls == {
        "Source": source,
        "Documentation": f"{source}/tree/{tag}/docs",
        "Changelog": f"{source}/blob/{tag}/CHANGELOG.md",
        "Issues": f"{source}/issues",
    }
    assert f"[all pages]({source}/blob/{tag}/docs/index.md)" in core.readme
    targets = re.findall(r"\]\(([^)]*)\)", core.readme)
    assert len(targets) > 10
    assert all(target.startswith(("https://", "#")) for target in targets)


def test_what_is_built_from_the_source_distribution_is_the_same(project: Path) -> None:
    """It has its metadata in a file, too, which hatchling then begins with."""
    (built,) = SdistBuilder(str(project)).build(directory=str(project / "dist"))
    with tarfile.open(built) as archive:
        archive.extractall(project / "there", filter="data")
    here, there = (
        WheelBuilder(str(folder)).metadata.core for folder in (project, project / "there" / NAME)
    )
    assert there.readme == here.readme
    assert there.urls == here.urls


PAGES, FILES = "https://github.com/a/b/blob/v1/", "https://raw.githubusercontent.com/a/b/v1/"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see [x](docs/x.md).", f"see [x]({PAGES}docs/x.md)."),
        ("[x](./docs/x.md#part)", f"[x]({PAGES}docs/x.md#part)"),
        ('[x](docs/x.md "a title")', f'[x]({PAGES}docs/x.md "a title")'),
        ("[`tables/`](tables)", f"[`tables/`]({PAGES}tables)"),
        ("[x]: docs/x.md", f"[x]: {PAGES}docs/x.md"),
        ("[report it](../../issues)", "[report it](https://github.com/a/b/issues)"),
        ('<a href="docs/x.md">', f'<a href="{PAGES}docs/x.md">'),
        ("![a b](docs/a.svg)", f"![a b]({FILES}docs/a.svg)"),
        ('<img alt="a" src="docs/a.svg">', f'<img alt="a" src="{FILES}docs/a.svg">'),
        ("[![a](a.svg)](a.md)", f"[![a]({FILES}a.svg)]({PAGES}a.md)"),
        *(
            (text, text)
            for text in (
                "[part](#part)",
                "[x](https://example.org/x.md)",
                "![x](https://example.org/x.svg)",
                "<img src='https://example.org/x.svg'>",
                "[mail](mailto:a@example.org)",
                "write `[x](x.md)` or ``[`x`](x.md)``",
                "```markdown\n[x](x.md) ![y](y.svg)\n```",
                "    1 2 [ms](",
            )
        ),
    ],
)
def test_links_and_pictures_get_addresses(text: str, expected: str) -> None:
    hook = runpy.run_path(str(ROOT / "hatch_build.py"))
    assert hook["with_addresses"](text, "a/b", "v1") == expected


# --- releases


def released(project: Path, tag: str, repository: str) -> tuple[int, list[str]]:
    """The exit code of the check before a release, and the lines that it prints."""
    script = project / ".ci" / "release.py"
    script.parent.mkdir(exist_ok=True)
    shutil.copy(ROOT / ".ci" / "release.py", script)
    done = subprocess.run(
        [sys.executable, str(script), tag, repository], capture_output=True, text=True
    )
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout.splitlines()


def test_a_release_has_one_version_a_section_and_an_owner(project: Path) -> None:
    version, here = srbench.__version__, "some-one/srbench"
    changelog = project / "CHANGELOG.md"
    for title in (version, f"{version} - 2026-01-31"):
        changelog.write_text(f"# Changelog\n\n## Unreleased\n\n## {title}\n", encoding="utf-8")
        assert released(project, f"v{version}", here) == (0, ["ready to be released"])
    for tag in (version, f"v{version}.1", f"v{version}rc1"):
        assert released(project, tag, here) == (
            1,
            [f"the tag is {tag}, but srbench/_version.py says {version}"],
        )
    assert released(project, f"v{version}", "another/srbench") == (
        1,
        ["the repository is another/srbench, but srbench/_project.py says some-one/srbench"],
    )


def test_all_that_is_missing_before_a_release_is_said(project: Path) -> None:
    version = srbench.__version__
    (project / "CHANGELOG.md").write_text(f"## {version}.1\n\n## Of {version}\n", "utf-8")
    fill_in(project, "UNKNOWN")
    code, lines = released(project, f"v{version}", "OWNER/srbench")
    assert code == 1
    assert lines == [
        f"CHANGELOG.md has no section {version}",
        "srbench/_project.py does not say who OWNER is",
    ]


def test_only_the_job_that_publishes_may_identify_itself() -> None:
    """It runs no code of this repository, and what it publishes has been tested."""
    yaml = pytest.importorskip("yaml")
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    build, publish = workflow["jobs"]["build"], workflow["jobs"]["publish"]
    assert workflow["permissions"] == {}
    assert build["permissions"] == {"contents": "read"}
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["needs"] == "build"
    assert not any("run" in step for step in publish["steps"])
    scripts = [step["run"] for step in build["steps"] if "run" in step]
    assert scripts == ['python .ci/release.py "$TAG" "$REPOSITORY"', ".ci/dist"]


def test_the_citation_names_this_version_and_the_licence_holders() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert f"version: {srbench.__version__}\n" in citation
    assert f"version = {{{srbench.__version__}}}" in (ROOT / "README.md").read_text("utf-8")
    (holder,) = re.findall(r"Copyright \(c\) \d+ (.*)", licence)
    assert f"name: {holder}\n" in citation
    assert f"license: {licence.partition(' ')[0]}\n" in citation


# --- what it needs

NAMES = {  # of a package's module, where it differs from its distribution
    "lightning_fabric": "lightning-fabric",
    "pynvml": "nvidia-ml-py",
    "sklearn": "scikit-learn",
}
WITH_ANOTHER = {
    "PIL": "torchvision",
    "pydantic_core": "pydantic",
}  # which needs it, in a version that fits


def imported() -> set[str]:
    """The packages that srbench imports anywhere, without Python's own."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return found - {*sys.stdlib_module_names, "srbench"}


def test_all_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [one for several in project["optional-dependencies"].values() for one in several]
    declared = {re.split(r"[<>=\[]", one)[0] for one in (*project["dependencies"], *extras)}
    needed = {WITH_ANOTHER.get(name, NAMES.get(name, name)) for name in imported()}
    assert len(needed) > 10
    assert needed <= declared
