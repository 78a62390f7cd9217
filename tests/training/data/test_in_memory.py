"""Images in memory, and how data sets are split."""

import collections

import pytest
import torch

from srbench.errors import SrbenchError
from srbench.training import recipe as recipes
from srbench.training.data.by_name import open_data, recipe_for
from srbench.training.data.data_sets import DataSet, Draw
from srbench.training.data.digits import digits
from srbench.training.data.in_memory import InMemory, Shift

PLAIN = Shift()


def made(change: Shift = PLAIN, labels: list[int] | None = None) -> InMemory:
    """Images of 4×4 pixels, every one of another value above 0."""
    classes = torch.tensor(labels or [0, 1, 2])
    pixels = 1 + torch.arange(len(classes) * 48).reshape(len(classes), 3, 4, 4) % 255
    return InMemory(pixels.to(torch.uint8), classes, [0, 0, 0], [1 / 255] * 3, change)


def test_images_are_normalised() -> None:
    images = torch.full((1, 3, 2, 2), 51, dtype=torch.uint8)
    source = InMemory(images, torch.tensor([3]), [0.1, 0.2, 0.3], [0.5, 0.1, 1.0])
    ((found, targets),) = source.batches([[0]])
    assert found.dtype == torch.float32
    assert found[0, :, 0, 0].tolist() == pytest.approx([0.2, 0.0, -0.1], abs=1e-6)
    assert targets.tolist() == [3]


@pytest.mark.parametrize("pad", [0, 1, 2])
@pytest.mark.parametrize("flip", [False, True])
def test_changed_images_are_shifted_and_mirrored_ones(pad: int, flip: bool) -> None:
    source = made(Shift(pad, flip))
    plain = source.images.float()
    padded = torch.nn.functional.pad(plain, (pad,) * 4)
    seen = set()
    for epoch in range(60):
        ((images, _),) = source.batches([[0, 1, 2]], Draw(0, epoch))
        for number, image in enumerate(images):
            options = {
                (down, right, mirrored): cut.flip(-1) if mirrored else cut
                for down in range(2 * pad + 1)
                for right in range(2 * pad + 1)
                for mirrored in ([False, True] if flip else [False])
                for cut in [padded[number, :, down : down + 4, right : right + 4]]
            }
            seen |= {key for key, one in options.items() if torch.equal(one, image.round())}
            assert any(torch.equal(one, image.round()) for one in options.values())
    assert len(seen) == (2 * pad + 1) ** 2 * (2 if flip else 1)


def test_a_change_depends_on_the_image_and_the_draw_alone() -> None:
    source = made(Shift(2, True), [0, 1, 2, 0, 1, 2])
    ((whole, _),) = source.batches([[0, 1, 2, 3, 4, 5]], Draw(1, 4))
    parts = [images for images, _ in source.batches([[5, 3], [1]], Draw(1, 4))]
    assert torch.equal(torch.cat(parts), whole[[5, 3, 1]])
    ((other, _),) = source.batches([[0, 1, 2, 3, 4, 5]], Draw(1, 5))
    assert not torch.equal(other, whole)


def test_images_must_fit_their_classes() -> None:
    with pytest.raises(SrbenchError, match="one class for each image"):
        InMemory(torch.zeros(2, 3, 4, 4, dtype=torch.uint8), torch.tensor([1]), [0] * 3, [1] * 3)
    with pytest.raises(SrbenchError, match="no bytes"):
        InMemory(torch.zeros(2, 3, 4, 4), torch.tensor([1, 2]), [0] * 3, [1] * 3)


def test_images_that_are_too_small_for_their_reflection_are_refused() -> None:
    with pytest.raises(SrbenchError, match="cannot be padded with 4 pixels"):
        made(Shift(4, fill="reflect"))


def test_the_digest_is_of_the_pixels_and_the_classes() -> None:
    before = made()
    other = made()
    other.images[0, 0, 0, 0] += 1
    assert before.digest() == made(Shift(2)).digest()
    assert before.digest() != other.digest()
    assert before.digest() != made(labels=[0, 2, 1]).digest()


