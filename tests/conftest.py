"""Fixtures that several tests use."""

import csv
import gc
import importlib
import itertools
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from support.afresh import Afresh

from srbench.catalog.source_code.definitions import Definitions
from srbench.catalog.source_code.user_code import UserCode

# Test workers share the processors: with several threads each they wait for one another, and the
# tests take twice as long. Set before torch is imported, and for the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Where a test needs two threads, they must not spin while they wait: with all processors in use
# that takes up to fifty times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

DATA = Path(__file__).parent / "data"
OWN = "defined"  # the names of modules that are never imported begin with it

numbers = itertools.count()
Digest = Callable[..., str]


def read_data(name: str) -> list[dict[str, str]]:
    """The rows of a file of reference figures."""
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session", autouse=True)
def imported() -> None:
    """Hypothesis looks up references between objects when it is imported: import it before they
    are frozen."""
    for name in ("torch", "torchvision", "fvcore.nn", "torch._dynamo", "scipy.stats", "hypothesis"):
        importlib.import_module(name)


@pytest.fixture(scope="module", autouse=True)
def quick_collections(imported: None) -> None:
    """Every measurement collects garbage; frozen objects of torch, and of what the tests of other
    modules have loaded and cached, are not searched each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def afresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Afresh]:
    """Runs srbench's command line in fresh processes."""
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    found = Afresh(tmp_path_factory.mktemp("afresh"))
    yield found
    found.close()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install a package as pip would: its code and its entry points, on the path.

    ``blocks`` and ``backbones`` are its entry points by name.
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

    forget_modules()
    yield install
    forget_modules()


def forget_modules(*names: str) -> None:
    """Clear the caches of custom blocks and networks; the named modules are imported again."""
    from srbench.catalog.plugins import backbones, blocks
    from srbench.models import build

    caches = blocks.load_block, blocks.block_at, backbones.load_backbone, backbones.backbone_at
    for cache in (*caches, sys.modules[build.__module__].probe):
        cache.cache_clear()
    for name in names:
        sys.modules.pop(name, None)
    importlib.invalidate_caches()


@pytest.fixture
def digest(tmp_path: Path) -> Digest:
    """The digest of a name in some files, in which the names of modules begin with OWN."""

    def digest(
        files: Mapping[str, str],
        root: str = "OWN:f",
        folder: str = ".",
        is_plain: bool | None = None,
    ) -> str:
        at = tmp_path / str(next(numbers)) / folder
        for name, text in files.items():
            path = at / name.replace("OWN", OWN)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("OWN", OWN), encoding="utf-8")
        module, _, name = root.replace("OWN", OWN).partition(":")
        found = Definitions(UserCode(frozenset({OWN})))
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(at)
            result = found.digest((), [(module, tuple(name.split(".")))])
            assert is_plain in (None, found.are_plain([module]))
        assert not any(module.startswith(OWN) for module in sys.modules)
        return result

    return digest
