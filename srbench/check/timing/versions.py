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
    ``folder`` that stands in the place of the working directory; or else what is installed in an
    environment. ``other`` is the folder of the other version, from which nothing may be imported.
    """

    name: str
    python: str
    checkout: Path | None = None
    folder: Path | None = None
    other: Path | None = None

    @property
    def is_environment(self) -> bool:
        """Whether everything comes from an environment, and nothing from the working directory."""
        return not (self.checkout or self.folder)

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of its processes."""
        if self.folder:
            return {**os.environ} | PATIENT
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        path = {"PYTHONPATH": str(self.checkout)} if self.checkout else {}
        return kept | PATIENT | path

    @property
    def place(self) -> Path:
        """Where its processes run."""
        if self.is_environment:
            return Path(self.python).parent
        return self.folder or Path.cwd()

    @property
    def search(self) -> dict[str, Any]:
        """Where its processes look for modules, as `worker_script.py` takes it: the working
        directory and what stands in its place, the folders of this process's ``sys.path`` in it,
        and the folder of the other version."""
        here = Path.cwd()
        return {
            "here": str(here),
            "folder": None if self.is_environment else str(self.place),
            "path": [] if self.is_environment else [str(path) for path in _own_path(here)],
            "other": self.other and str(self.other),
            "has_same_srbench": self.folder is not None,
        }

    def require_right(self, said: Mapping[str, Any], modules: Mapping[str, Sequence[str]]) -> None:
        """Raises SrbenchError if a process imported another version than this one.

        ``said`` is what it says of itself, and ``modules`` are those that each model or callable
        names.
        """
        self._require_srbench(Path(said["path"]).resolve())
        if said["strays"]:
            told = [f"{name} from {file}" for name, file in said["strays"].items()]
            raise SrbenchError(
                f"{self.name}: Python imported {some(told)}",
                "both versions would time the same code: uninstall that copy, or give --against an "
                "environment in which the other version is installed",
            )
        own = {name: named for name, named in modules.items() if named}
        missing = [name for name in own if name in said["missing"]]
        if self.is_environment and missing:
            raise SrbenchError(
                f"{some(missing)} is not installed in {self.name}",
                "install the other version there, or name another checkout of this repository",
            )
        if self.folder:
            self._require_own(said, own, missing)

    def _require_srbench(self, path: Path) -> None:
        if self.is_environment and path == _this_srbench():
            raise SrbenchError(
                f"the srbench in {self.name} is the same code as this one",
                "name a checkout of another version, or an environment that has one installed",
            )
        expected = self.checkout or (_this_srbench() if self.folder else path)
        if path != expected.resolve():
            raise SrbenchError(
                f"{self.name}: Python imported srbench from {path} instead",
                "uninstall that one, or name an environment",
            )

    def _require_own(
        self, said: Mapping[str, Any], own: Mapping[str, Sequence[str]], missing: Sequence[str]
    ) -> None:
        """Raises SrbenchError if something timed is not of this folder, or nothing is in it."""
        assert self.folder
        for name, named in own.items():
            if name not in said["failures"] and not {*named} & {*said["own"]}:
                raise SrbenchError(
                    f"{self.name}: {name} is not imported from {self.folder}",
                    "run this in the folder that the module is in",
                )
        if own and len(missing) == len(own) and not _is_another_checkout(self.folder):
            raise SrbenchError(
                f"nothing that is timed is in {self.name}",
                "name the folder that stands for this one in another checkout of this repository",
            )


def other_code(path: Path) -> Code:
    """The other version: a checkout of srbench, an environment or its Python, or a folder with
    one's own code, such as another checkout of this repository.

    Raises SrbenchError if there is no such version.
    """
    here = Path.cwd()
    if (path / "srbench" / "__init__.py").is_file():
        return Code(str(path), sys.executable, checkout=path.resolve())
    for python in (path / "bin" / "python", path / "Scripts" / "python.exe", path):
        if python.is_file() and os.access(python, os.X_OK):
            return Code(str(path), str(python.absolute()), other=here)
    if not path.is_dir() or not any(path.iterdir()) or (path / "pyvenv.cfg").exists():
        raise SrbenchError(
            f"there is no code in {path}",
            "name another checkout of this repository, or an environment that contains bin/python",
        )
    _require_counterpart(path, here)
    return Code(str(path), sys.executable, folder=path.resolve(), other=here)


def this_code(other: Code | None = None) -> Code:
    """The version that is running; with an ``other`` one of one's own code, the working directory
    as well."""
    if other and other.folder:
        return Code("this version", sys.executable, folder=Path.cwd(), other=other.folder)
    return Code("this version", sys.executable, _this_srbench())


def require_own(other: Code, modules: Mapping[str, Sequence[str]]) -> None:
    """Raises SrbenchError if the versions differ in one's own code, and nothing timed is of it."""
    if other.folder and not any(modules.values()):
        raise SrbenchError(
            f"no code in {other.name} is timed, only {some(list(modules))} of srbench",
            "give specs with your own blocks under [time], such as resnet18+blocks:Mine, or "
            "callables",
        )


def _require_counterpart(path: Path, here: Path) -> None:
    """Raises SrbenchError if a folder is this one, or stands for another one in its checkout."""
    if path.resolve() == here.resolve():
        raise SrbenchError(
            f"{path} is the folder that this command runs in",
            "name another version of it: git worktree add ../base main",
        )
    ours, theirs = _checkout(here), _checkout(path)
    if ours and theirs and ours != theirs:
        inside = here.resolve().relative_to(ours)
        if path.resolve().relative_to(theirs) != inside:
            raise SrbenchError(
                f"{path} does not stand for this folder, {inside} in its repository",
                f"give --against {os.path.relpath(theirs / inside)}",
            )


def _is_another_checkout(folder: Path) -> bool:
    theirs = _checkout(folder)
    return theirs is not None and theirs != _checkout(Path.cwd())


def _checkout(folder: Path) -> Path | None:
    """The root of the checkout of git that a folder is in."""
    real = folder.resolve()
    return next((one for one in (real, *real.parents) if (one / ".git").exists()), None)


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
