"""The two versions of the code that are timed, and where each is imported from."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import srbench
from srbench.errors import SrbenchError, some

# A waiting process must not spin on the cores that another one is being timed on. The last is of
# numpy's OpenBLAS, in powers of two of the processor's cycles: by default some 25 ms.
PATIENT = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0", "OPENBLAS_THREAD_TIMEOUT": "4"}


@dataclass(frozen=True)
class Code:
    """A version: the Python that runs it, and what it imports first.

    That is another srbench, in a ``checkout``; or one's own code with the same srbench, in a
    ``folder`` that stands in the place of the working directory.
    """

    name: str
    python: str
    checkout: Path | None = None
    folder: Path | None = None

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of its processes."""
        if self.folder:
            return {**os.environ} | PATIENT
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        path = {"PYTHONPATH": str(self.checkout)} if self.checkout else {}
        return kept | PATIENT | path

    @property
    def search(self) -> dict[str, Any]:
        """Where its processes look for modules, as `worker_script.py` takes it: a folder and what
        stands in its place, and the folders of this process's ``sys.path`` in the first."""
        here = Path.cwd()
        return {
            "here": str(here),
            "there": str(self.folder or here),
            "path": [str(path) for path in _own_path(here)],
        }

    def require_right(self, said: Mapping[str, Any], modules: Mapping[str, Sequence[str]]) -> None:
        """Raises SrbenchError if a process imported another version than this one.

        ``said`` is what it says of itself, and ``modules`` are those that each model or callable
        names.
        """
        path = Path(said["path"]).resolve()
        if not (self.checkout or self.folder) and path == _this_srbench():
            raise SrbenchError(
                f"the srbench in {self.name} is the same code as this one",
                "name a checkout of another version, or an environment that has one installed",
            )
        expected = self.checkout or (_this_srbench() if self.folder else None)
        if expected and path != expected.resolve():
            raise SrbenchError(
                f"{self.name}: Python imported srbench from {path} instead",
                "uninstall that one, or name an environment",
            )
        if self.folder:
            for name, named in modules.items():
                if named and name not in said["failures"]:
                    self._require_own({one: said["files"].get(one) for one in named})

    def _require_own(self, files: Mapping[str, str | None]) -> None:
        """Raises SrbenchError if no module is from the folder: both would time the same code."""
        assert self.folder
        if not any(file and _is_own(Path(file), self.folder) for file in files.values()):
            there = ", ".join(f"{name} from {file or 'nowhere'}" for name, file in files.items())
            raise SrbenchError(
                f"Python imported {there}, and not from {self.folder}",
                "uninstall it, or give --against an environment in which the other version is "
                "installed",
            )


def other_code(path: Path) -> Code:
    """The other version: a checkout of srbench, an environment or its Python, or a folder with
    one's own code, such as another checkout of this repository.

    Raises SrbenchError if there is no such version.
    """
    if (path / "srbench" / "__init__.py").is_file():
        return Code(str(path), sys.executable, checkout=path.resolve())
    for python in (path / "bin" / "python", path / "Scripts" / "python.exe", path):
        if python.is_file() and os.access(python, os.X_OK):
            return Code(str(path), str(python.absolute()))
    if not path.is_dir() or not any(path.iterdir()):
        raise SrbenchError(
            f"there is no code in {path}",
            "name another checkout of this repository, or an environment that contains bin/python",
        )
    if path.resolve() == Path.cwd().resolve():
        raise SrbenchError(
            f"{path} is the folder that this command runs in",
            "name another version of it: git worktree add ../base main",
        )
    return Code(str(path), sys.executable, folder=path.resolve())


def this_code(other: Code | None = None) -> Code:
    """The version that is running; with an ``other`` one of one's own code, the working directory
    as well."""
    folder = Path.cwd() if other and other.folder else None
    return Code("this version", sys.executable, None if folder else _this_srbench(), folder)


def require_own(other: Code, modules: Mapping[str, Sequence[str]]) -> None:
    """Raises SrbenchError if the versions differ in one's own code, and nothing timed is of it."""
    if other.folder and not any(modules.values()):
        raise SrbenchError(
            f"no code in {other.name} is timed, only {some(list(modules))} of srbench",
            "give specs with your own blocks under [time], such as resnet18+blocks:Mine, or "
            "callables",
        )


def _this_srbench() -> Path:
    return Path(srbench.__file__).resolve().parents[1]


def _own_path(folder: Path) -> list[Path]:
    """The folders in which this process finds one's own modules, with the working directory."""
    found = [Path(entry or ".").absolute() for entry in sys.path]
    return [*dict.fromkeys([*(path for path in found if _is_own(path, folder)), folder])]


def _is_own(path: Path, folder: Path) -> bool:
    """Whether a path is in a folder, and not in a Python environment in it."""
    real = path.resolve()
    environments = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()}
    return real.is_relative_to(folder.resolve()) and not any(
        real.is_relative_to(one) for one in environments
    )
