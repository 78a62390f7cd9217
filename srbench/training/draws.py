"""Random draws that depend on what they are for alone: not on other draws, and not on how many
processes there are or where a run was resumed."""

import hashlib

import torch


def seed_of(*what: object) -> int:
    """A seed of 63 bits for what is named, such as ``seed_of(seed, epoch, "order")``.

    >>> seed_of(0, 1) == seed_of(0, 1), seed_of(0, 1) == seed_of(1, 0)
    (True, False)
    """
    digest = hashlib.blake2b(repr(what).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def generator(*what: object) -> torch.Generator:
    """A generator on the CPU for what is named; see `seed_of`."""
    return torch.Generator().manual_seed(seed_of(*what))


def shuffled(number: int, *what: object) -> list[int]:
    """The numbers from 0 to ``number - 1`` in random order."""
    order: list[int] = torch.randperm(number, generator=generator(*what)).tolist()
    return order
