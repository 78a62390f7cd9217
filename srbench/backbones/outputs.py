"""What a network returns: logits, or a dict of them."""

from collections.abc import Mapping

from torch import Tensor


def logits(output: object) -> list[Tensor]:
    """The tensors that a network returns, as a list; a segmentation network returns a dict.

    Raises ValueError for anything else.
    """
    values = list(output.values()) if isinstance(output, Mapping) else [output]
    for value in values:
        if not isinstance(value, Tensor):
            raise ValueError(f"it returns a {type(value).__name__}, not logits or a dict of them")
    return [value for value in values if isinstance(value, Tensor)]
