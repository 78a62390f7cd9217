"""An image as a small picture that a record can keep."""

import base64
from io import BytesIO

import numpy as np
from torch import Tensor

LARGEST = 224  # pixels a side


def picture(image: Tensor) -> str:
    """An image (C, H, W) as PNG in base 64: its values from the lowest to the highest, in colour if
    there are three channels, else as their mean; at most 224 pixels a side."""
    from PIL import Image

    values = image.detach().float().numpy()
    values = values if len(values) == 3 else values.mean(0, keepdims=True)
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255 / (high - low) if high > low else 0)
    pixels = scaled.round().astype(np.uint8).transpose(1, 2, 0)
    drawn = Image.fromarray(pixels if len(values) == 3 else pixels[:, :, 0])
    drawn.thumbnail((LARGEST, LARGEST))
    buffer = BytesIO()
    drawn.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
