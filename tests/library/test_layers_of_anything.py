"""`srbench.layers`: any module, from Python."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn

import srbench
from srbench.errors import SrbenchError
from srbench.library.layers_of_anything import ShownLayers

BLOCKS = nn.Sequential(*(nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()) for _ in range(3)))
X = torch.ones(2, 4, 8, 8)
WEIGHTS = 4 * 3 * (4 * 4 * 9 + 4)  # bytes
RESNET8 = 4 * 75_290  # bytes
MAP = 4 * 4 * 8 * 8  # bytes of an image


@pytest.fixture(scope="module")
def found() -> ShownLayers:
    return srbench.layers(BLOCKS, X)


def test_modules_are_found_by_name_and_position(found: ShownLayers) -> None:
    assert [layer.name for layer in found[:3]] == ["", "0", "0.0"]
    assert found["0.0"].macs == 2 * 8 * 8 * 4 * 4 * 9
    assert found["0.0"].inputs == ("float32:2x4x8x8",)
    assert len(found) == len(list(found)) == 10
    with pytest.raises(KeyError, match=r"no module is called '0\.7'"):
        found["0.7"]


def test_memory_by_a_closed_form(found: ShownLayers) -> None:
    """At the last activation the image, its block's input, its own input and its output are
    alive."""
    memory = found.memory
    assert memory.inference.counted == WEIGHTS + 4 * 2 * MAP
    assert memory.inference.at(100) == WEIGHTS + 400 * MAP
    assert memory.gradients == memory.state == WEIGHTS
    assert memory.kept == 3 * 2 * MAP  # the activations: inputs of the next, and the output
    free = 10 * 2**20 - WEIGHTS
    assert found.max_batch("10MiB").inference == free // (4 * MAP)


def test_it_shows_itself(found: ShownLayers, tmp_path: Path) -> None:
    assert "0–2" in str(found.report(fold=True).tables[0].rows)
    assert "├─ 0 Sequential" in str(found)
    assert repr(found) == str(found)
    assert "Conv2d" in found._repr_html_()
    found.save(tmp_path / "net.csv")
    assert len((tmp_path / "net.csv").read_text().splitlines()) == 11
    found.save(tmp_path / "net.jsonl", depth=1)
    with pytest.raises(SrbenchError, match="overwrite=True"):
        found.save(tmp_path / "net.jsonl")


def test_the_module_is_left_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    srbench.layers(model, torch.randn(3, 4))
    assert model.training
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())


def test_against_another(found: ShownLayers) -> None:
    other = srbench.layers(nn.Sequential(*BLOCKS, nn.Flatten()), X)
    table, memory = other.report(against=found).tables
    assert {row[3] for row in memory.rows} == {"0"}
    assert [str(row[0]) for row in table.rows] == ["Sequential", "+ 3 Flatten"]


def test_specs_and_adamw() -> None:
    sgd = srbench.layers("cifar_resnet8", input_size=32)
    adamw = srbench.layers("cifar_resnet8", input_size=32, optimizer="adamw")
    assert adamw.memory.state - 2 * sgd.memory.state == 4 * len(
        [1 for layer in sgd for _ in layer.tensors]
    )


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: srbench.layers(BLOCKS, X, optimizer="lion"), "unknown optimizer 'lion'"),
        (lambda: srbench.layers([BLOCKS, BLOCKS], X), "those of one module"),
        (lambda: srbench.layers("resnet18", "resnet50"), "those of one spec"),
        (lambda: srbench.layers(BLOCKS, X, num_classes=3), "num_classes is given"),
        (lambda: srbench.layers(BLOCKS, torch.ones(2, 3, 8, 8)), "does not run"),
        (lambda: srbench.layers(BLOCKS, X).report(depth=0), "depth 0 shows no module"),
        (lambda: srbench.layers(BLOCKS, X).report(max_batch="80"), "has no unit"),
        (lambda: srbench.layers(BLOCKS, X).report(columns=["mac"]), "did you mean macs"),
        (lambda: srbench.layers(BLOCKS, X).report(style="ieee"), "unknown argument 'style'"),
        (lambda: srbench.layers(BLOCKS, X).max_batch("80"), "has no unit"),
        (lambda: srbench.layers(3), "is not a spec"),
    ],
)
def test_bad_input_is_refused_with_the_remedy(call: object, said: str) -> None:
    with pytest.raises(SrbenchError, match=re.escape(said)):
        call()  # type: ignore[operator]


def test_counts_have_memory_if_it_is_wanted() -> None:
    rows = srbench.count("cifar_resnet8+sr", input_size=32, with_memory=True)
    assert rows["cifar_resnet8"].counted.peak_inference_bytes > RESNET8
    assert rows.delta("cifar_resnet8+sr", "training_bytes") > 0
    without = srbench.count("cifar_resnet8", input_size=32)
    assert without[0].counted.memory is None
    assert without[0].counted.param_bytes == RESNET8
    text = str(rows.report(columns=["max_batch@1GiB", "training_bytes_percent"]).tables[0])
    assert "Images in 1 GiB" in text


def test_an_input_called_memory_reaches_the_module() -> None:
    decoder = nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
    x = torch.ones(1, 5, 8)
    rows = srbench.count(decoder, x, memory=x)
    assert rows[0].counted.macs > 0
