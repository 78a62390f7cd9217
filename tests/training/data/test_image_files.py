"""Image files of every kind of pixels, and files that are none."""

import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from PIL import Image

from srbench.errors import SrbenchError
from srbench.training.data import images

Make = Callable[[], Image.Image]


def pixels(mode: str, *values: int | tuple[int, ...]) -> Image.Image:
    """One row of pixels."""
    image = Image.new(mode, (len(values), 1))
    image.putdata(values)
    return image


def palette(**info: bytes) -> Image.Image:
    """Red, green, red, by their numbers in a palette."""
    image = pixels("P", 0, 1, 0)
    image.putpalette([255, 0, 0, 0, 200, 0])
    image.info.update(info)
    return image


def row(path: Path) -> list[tuple[int, ...]]:
    """The colours of the first row."""
    read = images.read(path)
    assert read.dtype == torch.uint8
    assert read.shape[0] == 3
    assert read.is_contiguous()
    return [tuple(colour) for colour in read[:, 0].T.tolist()]


@pytest.mark.parametrize(
    ("name", "make", "expected"),
    [
        ("grey.png", lambda: pixels("L", 0, 7, 255), [(0,) * 3, (7,) * 3, (255,) * 3]),
        ("grey_alpha.png", lambda: pixels("LA", (9, 0), (7, 255)), [(9,) * 3, (7,) * 3]),
        ("colour.bmp", lambda: pixels("RGB", (1, 2, 3)), [(1, 2, 3)]),
        ("alpha.png", lambda: pixels("RGBA", (1, 2, 3, 0), (4, 5, 6, 9)), [(1, 2, 3), (4, 5, 6)]),
        ("bits.png", lambda: pixels("1", 0, 255), [(0,) * 3, (255,) * 3]),
        ("palette.png", palette, [(255, 0, 0), (0, 200, 0), (255, 0, 0)]),
        (
            "clear_palette.png",
            lambda: palette(transparency=b"\x00\x80"),
            [(255, 0, 0), (0, 200, 0), (255, 0, 0)],
        ),
        (
            "palette_alpha.tif",
            lambda: palette().convert("PA"),
            [(255, 0, 0), (0, 200, 0), (255, 0, 0)],
        ),
        (  # cyan, black, half magenta, and half black: what is not absorbed of 255
            "ink.tif",
            lambda: pixels("CMYK", (255, 0, 0, 0), (0, 0, 0, 255), (0, 128, 0, 0), (0, 0, 0, 128)),
            [(0, 255, 255), (0, 0, 0), (255, 127, 255), (127, 127, 127)],
        ),
        (  # 65535 / 255 = 257 for each of 8 bits
            "deep.png",
            lambda: Image.fromarray(np.array([[0, 128, 129, 257, 32896, 65535]], dtype=np.uint16)),
            [(v,) * 3 for v in (0, 0, 1, 1, 128, 255)],
        ),
        (
            "deeper.tif",
            lambda: Image.fromarray(np.array([[0, 129, 65535]], dtype=np.int32)),
            [(v,) * 3 for v in (0, 1, 255)],
        ),
    ],
)
def test_every_kind_of_pixels_becomes_colours_of_8_bits(
    name: str, make: Make, expected: list[tuple[int, ...]], tmp_path: Path
) -> None:
    make().save(tmp_path / name)
    assert row(tmp_path / name) == expected


def test_the_image_is_channels_then_rows_then_columns(tmp_path: Path) -> None:
    image = Image.new("RGB", (3, 2))
    image.putpixel((2, 1), (5, 6, 7))
    image.save(tmp_path / "a.png")
    read = images.read(tmp_path / "a.png")
    assert read.shape == (3, 2, 3)
    assert read[:, 1, 2].tolist() == [5, 6, 7]
    assert images.read_size(tmp_path / "a.png") == (2, 3)


