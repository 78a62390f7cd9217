"""Recipes: every one that comes along, their schedules by hand, and bad values."""

import math
from pathlib import Path

import pytest

from srbench.cli.training_options import RECIPES
from srbench.errors import SrbenchError
from srbench.training import recipe
from srbench.training.loop import batches_of
from srbench.training.optimizing import learning_rate


def rate(name: str, epoch: float, **changes: str) -> float:
    return learning_rate(recipe.load(name, changes), epoch)


def test_he_drops_at_32k_and_48k_of_64k_steps() -> None:
    he = recipe.load("cifar-he2016")
    steps = batches_of(50_000, he, 1)
    assert [round(at * steps, -3) for at in he.milestones] == [32_000, 48_000]
    assert round(he.epochs * steps, -3) == 64_000
    assert [learning_rate(he, at) for at in (0, 81.9)] == [0.1, 0.1]
    assert learning_rate(he, 82) == pytest.approx(0.01)
    assert learning_rate(he, 163.9) == pytest.approx(0.001)


def test_zagoruyko_multiplies_by_a_fifth_three_times() -> None:
    rates = [rate("cifar-zagoruyko2016", epoch) for epoch in (59.9, 60, 120, 160)]
    assert rates == pytest.approx([0.1, 0.02, 0.004, 0.0008])


def test_deeplab_is_poly_over_90k_steps() -> None:
    deeplab = recipe.load("cityscapes-deeplab")
    assert round(deeplab.epochs * batches_of(2975, deeplab, 1), -3) == 90_000
    assert learning_rate(deeplab, 0) == 0.007
    assert learning_rate(deeplab, 242) == pytest.approx(0.007 * 0.5**0.9)
    assert learning_rate(deeplab, 484) == 0


def test_a_cosine_rises_first_and_ends_at_zero() -> None:
    assert rate("digits", 2.25) == pytest.approx(0.1 / 2)  # the rise takes 0.3 of 15 epochs
    assert rate("digits", 4.5) == pytest.approx(0.1)
    assert rate("digits", 4.5 + 10.5 / 2) == pytest.approx(0.05)
    assert rate("digits", 15) == pytest.approx(0, abs=1e-12)
    assert rate("digits", 4.5 + 10.5 / 3) == pytest.approx(0.1 * (1 + math.cos(math.pi / 3)) / 2)


def test_every_recipe_names_its_source_and_round_trips() -> None:
    for name in recipe.names():
        loaded = recipe.load(name)
        assert len(loaded.source) > 20
        again = {key: recipe.toml(value) for key, value in loaded.values().items()}
        assert recipe.load(name, again) == loaded


def test_help_and_completion_know_every_recipe() -> None:
    assert list(RECIPES) == recipe.names()


def test_values_are_read_as_toml_and_text_needs_no_quotes() -> None:
    changed = recipe.load(
        "digits", {"lr": "0.05", "optimizer": "adamw", "area": "[0.5, 1]", "flip": "true"}
    )
    assert (changed.lr, changed.optimizer, changed.area, changed.flip) == (
        0.05,
        "adamw",
        (0.5, 1.0),
        True,
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lrr": "1"}, "did you mean lr?"),
        ({"lr": "-1"}, "lr must be more than 0"),
        ({"lr": "fast"}, "lr"),
        ({"lr": "nan"}, "lr"),
        ({"epochs": "0"}, "epochs must be 1 or more"),
        ({"schedule": "steps", "milestones": "[20]"}, "not all before epoch 15"),
        ({"milestones": "[3]"}, "milestones are for steps"),
        ({"area": "[0.9, 0.1]"}, "rising"),
        ({"accumulate": "65"}, "cannot be divided into 65 parts"),
        ({"optimizer": "adam"}, "optimizer must be"),
        ({"area": "[0.1]"}, "area"),
        ({"zoom": "[1, 2, 3]"}, "zoom"),
        ({"epochs": "9" * 5000}, "is no value"),
    ],
)
def test_bad_values_are_refused(changes: dict[str, str], said: str) -> None:
    with pytest.raises(SrbenchError) as error:
        recipe.load("digits", changes)
    assert said in str(error.value)
    assert "validation error" not in str(error.value)


def test_a_value_of_thousands_of_brackets_is_refused() -> None:
    with pytest.raises(SrbenchError):
        recipe.load("digits", {"lr": "[" * 5000})


@pytest.mark.parametrize("text", ["lr", "=1", "lr=", "epochs=1\nlr=5"])
def test_a_change_has_a_key_and_a_value(text: str) -> None:
    with pytest.raises(SrbenchError, match="KEY=VALUE"):
        recipe.changes_of([text])


def test_a_change_is_given_once() -> None:
    with pytest.raises(SrbenchError, match="twice"):
        recipe.changes_of(["lr=1", "lr=2"])


def test_a_recipe_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('source = "mine"\nepochs = 3\nbatch_size = 8\nlr = 0.1\nsize = 16\n')
    assert recipe.load(str(file)).epochs == 3
    file.write_text("epochs =")
    with pytest.raises(SrbenchError, match="is no TOML"):
        recipe.load(str(file))
    with pytest.raises(SrbenchError, match="cannot read"):
        recipe.load(str(tmp_path / "missing.toml"))
    with pytest.raises(SrbenchError, match="did you mean digits"):
        recipe.load("digit")
