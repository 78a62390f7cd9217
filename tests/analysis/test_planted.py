"""Networks that do what they were made for are described so, by every number."""

import numpy as np
import pytest
import torch
from support.planted import CLASSES, SIDE, Planted, by_class, by_noise, constant, marked, votes

import srbench
from srbench.report.analysis_findings import findings
from srbench.report.plots.analysis.ablations import difference

IMAGES = marked(600)


def said(found) -> str:
    return "\n".join(findings(found.analysis))


def test_weights_that_the_class_decides() -> None:
    found = srbench.analyze(Planted(by_class, votes()), IMAGES)
    analysis = found.analysis
    (block,) = analysis.memory_blocks
    means = np.array(block.weights.spread.mean)
    assert means[1:] == pytest.approx(np.eye(CLASSES), abs=0.01)
    classes = torch.cat([one for _, one in IMAGES])
    shares = torch.bincount(classes).double() / len(classes)
    assert means[0] == pytest.approx(shares.numpy(), abs=0.01)
    assert block.weights.information == pytest.approx(block.weights.entropy, abs=0.02)
    assert block.weights.p_value == 0.001
    assert block.weights.in_use == pytest.approx(4, abs=0.05)
    assert (block.memories.dead, block.memories.duplicates) == ((), ())
    assert analysis.right == 600
    assert "p = 0.001): they depend on the class" in said(found)
    by_name = {one.name: one for one in analysis.ablations}
    for number, count in enumerate(analysis.counts):
        lost = by_name[f"without M{number + 1}"]
        # Their images have no vote left, and class 0 by the mark in its channel.
        assert (lost.lost, lost.gained) == (count if number else 0, 0)
    assert by_name["mean weights"].right <= max(analysis.counts), "the same class for all"
    interval = difference(by_name["mean weights"], 600)
    assert interval.high < -0.5, "it does adapt"
    assert "with the same weights for every image, accuracy changes by" in said(found)


def test_weights_that_vary_without_the_class() -> None:
    found = srbench.analyze(Planted(by_noise, votes()), IMAGES)
    (block,) = found.analysis.memory_blocks
    assert block.weights.p_value > 0.05
    assert block.weights.image_information > 0.1
    assert block.memories.adaptive_share > 0.1
    assert "no evidence that they depend on the class" in said(found)


def test_the_permutation_test_alarms_in_five_percent_of_planted_networks() -> None:
    """500 networks and their images; the numbers of the pass, with few deals each."""
    from srbench.stats.information import information

    alarms = 0
    for seed in range(500):
        ((images, classes),) = marked(40, seed)
        weights = by_noise(images.double()).numpy()
        alarms += information(weights, classes.numpy(), 99, seed).p_value <= 0.05
    assert 0.03 * 500 <= alarms <= 0.07 * 500


def test_a_mere_bias_is_called_one() -> None:
    """Its weights never vary, so that their mean changes nothing."""
    memory = votes(0.001) + torch.randn(4, CLASSES, SIDE, SIDE) * 0.01
    found = srbench.analyze(Planted(constant, memory), IMAGES)
    (block,) = found.analysis.memory_blocks
    assert block.memories.adaptive_share == pytest.approx(0, abs=1e-12)
    assert block.weights.information == pytest.approx(0, abs=1e-12)
    assert block.weights.p_value == 1
    mean = next(one for one in found.analysis.ablations if one.name == "mean weights")
    assert (mean.gained, mean.lost, mean.changed) == (0, 0, 0)
    assert "it adds the same to every image: it is a fixed bias" in said(found)
    assert "its weights are the same for every image" in said(found)
    assert "with the same weights for every image, no prediction of 600 images changes" in said(
        found
    )


def test_equal_and_dead_memories_are_named() -> None:
    memory = votes()
    memory[1] = memory[0]
    memory[3] = 0
    found = srbench.analyze(Planted(by_class, memory), IMAGES)
    (block,) = found.analysis.memory_blocks
    assert block.memories.duplicates == ((0, 1),)
    assert block.memories.dead == (3,)
    assert "the same within 5 %: M1, M2." in said(found)
    assert "dead, adding less than 1 % of what others do: M4." in said(found)


def test_one_memory_is_a_bias_whatever_the_images() -> None:
    found = srbench.analyze(Planted(lambda x: torch.ones(len(x), 1), votes(memories=1)), IMAGES)
    (block,) = found.analysis.memory_blocks
    assert block.weights.in_use == 1
    assert [one.name for one in found.analysis.ablations] == ["mean weights", "off"]
    assert "one memory has the weight 1 for every image" in said(found)


def test_a_single_class_is_not_tested() -> None:
    images = [(torch.randn(20, CLASSES, SIDE, SIDE), torch.full((20,), 2))]
    found = srbench.analyze(Planted(by_noise, votes()), images)
    (block,) = found.analysis.memory_blocks
    assert block.weights.p_value is None
    assert "all images are of one class" in said(found)


def test_a_fresh_block_changes_nothing() -> None:
    found = srbench.analyze(Planted(by_class, torch.zeros(4, CLASSES, SIDE, SIDE)), IMAGES)
    assert said(found) == "sr: all memories are zero: the block is fresh, and changes nothing."
    assert found.analysis.memory_blocks[0].features.size == 0
    assert {one.changed for one in found.analysis.ablations} == {0}
