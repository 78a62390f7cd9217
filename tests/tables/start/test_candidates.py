"""Blocks are found in a folder by syntax alone."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from srbench.tables.start.candidates import find

FORWARD = "    def forward(self, x):\n        return x\n"
BLOCK = f"class B(nn.Module):\n    def __init__(self, channels, k=3):\n        pass\n{FORWARD}"


def written(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def specs(folder: Path, files: Mapping[str, str | bytes]) -> list[str]:
    return [one.spec for one in find(written(folder, files)).candidates]


def class_of(bases: str = "nn.Module", arguments: str = "self, channels", more: str = "") -> str:
    return f"class B({bases}):\n    def __init__({arguments}):\n        pass\n{FORWARD}{more}"


@pytest.mark.parametrize(
    "code",
    [
        BLOCK,
        class_of("torch.nn.Module"),
        class_of("Module"),
        class_of("Mixin, nn.Module"),
        class_of(arguments="self, channels, height, width"),
        class_of(arguments="self, *, channels, k=2"),
        class_of(arguments="self, channels: int, *rest, **others"),
        f"class B(nn.Module):\n{FORWARD}",
        class_of().replace("class B", "class _A") + "class B(_A):\n    pass\n",
        f"class _Base(nn.Module):\n{FORWARD}\nclass B(_Base):\n    pass\n",
        "def B(channels: int, k=3) -> nn.Module:\n    return 1\n",
        "def B(channels) -> 'torch.nn.Module': ...\n",
        f"class _Own(nn.Module):\n{FORWARD}\ndef B(channels) -> _Own: ...\n",
        "class B(nn.Module):\n    def forward(self, x, scale=1.0):\n        return x\n",
        '"\\d"\n' + BLOCK,
    ],
)
def test_what_seems_to_be_a_block_is_found(code: str, tmp_path: Path) -> None:
    assert specs(tmp_path, {"mine0.py": code}) == ["mine0:B"]


@pytest.mark.parametrize(
    "code",
    [
        class_of("object"),
        class_of("nn.Sequential"),
        class_of(arguments="self, num_classes=10"),
        class_of(arguments="self, in_channels"),
        class_of(arguments="self, channels, k"),
        class_of(arguments="self, channels, *, k"),
        class_of(arguments="self, channels, /, k=1"),
        class_of(arguments="self, channels, stage=1"),
        BLOCK.replace("class B", "class _B"),
        BLOCK.replace("class B", "class éB"),
        BLOCK.replace(FORWARD, ""),
        "class B(nn.Module):\n    def forward(self, x, y):\n        return x\n",
        "class B(nn.Module):\n    def forward(self):\n        return 1\n",
        "def B(channels): ...\n",
        "def B(channels) -> int: ...\n",
        "async def B(channels) -> nn.Module: ...\n",
        "class B(B): pass\n",
        f"def f():\n    {BLOCK}".replace("\n", "\n    "),
        BLOCK + "(",
        "\0",
    ],
)
def test_what_is_no_block_is_left_out(code: str, tmp_path: Path) -> None:
    assert specs(tmp_path, {"mine0.py": code}) == []


def test_files_of_the_folder_and_of_its_packages_are_read_and_never_run(tmp_path: Path) -> None:
    code = "raise SystemExit\n" + BLOCK
    files = dict.fromkeys(
        (
            *("mine1.py", "mine2/__init__.py", "mine2/inner.py", "mine3/without_init.py"),
            *("test_mine.py", "mine_test.py", "setup.py", "conftest.py", "not-a-name.py"),
            *("tests/blocks.py", ".hidden/blocks.py", "mine2/deeper/blocks.py", "a-b/c.py"),
            *("env/pyvenv.cfg", "env/blocks.py", "build/blocks.py", "mine.txt"),
            *("base/.git", "base/blocks.py"),
        ),
        code,
    )
    folder = written(tmp_path, files)
    found = find(folder).candidates
    assert [(one.spec, one.file, one.line) for one in found] == [
        ("mine1:B", "mine1.py", 2),
        ("mine2:B", "mine2/__init__.py", 2),
        ("mine2.inner:B", "mine2/inner.py", 2),
        ("mine3.without_init:B", "mine3/without_init.py", 2),
    ]


def test_files_that_are_not_python_are_skipped(tmp_path: Path) -> None:
    files = {
        "a0.py": b"\xff\xfe",
        "b0.py": "(" * 5000,
        "c0.py": BLOCK,
        "d0.py": "# é".encode("latin1"),
    }
    assert specs(tmp_path, files) == ["c0:B"]


def test_a_package_in_src_is_found_if_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"src/mine4/blocks.py": BLOCK, "src/mine4/__init__.py": "", "src/mine5.py": BLOCK}
    assert specs(tmp_path, files) == []
    monkeypatch.syspath_prepend(tmp_path / "src")
    assert specs(tmp_path, files) == ["mine5:B", "mine4.blocks:B"]


def test_a_package_called_src_is_a_package(tmp_path: Path) -> None:
    files = {"src/__init__.py": "", "src/blocks.py": BLOCK}
    assert specs(tmp_path, files) == ["src.blocks:B"]


@pytest.mark.parametrize(
    ("file", "means"),
    [
        ("se.py", "srbench's own se"),
        ("queue.py", "another module queue"),
        ("time.py", "another module time"),
        ("json/blocks.py", "another module json"),
    ],
)
def test_a_file_whose_name_means_another_module_is_named(
    file: str, means: str, tmp_path: Path
) -> None:
    found = find(written(tmp_path, {file: BLOCK}))
    assert found.candidates == ()
    (hidden,) = found.hidden
    assert hidden.file == file
    assert hidden.means.startswith(means)


def test_a_file_that_python_finds_itself_is_not_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    assert specs(tmp_path, {"mine6.py": BLOCK}) == ["mine6:B"]
    assert specs(tmp_path, {"mine7/x.py": BLOCK})[-1] == "mine7.x:B"
