"""Tables with scores: trained, rendered from the records, and checked by training again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from srbench.cli.app import run
from srbench.errors import BAD_INPUT, GATE_FAILED, INCONCLUSIVE
from srbench.records import jsonl

LAYOUT = """
caption = "Try."
columns = ["params", "params_delta", "top1", "top1_delta", "top1@0.5", "top1_delta@0.5"]
rank = false

[[rows]]
models = ["cifar_resnet8"]
variants = ["sr"]
input_size = 16
num_classes = 10

[train]
data = "fake"
set = ["epochs=2", "batch_size=100"]
seeds = 2
shares = [1, 0.5]
check = "cifar_resnet8+sr"
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the table, trained once."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "tables").mkdir()
    (folder / "tables" / "try.toml").write_text(LAYOUT)
    assert (
        run(
            ["table", "--folder", str(folder / "tables"), "--train", "--runs", str(folder / "runs")]
        )
        == 0
    )
    return folder


@pytest.fixture
def tables(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    folder = tmp_path / "tables"
    folder.mkdir()
    for file in (made / "tables").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def edit(tables: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change every record of a training."""
    file = tables / "try.jsonl"
    records = [json.loads(line) for line in file.read_text().splitlines()]
    for record in records:
        if record["training"]:
            change(record)
    file.write_text("".join(json.dumps(r, separators=(",", ":")) + "\n" for r in records))


def check(tables: Path, capsys: pytest.CaptureFixture[str], code: int, *options: str) -> str:
    capsys.readouterr()
    assert run(["check", str(tables), *options]) == code, capsys.readouterr()
    return capsys.readouterr().out


def test_every_row_is_trained_with_every_seed_and_share(made: Path) -> None:
    records = jsonl.read(made / "tables" / "try.jsonl").records
    trained = [record for record in records if record.training]
    assert [record.kind for record in records[:1]] == ["counted"]
    order = [
        (record.spec, record.training.key.regime.share, record.training.key.seed)
        for record in trained
        if record.training
    ]
    specs = ("cifar_resnet8", "cifar_resnet8+sr")
    assert order == [(spec, share, seed) for spec in specs for share in (1, 0.5) for seed in (0, 1)]
    assert len(list((made / "runs").glob("*/model.safetensors"))) == 8


def test_scores_stand_beside_costs_and_shares_beside_each_other(made: Path) -> None:
    header, *rows = (made / "tables" / "try.csv").read_text().splitlines()
    names = header.split(",")
    for name in ("top1", "top1_deviation", "top1_delta_low", "top1@0.5", "top1_delta@0.5_high"):
        assert name in names
    assert len(rows) == 2
    cells = dict(zip(names, rows[1].split(","), strict=True))
    records = jsonl.read(made / "tables" / "try.jsonl").records
    for share, column in ((1.0, "top1"), (0.5, "top1@0.5")):
        values = [
            record.training.scores["top1"]
            for record in records
            if record.training
            and record.spec == "cifar_resnet8+sr"
            and record.training.key.regime.share == share
        ]
        assert float(cells[column]) == pytest.approx(sum(values) / 2)
    text = (made / "tables" / "try.md").read_text()
    assert "| Top-1 (%) |" in text
    assert "| Top-1, 50 % (%) |" in text
    assert "Trained on fake, recipe digits, epochs=2, batch\\_size=100: 500 images" in text


def test_nothing_is_trained_twice(tables: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (tables / "try.jsonl").read_bytes()
    assert run(["table", "--folder", str(tables), "--train", "--runs", str(tables / "x")]) == 0
    assert "8 trained before" in capsys.readouterr().err
    assert (tables / "try.jsonl").read_bytes() == before
    assert not (tables / "x").exists()


def test_plain_check_judges_costs_and_renderings_alone(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "ok" in check(tables, capsys, 0)

    def better(record: dict[str, Any]) -> None:
        record["training"]["epochs"][-1]["counted"]["top1"] = 100

    edit(tables, better)
    assert "is not what the records produce" in check(tables, capsys, GATE_FAILED)


def test_what_is_trained_again_is_the_same_to_the_bit(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "ok" in check(tables, capsys, 0, "--train")


def test_a_first_epoch_that_differs_in_the_last_bit_is_found(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def off(record: dict[str, Any]) -> None:
        record["training"]["epochs"][0]["loss"] += 1e-15

    edit(tables, off)
    said = check(tables, capsys, GATE_FAILED, "--train")
    assert "recorded are loss" in said
    assert "on the same processor" in said


@pytest.mark.parametrize(("off", "code"), [(1e-6, 0), (50.0, INCONCLUSIVE)])
def test_elsewhere_three_deviations_over_seeds_are_allowed(
    tables: Path, capsys: pytest.CaptureFixture[str], off: float, code: int
) -> None:
    def elsewhere(record: dict[str, Any]) -> None:
        record["environment"]["cpu_model"] = "1-2-3"
        first = record["training"]["epochs"][0]
        first["loss"] += off * (record["training"]["key"]["seed"] == 0)
        # so that the seeds differ, whatever they learnt in one epoch
        first["counted"]["top1"] += record["training"]["key"]["seed"]

    edit(tables, elsewhere)
    if code:  # with two seeds, one that is off makes the deviation large: use one alone
        text = [
            line
            for line in (tables / "try.jsonl").read_text().splitlines()
            if '"seed":1' not in line
        ]
        (tables / "try.jsonl").write_text("\n".join(text) + "\n")
    said = check(tables, capsys, code, "--train")
    assert ("cpu_model" in said) == bool(code)


def test_a_recipe_or_images_that_have_changed_are_named(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(tables, lambda record: record["training"]["key"]["regime"].update(digest="0"))
    assert "the recipe is another one" in check(tables, capsys, GATE_FAILED, "--train")
    edit(tables, lambda record: record["training"].update(data_digest="0"))
    assert "the images are other ones" in check(tables, capsys, GATE_FAILED, "--train")


def test_a_table_that_was_not_trained_says_so(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (tables / "try.jsonl").read_text().splitlines()
    (tables / "try.jsonl").write_text("\n".join(one for one in text if '"training":null' in one))
    assert "has no run with seed 0" in check(tables, capsys, GATE_FAILED, "--train")


def test_runs_of_other_code_are_left_out_with_a_mark(tables: Path) -> None:
    edit(tables, lambda record: record.update(fingerprint="0" * 16))
    assert run(["table", "--folder", str(tables), "--render-only"]) == 0
    text = (tables / "try.md").read_text()
    assert "was trained with other code than it was counted with" in text
    assert "±" not in text.partition("\n\n-")[0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('data = "fake"', 'dat = "fake"', "did you mean data"),
        ("seeds = 2", "seeds = 0", "seeds in [train] must be 1 or more"),
        ("shares = [1, 0.5]", "shares = [2]", "1 or less"),
        ('"top1@0.5"', '"top2@0.5"', "unknown column"),
        ('"top1@0.5"', '"top1@half"', "unknown column"),
    ],
)
def test_mistakes_in_a_layout_are_named(
    tables: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    file = tables / "try.toml"
    file.write_text(file.read_text().replace(old, new))
    capsys.readouterr()
    assert run(["table", "--folder", str(tables), "--render-only"]) == BAD_INPUT
    assert said in capsys.readouterr().err


def test_rows_of_another_size_are_refused_before_training(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tables / "try.toml"
    file.write_text(file.read_text().replace("input_size = 16", "input_size = 32"))
    capsys.readouterr()
    assert run(["table", "--folder", str(tables), "--train"]) == BAD_INPUT
    err = capsys.readouterr().err
    assert "input_size" in err
    assert "16" in err


def test_a_table_without_the_section_cannot_be_trained(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tables / "try.toml"
    file.write_text(file.read_text().partition("[train]")[0])
    for command in (
        ["table", "try", "--folder", str(tables), "--train"],
        ["check", str(tables), "--train"],
    ):
        assert run(command) == BAD_INPUT
        assert "[train]" in capsys.readouterr().err