@pytest.mark.parametrize("classes", [1, 2, 3, 6, 7])
@pytest.mark.parametrize("is_sorted", [True, False])
def test_folds_hold_out_each_image_once_and_each_class_alike(classes: int, is_sorted: bool) -> None:
    labels = [number % classes for number in range(84)]
    data = DataSet("made", (3, 4, 4), classes, made(labels=sorted(labels) if is_sorted else labels))
    splits = [data.split(seed) for seed in range(6)]
    assert sorted(number for split in splits for number in split.test) == list(range(84))
    for split in splits:
        assert not {*split.train} & {*split.test}
        assert len(split.train) + len(split.test) == 84
        counts = collections.Counter(data.train.labels[number] for number in split.test)  # type: ignore[index]
        assert max(counts.values()) - min(counts[c] for c in range(classes)) <= 1
    assert data.split(6).test != data.split(0).test
    assert data.split(0).test == splits[0].test
    assert data.split(0).held_out == pytest.approx(1 / 6)


def test_a_share_has_each_class_alike_and_is_of_the_training_images() -> None:
    data = digits(16, Shift())
    for seed in range(3):
        whole, tenth = data.split(seed), data.split(seed, 0.1)
        assert {*tenth.train} < {*whole.train}
        assert tenth.test == whole.test
        assert len(tenth.train) == round(0.1 * len(whole.train))
        counts = collections.Counter(data.train.labels[number] for number in tenth.train)  # type: ignore[index]
        assert 13 <= min(counts.values()) <= max(counts.values()) <= 17


def test_given_test_images_are_the_same_for_every_seed() -> None:
    data = DataSet("made", (3, 4, 4), 3, made(labels=[0, 1, 2] * 4), made())
    splits = [data.split(seed) for seed in range(3)]
    assert all(split.test == [0, 1, 2] and len(split.train) == 12 for split in splits)
    assert splits[0].held_out is None
    assert splits[0].tested is data.test


@pytest.mark.parametrize(
    ("share", "said"), [(0.0, "out of range"), (1.1, "out of range"), (0.001, "none")]
)
def test_a_share_must_leave_an_image(share: float, said: str) -> None:
    data = DataSet("made", (3, 4, 4), 3, made(labels=[0, 1, 2] * 4))
    with pytest.raises(SrbenchError, match=said):
        data.split(0, share)


@pytest.mark.parametrize("label", [-1, 3, 255])
def test_classes_out_of_range_are_refused(label: int) -> None:
    for parts in ((made(labels=[0, label]),), (made(), made(labels=[label, 1]))):
        with pytest.raises(SrbenchError, match=f"an image of class {label}, but 3 classes"):
            DataSet("made", (3, 4, 4), 3, *parts)


def test_too_few_images_for_the_folds() -> None:
    with pytest.raises(SrbenchError, match="too few for 6 folds"):
        DataSet("made", (3, 4, 4), 3, made()).split(0)


def test_the_digits_are_those_of_scikit_learn() -> None:
    data = digits(8, Shift())
    assert isinstance(data.train, InMemory)
    assert len(data.train) == 1797
    assert data.size == (3, 8, 8)
    counts = collections.Counter(data.train.labels)
    assert [counts[digit] for digit in range(10)] == [
        178,
        182,
        177,
        183,
        181,
        182,
        181,
        179,
        174,
        180,
    ]
    assert data.train.images.max() == 255
    large = digits(16, Shift()).train
    ((images, _),) = large.batches([list(range(1797))])
    assert abs(float(images.mean())) < 0.01
    assert abs(float(images.std()) - 1) < 0.01


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("digit", "did you mean digits"),
        ("digits:here", "is no folder"),
        ("folder", "folder:PATH"),
        ("cityscapes:", "cityscapes:PATH"),
    ],
)
def test_unknown_data_sets(name: str, said: str) -> None:
    with pytest.raises(SrbenchError, match=said):
        open_data(name, recipes.load("digits"))


def test_fake_data_need_nothing() -> None:
    data = open_data("fake", recipes.load(recipe_for("fake")))
    assert (data.num_classes, data.size) == (10, (3, 16, 16))
    assert data.digest() == open_data("fake", recipes.load("digits")).digest()


def test_images_are_padded_with_their_reflection() -> None:
    source = made(Shift(2, fill="reflect"))
    expected = torch.nn.functional.pad(source.images.float(), (2,) * 4, mode="reflect")
    ((images, _),) = source.batches([[0, 1]], Draw(0, 0))
    assert images.is_contiguous()  # another layout would be computed in other steps
    assert torch.equal(source._padded(source.images).float(), expected)
