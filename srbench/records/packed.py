"""The details of a count, packed: they explain a difference, and are most of a record."""

import lzma
from base64 import b64decode, b64encode
from typing import Any

FIELDS = ("modules", "parameters", "operators", "layers")  # of `srbench.records.counts.Counts`
PACKED = "details"
MOST_BYTES = 2**24  # of the details of one record; those of a ResNet-152 take 45 kB
_MOST_MEMORY = 2**24  # bytes for unpacking: a record may come from anyone
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 2**20}]


def packed(counts: dict[str, Any]) -> dict[str, Any]:
    """A count's JSON with its details as one text, base64 of their compressed JSON.

    ``base64 -d | xz -d`` unpacks the text without srbench.
    """
    from pydantic_core import to_json

    details = to_json({name: counts[name] for name in FIELDS})
    small = lzma.compress(details, check=lzma.CHECK_CRC32, filters=_FILTERS)
    kept = {name: value for name, value in counts.items() if name not in FIELDS}
    return kept | {PACKED: b64encode(small).decode()}


def unpacked(counts: dict[str, Any]) -> dict[str, Any]:
    """A count's JSON with its details as fields. Raises ValueError for damaged details."""
    if PACKED not in counts:
        return counts
    from pydantic_core import from_json

    try:
        details = from_json(_decompressed(counts[PACKED]))
    except ValueError as error:
        raise ValueError(f"counts.{PACKED} is damaged: {error}") from error
    if not isinstance(details, dict) or not {*details} <= {*FIELDS}:
        raise ValueError(f"counts.{PACKED} must be {', '.join(FIELDS)}")
    if twice := [name for name in FIELDS if name in details and name in counts]:
        raise ValueError(f"counts.{twice[0]} is there twice: also in {PACKED}")
    return {name: value for name, value in counts.items() if name != PACKED} | details


def _decompressed(text: Any) -> bytes:
    if not isinstance(text, str):
        raise ValueError("it is no text")
    reader = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_MEMORY)
    try:
        details = reader.decompress(b64decode(text, validate=True), MOST_BYTES)
    except lzma.LZMAError as error:
        raise ValueError(str(error)) from error
    if len(details) == MOST_BYTES:
        raise ValueError(f"it has {MOST_BYTES // 2**20} MiB or more")
    if not reader.eof or reader.unused_data:
        raise ValueError("it begins or ends in the middle")
    return details
