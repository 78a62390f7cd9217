"""Top-k and mIoU against values worked out by hand."""

import pytest
import torch

from srbench.records.training import scores
from srbench.training.data.data_sets import IGNORED
from srbench.training.metrics import Confusion, TopK


def test_top_k_by_hand() -> None:
    logits = torch.tensor(
        [[0.9, 0.1, 0, 0, 0, 0, 0], [7.0, 6, 5, 4, 3, 2, 1], [1.0, 2, 3, 4, 5, 6, 7]]
    )
    metric = TopK()
    metric.update(logits, torch.tensor([0, 4, 0]))  # first, fifth, seventh
    assert metric.compute() == {"top1": 1, "top5": 2, "images": 3}


@pytest.mark.parametrize(("true", "top1", "top5"), [(0, 1, 1), (1, 0, 1), (4, 0, 1), (5, 0, 0)])
def test_of_equal_logits_the_lower_class_is_higher(true: int, top1: int, top5: int) -> None:
    metric = TopK()
    metric.update(torch.zeros(1, 7), torch.tensor([true]))
    assert metric.compute() == {"top1": top1, "top5": top5, "images": 1}


def test_ties_around_the_fifth_place() -> None:
    logits = torch.tensor([[9.0, 8, 7, 6, 1, 1, 1, 0]])
    found = []
    for true in range(8):
        metric = TopK()
        metric.update(logits, torch.tensor([true]))
        found.append(metric.compute()["top5"])
    assert found == [1, 1, 1, 1, 1, 0, 0, 0]


def test_a_network_that_says_nothing_is_not_right() -> None:
    metric = TopK()
    metric.update(torch.full((4, 7), torch.nan), torch.arange(4))
    assert metric.compute() == {"top1": 0, "top5": 0, "images": 4}


def test_top_5_of_three_classes_is_all() -> None:
    metric = TopK()
    metric.update(torch.tensor([[3.0, 2, 1]]), torch.tensor([2]))
    assert metric.compute() == {"top1": 0, "top5": 1, "images": 1}


def predicted(classes: list[list[int]], number: int) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.tensor([classes]), number).permute(0, 3, 1, 2).float()


def test_miou_by_hand_with_ignored_pixels_and_absent_classes() -> None:
    truth = torch.tensor([[[0, 0, 1], [1, IGNORED, IGNORED]]])
    metric = Confusion(5)
    metric.update(predicted([[0, 1, 1], [1, 3, 0]], 5), truth)
    # class 0: 1 of 2; class 1: 2 of 3; 2, 3 and 4 occur nowhere that counts
    assert metric.compute() == {"intersection": (1, 2, 0, 0, 0), "union": (2, 3, 0, 0, 0)}
    assert scores(metric.compute()) == {"miou": (1 / 2 + 2 / 3) / 2}
    # a second image, with a class that is predicted but never true: it counts, as 0
    metric.update(predicted([[4, 0, 1]], 5), torch.tensor([[[0, 0, 1]]]))
    assert scores(metric.compute()) == {"miou": pytest.approx((2 / 4 + 3 / 4 + 0) / 3)}


def test_miou_is_of_the_whole_set_not_of_images() -> None:
    one = Confusion(2)
    one.update(predicted([[0, 0, 0, 1]], 2), torch.tensor([[[0, 0, 0, 0]]]))
    one.update(predicted([[1, 1, 1, 1]], 2), torch.tensor([[[1, 1, 1, 1]]]))
    assert scores(one.compute()) == {"miou": pytest.approx((3 / 4 + 4 / 5) / 2)}


def test_miou_of_ignored_pixels_alone() -> None:
    metric = Confusion(2)
    metric.update(predicted([[0]], 2), torch.tensor([[[IGNORED]]]))
    assert scores(metric.compute()) == {"miou": 0.0}
