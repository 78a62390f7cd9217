"""The data sets by name, each with the recipe that it is trained by if none is named."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from srbench.errors import SrbenchError, did_you_mean
from srbench.training.data.data_sets import DataSet
from srbench.training.data.in_memory import Shift
from srbench.training.recipe import Recipe


@dataclass(frozen=True)
class Request:
    """How data are read: from ``folder``, by so many ``workers``; downloaded first if allowed."""

    folder: Path | None = None
    workers: int = 0
    download: bool = False


@dataclass(frozen=True)
class Entry:
    """A data set: how it is opened, its recipe, and where it is if no folder is named; with None
    there must be one, and with ``""`` there is none."""

    open: Callable[[Recipe, Request], DataSet]
    recipe: str
    folder: str | None = ""


def open_data(name: str, recipe: Recipe, workers: int = 0, download: bool = False) -> DataSet:
    """A data set by its name, such as ``digits``, ``cifar10`` or ``folder:flowers``.

    Args:
        name: a name of `DATA`, with the folder after a colon where it needs one.
        recipe: says how large the images are, and how they are changed in training.
        workers: processes that read images; 0 for this one. Images in memory need none.
        download: whether CIFAR may be downloaded.

    Raises:
        SrbenchError: for an unknown name, and for a folder with another layout.
    """
    entry, folder = _entry(name)
    return entry.open(recipe, Request(folder, workers, download))


def recipe_for(name: str) -> str:
    """The recipe of a data set. Raises SrbenchError for an unknown one."""
    return _entry(name)[0].recipe


def _entry(name: str) -> tuple[Entry, Path | None]:
    known, colon, folder = name.partition(":")
    if known not in DATA:
        raise SrbenchError(
            f"unknown data set {known!r}",
            f"{did_you_mean(known, DATA)}use {', '.join(map(_written, DATA))}",
        )
    entry = DATA[known]
    if entry.folder == "" and colon:
        raise SrbenchError(f"{known} is no folder", f"write {known} alone")
    if entry.folder is None and not folder:
        raise SrbenchError(f"{known} needs a folder", f"give it: --data {_written(known)}")
    return entry, Path(folder or entry.folder or ".")


def _written(name: str) -> str:
    return f"{name}:PATH" if DATA[name].folder is None else name


def _shift(recipe: Recipe) -> Shift:
    return Shift(recipe.pad, recipe.flip, recipe.fill)


def _digits(recipe: Recipe, request: Request) -> DataSet:
    from srbench.training.data.digits import digits

    return digits(recipe.size, _shift(recipe))


def _fake(recipe: Recipe, request: Request) -> DataSet:
    from srbench.training.data.fake import fake

    return fake(recipe.size, _shift(recipe))


def _cifar10(recipe: Recipe, request: Request) -> DataSet:
    from srbench.training.data.cifar import cifar10

    return cifar10(_folder(request), recipe, request.download)


def _cifar100(recipe: Recipe, request: Request) -> DataSet:
    from srbench.training.data.cifar import cifar100

    return cifar100(_folder(request), recipe, request.download)


def _image_folder(recipe: Recipe, request: Request) -> DataSet:
    from srbench.training.data.folders import image_folder

    return image_folder(_folder(request), recipe, request.workers)


def _imagenet(recipe: Recipe, request: Request) -> DataSet:
    from srbench.training.data.folders import imagenet

    return imagenet(_folder(request), recipe, request.workers)


def _cityscapes(recipe: Recipe, request: Request) -> DataSet:
    from srbench.training.data.cityscapes import cityscapes

    return cityscapes(_folder(request), recipe, request.workers)


def _folder(request: Request) -> Path:
    assert request.folder is not None
    return request.folder


DATA = {
    "digits": Entry(_digits, "digits"),
    "fake": Entry(_fake, "digits"),
    "cifar10": Entry(_cifar10, "cifar-he2016", "data"),
    "cifar100": Entry(_cifar100, "cifar-he2016", "data"),
    "imagenet": Entry(_imagenet, "imagenet-torchvision", None),
    "folder": Entry(_image_folder, "imagenet-torchvision", None),
    "cityscapes": Entry(_cityscapes, "cityscapes-deeplab", None),
}
