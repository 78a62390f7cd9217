"""1,797 handwritten digits of 8×8 pixels, which scikit-learn brings along.

Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository, 1998 (its test part).
"""

import torch
from torch.nn import functional

from srbench.training.data.data_sets import DataSet
from srbench.training.data.in_memory import InMemory, Shift

BRIGHTEST = 16  # of a pixel in the file
MEAN, STD = 0.3053, 0.3186  # of all images at 16×16 pixels, as shares of the full brightness


def digits(size: int, change: Shift) -> DataSet:
    """The digits, enlarged to ``size`` pixels a side, and in three equal channels. Each run holds
    out another sixth."""
    from sklearn.datasets import load_digits

    pixels, classes = load_digits(return_X_y=True)
    small = torch.tensor(pixels, dtype=torch.float32).view(-1, 1, 8, 8) * (255 / BRIGHTEST)
    large = functional.interpolate(small, size=size, mode="bilinear", align_corners=False)
    images = large.round().to(torch.uint8).expand(-1, 3, -1, -1)
    source = InMemory(images, torch.tensor(classes), [MEAN] * 3, [STD] * 3, change)
    return DataSet("digits", (3, size, size), 10, source)
