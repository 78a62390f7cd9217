"""Reading one image file, whatever its kind of pixels, or one file with a class for each pixel."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFile, UnidentifiedImageError
from torch import Tensor

from srbench.errors import SrbenchError

# Of the files that are listed as images, in any case.
SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".pgm", ".bmp", ".tif", ".tiff", ".webp")
# Only these are tried: others, such as EPS, may start a program to be read.
FORMATS = ("JPEG", "PNG", "BMP", "PPM", "TIFF", "WEBP", "GIF")
STEP = 257  # of 16 bits for one of 8 bits: 65535 = 257 * 255
# Of a PNG file in Pillow's terms: the bits of a pixel are its value. Fewer bits that are no index
# of a palette are stretched to the full brightness.
RAW = ("L", "P", "P;1", "P;2", "P;4")


def is_image(name: str) -> bool:
    """Whether a file of this name is taken for an image. Hidden files are not."""
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def read(path: Path) -> Tensor:
    """The image as bytes (3, H, W), red, green and blue; the first one if there are several.

    Grey images get three equal channels, 16 bits are divided by 257 and rounded. Transparency and
    the orientation that a camera noted are ignored, as torchvision does.

    Raises SrbenchError if the file cannot be read.
    """
    with _opened(path) as image:
        pixels = _rgb(path, image)
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def read_classes(path: Path) -> Tensor:
    """The class of each pixel, bytes (H, W), of a PNG file with one channel, or with a palette: its
    colours are ignored.

    Raises SrbenchError for any other file, and if it cannot be read.
    """
    with _opened(path) as image:
        stored = str(image.tile[0][3]) if image.format == "PNG" and image.tile else ""
        if stored not in RAW:
            raise SrbenchError(
                f"{path} holds no classes: it is {image.format}, with pixels of the kind "
                f"{stored or image.mode}",
                "give a PNG file whose pixels are classes, one channel of 8 bits",
            )
        return torch.from_numpy(np.array(image, dtype=np.uint8))


def read_size(path: Path) -> tuple[int, int]:
    """Height and width, from the beginning of the file. Raises SrbenchError if it has none."""
    with _opened(path) as image:
        return image.height, image.width


def _rgb(path: Path, image: Image.Image) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """The pixels, (H, W, 3)."""
    if image.mode.startswith("I"):
        values = np.array(image).astype(np.int64)
        if values.min() < 0 or values.max() > STEP * 255:
            raise SrbenchError(
                f"{path} has pixels from {values.min()} to {values.max()}, which are no 16 bits",
                "convert it to 8 or 16 bits",
            )
        grey = ((values + STEP // 2) // STEP).astype(np.uint8)
        return np.stack([grey] * 3, axis=-1)
    if image.mode == "F":
        raise SrbenchError(
            f"{path} has pixels of floating point, whose brightest value is unknown",
            "convert it to 8 or 16 bits",
        )
    return np.array(image.convert("RGB"))


@contextmanager
def _opened(path: Path) -> Iterator[ImageFile.ImageFile]:
    """The image file, open. What fails within is raised as SrbenchError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of remarks on metadata and transparency, not used
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            if path.exists() and not (path.is_file() or path.is_dir()):
                raise SrbenchError(f"{path} is no regular file", "remove it")
            with Image.open(path, formats=FORMATS) as image:
                yield image
        except (SrbenchError, MemoryError):
            raise
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise SrbenchError(
                f"{path} is too large: {str(error).partition(',')[0]}", "shrink it, or remove it"
            ) from error
        except Exception as error:  # decoders raise errors of many kinds for broken files
            raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> SrbenchError:
    if isinstance(error, OSError) and error.strerror:
        return SrbenchError(f"cannot read {path}: {error.strerror}", "correct or remove it")
    if not path.stat().st_size:
        return SrbenchError(f"the image {path} is empty", "copy it again, or remove it")
    if isinstance(error, UnidentifiedImageError):
        known = ", ".join(FORMATS)
        return SrbenchError(f"{path} is no image of a known kind", f"remove it; {known} are known")
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    return SrbenchError(f"the image {path} is damaged: {said}", "copy it again, or remove it")
