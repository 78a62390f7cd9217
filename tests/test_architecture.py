"""Every module is in a layer, and files of the same name have the same subject."""

import ast
from collections import Counter
from pathlib import Path
from pkgutil import resolve_name

import architecture
import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = architecture.PACKAGE

# File names that several folders use, each with its subject in all of them.
REPEATED = {
    "analysis.py": "what trained blocks do with images",
    "backbones.py": "networks that a spec may name",
    "blocks.py": "blocks that a spec may name",
    "claims.py": "a paper's table that is judged",
    "compare.py": "a comparison of two files of records",
    "counts.py": "exact counts",
    "evaluation.py": "weights that are tested",
    "history.py": "what the figures of a table were at earlier commits",
    "imports.py": "what a module imports",
    "latency.py": "the times of passes",
    "layers.py": "the modules of a network",
    "profile.py": "where a forward pass spends its time",
    "report.py": "what is shown",
    "table.py": "a table",
    "times.py": "what a reader learns from times",
    "timing.py": "times as they are measured",
    "training.py": "what a network learns with one seed",
}
DOORS = {"__init__.py", "__main__.py", "py.typed"}


def test_everything_at_the_top_is_in_a_layer_of_the_contract() -> None:
    named = {name for layer in architecture.layers() for name in layer}
    # git leaves a folder whose files have moved if Python wrote its caches there
    files = {p.relative_to(PACKAGE) for p in PACKAGE.rglob("*") if p.is_file()}
    tops = {path.parts[0] for path in files if "__pycache__" not in path.parts}
    found = {name if name in DOORS else Path(name).stem for name in tops}
    assert found == named | DOORS
    assert len(architecture.layers()) == 10


def test_few_modules_are_outside_folders() -> None:
    modules = [path.name for path in PACKAGE.glob("*.py")]
    assert len(modules) <= 7, modules


def test_a_file_name_that_is_used_twice_has_one_subject() -> None:
    names = Counter(path.name for path in PACKAGE.rglob("*.py"))
    assert {name for name, times in names.items() if times > 1} - {"__init__.py"} == set(REPEATED)


def test_every_folder_says_what_it_is_for() -> None:
    for layer in architecture.layers():
        for name in layer:
            assert len(architecture.subject(name)) > 20, name


def test_the_page_shows_the_contract_as_it_is() -> None:
    page = architecture.PAGE.read_text(encoding="utf-8")
    assert page == architecture.whole(), "run python docs/scripts/architecture.py"


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").rglob("*.py")), ids=lambda p: p.name)
def test_what_a_benchmark_imports_exists(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("srbench"):
            for alias in node.names:
                resolve_name(f"{node.module}.{alias.name}")
