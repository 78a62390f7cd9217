"""Images in files, read by worker processes while the network trains."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from srbench.errors import SrbenchError
from srbench.training.data.data_sets import Draw
from srbench.training.draws import generator


@dataclass(frozen=True, slots=True)
class Sample:
    """An image file and its class, or the file with the classes of its pixels. Paths are relative
    to the folder of the data set, with slashes."""

    image: str
    target: int | str


S = TypeVar("S", bound=Sample)
S_contra = TypeVar("S_contra", bound=Sample, contravariant=True)


class Reader(Protocol[S_contra]):
    """Makes tensors of a sample. It is copied to other processes, so it must be picklable."""

    def __call__(
        self, root: str, sample: S_contra, random: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        """The image as bytes, (3, H, W) and the same for all samples, and its target: a class, (),
        or one for each pixel, (H, W). It is changed at random if there is ``random``, and by this
        generator alone.

        Raises SrbenchError if a file cannot be read.
        """


@dataclass(frozen=True)
class Failure:
    """An SrbenchError as a value: DataLoader would wrap one that is raised in a worker process."""

    message: str
    hint: str


@dataclass(frozen=True, eq=False)
class Files(Generic[S]):
    """Samples in the folder ``root``, read by ``workers`` processes (0: by this one). Images are
    normalised with ``mean`` and ``std``, which are shares of the full brightness for each channel.

    Processes are started as multiprocessing does by default; each uses one thread.
    """

    root: str
    samples: Sequence[S]
    read: Reader[S]
    mean: Sequence[float]
    std: Sequence[float]
    workers: int = 0

    @cached_property
    def labels(self) -> Sequence[int] | None:
        """The class of each sample; None if their targets are files."""
        classes = [s.target for s in self.samples if isinstance(s.target, int)]
        return classes if len(classes) == len(self.samples) else None

    def __len__(self) -> int:
        return len(self.samples)

    def digest(self) -> str:
        """Identifies the files by their relative paths, their sizes in bytes and their classes. The
        contents are not read: a file that changes but not in size keeps the digest.

        Raises SrbenchError for a file that is not there.
        """
        digest = hashlib.sha256()
        for image, target in sorted({(s.image, str(s.target)) for s in self.samples}):
            sizes = [self._bytes(image)]
            if self.labels is None:
                sizes.append(self._bytes(target))
            digest.update(os.fsencode(f"{image}\0{target}\0{sizes}\n"))
        return digest.hexdigest()[:16]

    def batches(
        self, numbers: Sequence[Sequence[int]], draw: Draw | None = None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """See `Source`. Two batches for each worker are read in advance, from the first one on. The
        workers end with the last batch, or when the iterator is closed or forgotten."""
        images = _Images(self, draw)
        loader = DataLoader(
            images,
            batch_sampler=[list(batch) for batch in numbers],
            num_workers=min(self.workers, len(numbers)),
            collate_fn=images.batch,
            generator=torch.Generator(),  # it would draw from the global one, as dropout does
        )
        try:
            for batch in loader:
                if isinstance(batch, Failure):
                    raise SrbenchError(batch.message, batch.hint)
                yield batch
        except RuntimeError as error:
            if not str(error).startswith("DataLoader worker"):
                raise
            raise SrbenchError(
                f"a process that reads images has ended: {str(error).splitlines()[0]}",
                "memory, or /dev/shm, may be too small: use fewer workers, or 0",
            ) from error

    def _bytes(self, path: str) -> int:
        try:
            return os.stat(os.path.join(self.root, path)).st_size
        except OSError as error:
            raise SrbenchError(
                f"cannot read {os.path.join(self.root, path)}: {error.strerror}",
                "correct or remove it",
            ) from error


@dataclass(frozen=True, eq=False)
class _Images(Dataset[tuple[Tensor, Tensor] | Failure], Generic[S]):
    """The samples with the changes of one draw, as DataLoader asks for them."""

    files: Files[S]
    draw: Draw | None

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor] | Failure:
        random = generator(*self.draw, number) if self.draw is not None else None
        try:
            return self.files.read(self.files.root, self.files.samples[number], random)
        except SrbenchError as error:
            return Failure(error.message, error.hint)

    def batch(
        self, items: Sequence[tuple[Tensor, Tensor] | Failure]
    ) -> tuple[Tensor, Tensor] | Failure:
        images, targets = [], []
        for item in items:
            if isinstance(item, Failure):
                return item
            images.append(item[0])
            targets.append(item[1])
        scale = torch.tensor([255 * s for s in self.files.std]).view(-1, 1, 1)
        middle = torch.tensor([255 * m for m in self.files.mean]).view(-1, 1, 1)
        pixels = torch.stack(images).float().sub_(middle).div_(scale)
        return pixels, torch.stack(targets).to(torch.int64)
