"""Values as TOML, whatever characters they hold."""

import json
import re
from collections.abc import Mapping, Sequence

Value = str | bool | int | float | Sequence["Value"] | Mapping[str, "Value"]


def toml(value: Value) -> str:
    r"""The value as it is written after ``key =``.

    >>> print(toml(['a "b"', 3, True]))
    ["a \"b\"", 3, true]
    >>> print(toml({"resnet18+se": 0.08}))
    { "resnet18+se" = 0.08 }
    """
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{toml_key(key)} = {toml(one)}" for key, one in value.items())
        return f"{{ {pairs} }}"
    return f"[{', '.join(map(toml, value))}]"


def toml_key(key: str) -> str:
    """The key, in quotes if it needs them."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml(key)
