"""Fixtures that several tests use."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

DATA = Path(__file__).parent / "data"


def read_data(name: str) -> list[dict[str, str]]:
    """The rows of a file of reference figures."""
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install a package as pip would: its code and its entry points, on the path.

    It has ``blocks``, and ``backbones``, by name.
    """

    def install(
        name: str, code: str, backbones: Mapping[str, str] = MappingProxyType({}), **blocks: str
    ) -> None:
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = []
        for group, members in (("blocks", blocks), ("backbones", backbones)):
            lines += [
                f"[srbench.{group}]",
                *(f"{key} = {name}:{at}" for key, at in members.items()),
            ]
        (info / "entry_points.txt").write_text("\n".join([*lines, ""]))
        monkeypatch.syspath_prepend(tmp_path)

    from srbench import plugins

    caches = plugins.load_block, plugins.load_backbone, plugins.block_at, plugins.backbone_at
    for cache in caches:
        cache.cache_clear()
    yield install
    for cache in caches:
        cache.cache_clear()
