"""A badge: the JSON of an endpoint that shields.io draws a badge from."""

import json
from collections import Counter
from collections.abc import Sequence

from srbench.check.outcomes import Result


def to_badge(results: Sequence[Result]) -> str:
    """Whether everything passed, as JSON."""
    message, colour = _message(results)
    found = {"schemaVersion": 1, "label": "srbench", "message": message, "color": colour}
    return json.dumps(found | {"isError": colour == "red"}) + "\n"


def _message(results: Sequence[Result]) -> tuple[str, str]:
    levels = Counter(one.level for one in results)
    if bad := levels["failure"] + levels["error"]:
        return f"{bad} of {len(results)} failing", "red"
    if any(one.kind == "inconclusive" for one in results):
        return "inconclusive", "yellow"
    return "passing", "brightgreen"
