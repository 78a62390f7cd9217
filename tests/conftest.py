"""Fixtures that several tests use."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"


def read_data(name: str) -> list[dict[str, str]]:
    """The rows of a file of reference figures."""
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install a package with blocks as pip would: its code and its entry points, on the path."""

    def install(name: str, code: str, **blocks: str) -> None:
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [f"{block} = {name}:{attribute}" for block, attribute in blocks.items()]
        (info / "entry_points.txt").write_text("\n".join(["[srbench.blocks]", *lines, ""]))
        monkeypatch.syspath_prepend(tmp_path)

    from srbench import plugins

    plugins.load_block.cache_clear()
    yield install
    plugins.load_block.cache_clear()