@pytest.mark.parametrize(
    ("pixel", "said"),
    [
        (np.int32(65536), "pixels from 65536 to 65536, which are no 16 bits"),
        (np.int32(-1), "pixels from -1 to -1"),
        (np.float32(0.5), "floating point"),
    ],
)
def test_a_range_that_is_unknown_is_an_error(pixel: np.generic, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(np.full((2, 2), pixel)).save(path)
    with pytest.raises(SrbenchError, match=said) as error:
        images.read(path)
    assert str(path) in error.value.message
    assert error.value.hint == "convert it to 8 or 16 bits"


def noise(path: Path) -> bytes:
    """The bytes of an image file that does not compress."""
    random = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(random).save(path)
    return path.read_bytes()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp", ".tif"])
def test_a_truncated_file_is_an_error(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    whole = noise(path)
    for kept in (len(whole) // 2, 40):
        path.write_bytes(whole[:kept])
        with pytest.raises(SrbenchError, match=r"damaged|no image") as error:
            images.read(path)
        assert str(path) in error.value.message
        assert "remove it" in error.value.hint


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"<html>404</html>", "is no image of a known kind"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is no image of a known kind"),
    ],
)
def test_a_file_that_is_no_image_is_an_error(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    for read in (images.read, images.read_classes, images.read_size):
        with pytest.raises(SrbenchError, match=said) as error:
            read(path)
        assert str(path) in error.value.message
        assert "remove it" in error.value.hint


def test_a_file_that_is_missing_or_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SrbenchError, match=r"cannot read .*a\.png: No such file"):
        images.read(tmp_path / "a.png")
    with pytest.raises(SrbenchError, match="cannot read"):
        images.read(tmp_path)


@pytest.mark.parametrize("most", [12, 4])  # of 16 pixels: Pillow warns, or refuses
def test_an_image_of_too_many_pixels_is_an_error(
    most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    Image.new("L", (4, 4)).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", most)
    for read in (images.read, images.read_classes, images.read_size):
        with pytest.raises(SrbenchError, match=r"a\.png is too large: .*16 pixels") as error:
            read(path)
        assert error.value.hint == "shrink it, or remove it"


def test_files_are_closed_and_filters_of_warnings_restored(tmp_path: Path) -> None:
    good, broken = tmp_path / "good.png", tmp_path / "broken.png"
    broken.write_bytes(noise(good)[:5000])
    before = list(warnings.filters)
    images.read(good)
    with pytest.raises(SrbenchError) as error:
        images.read(broken)
    assert not [f for f in psutil.Process().open_files() if str(tmp_path) in f.path]
    assert list(warnings.filters) == before
    assert "damaged" in str(error.value)


def test_classes_are_numbers_and_never_colours(tmp_path: Path) -> None:
    palette().save(tmp_path / "palette.png")
    pixels("L", 0, 7, 255).save(tmp_path / "grey.png")
    assert images.read_classes(tmp_path / "palette.png").tolist() == [[0, 1, 0]]
    grey = images.read_classes(tmp_path / "grey.png")
    assert (grey.dtype, grey.tolist()) == (torch.uint8, [[0, 7, 255]])


def grey_of_4_bits() -> bytes:
    """A PNG file with the pixels 1 and 2, of 4 bits each, which Pillow reads as 17 and 34."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", 2, 1, 4, 0, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\x00\x12")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_files_that_change_classes_are_errors(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    pixels("RGB", (1, 2, 3)).save(path)
    with pytest.raises(SrbenchError, match=r"a\.png holds no classes: it is PNG, .* RGB"):
        images.read_classes(path)
    path.write_bytes(grey_of_4_bits())
    assert row(path) == [(17,) * 3, (34,) * 3]
    with pytest.raises(SrbenchError, match="the kind L;4"):
        images.read_classes(path)
    pixels("L", 1, 2).save(path, format="JPEG")
    with pytest.raises(SrbenchError, match="it is JPEG") as error:
        images.read_classes(path)
    assert "one channel of 8 bits" in error.value.hint


def test_images_are_known_by_their_suffix_in_any_case() -> None:
    assert [n for n in ("a.JPEG", "b.png", "c.txt", ".d.png", "png") if images.is_image(n)] == [
        "a.JPEG",
        "b.png",
    ]
