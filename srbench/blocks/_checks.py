"""Checks that the blocks' constructors share."""


def require_positive(**sizes: int) -> None:
    """Raise ValueError for the first size below 1; the message names its argument."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")


def reduced_channels(channels: int, reduction: int) -> int:
    """Width C // r of a bottleneck. Raises ValueError if no channel is left."""
    require_positive(channels=channels, reduction=reduction)
    if reduction > channels:
        raise ValueError(f"reduction {reduction} leaves none of {channels} channels")
    return channels // reduction
