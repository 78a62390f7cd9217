"""Records of earlier schemas, in the form of this one.

Fields that an earlier schema lacks have defaults: the fingerprint and the date are unknown, the
precision is the usual one.
"""

from typing import Any


def upgraded(record: dict[str, Any], schema: int) -> dict[str, Any]:
    """A record's JSON in the form of this schema. What is no record stays as it is: reading it says
    what is wrong."""
    counts = record.get("counts")
    if schema < 5 and isinstance(counts, dict) and "macs_torch" in counts:
        record["counts"] = _counted_by_fvcore(counts)
    return record


def _counted_by_fvcore(counts: dict[str, Any]) -> dict[str, Any]:
    """Up to schema 4 ``macs`` were fvcore's, and ``macs_torch`` the second count."""
    found = {name: value for name, value in counts.items() if name != "macs_torch"}
    found |= {"macs_fvcore": counts.get("macs"), "counter": "fvcore"}
    if counts["macs_torch"] != counts.get("macs"):
        found["differences"] = [
            {
                "operator": "",
                "modules": [],
                "macs": counts["macs_torch"],
                "macs_fvcore": counts.get("macs"),
                "right": "",
            }
        ]
    return found
