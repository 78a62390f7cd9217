"""Parameters by identity; trainable ones and buffers separately."""

from torch import nn

from srbench.measure.params import Parameters, count_parameters


def test_parameters_and_buffers_of_a_convolution_and_a_norm_are_counted() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 5), nn.BatchNorm2d(4))
    assert count_parameters(model) == Parameters(3 * 4 * 25 + 4 + 8, 3 * 4 * 25 + 4 + 8, 4 + 4 + 1)


def test_shared_parameters_count_once() -> None:
    first, second = nn.Linear(3, 3), nn.Linear(3, 3)
    second.weight = first.weight
    assert count_parameters(nn.Sequential(first, second, first)).total == 9 + 3 + 3


def test_frozen_parameters_are_not_trainable() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[0].requires_grad_(False)
    assert count_parameters(model) == Parameters(12, 6, 0)
