"""The classes that are looked at one by one."""

from collections.abc import Sequence

from srbench.errors import SrbenchError, did_you_mean, some

BY_DEFAULT = 10  # the most that are looked at one by one if none is named


def chosen_classes(
    wanted: Sequence[str | int], names: Sequence[str], there: Sequence[int]
) -> list[int]:
    """The numbers of classes; if none is given, the first ten of those that are ``there``.

    An integer is a number. A text is a name; if none is spelt like that, one in other upper and
    lower case if it is the only one, and at last a number.

    Raises SrbenchError for an unknown one, with a similar name if there is one.

    >>> chosen_classes(["Pug", 2, "0"], ["cliff", "pug", "church"], [0, 1, 2])
    [1, 2, 0]
    """
    if not wanted:
        return sorted(there)[:BY_DEFAULT]
    return list(dict.fromkeys(_number(one, names) for one in wanted))


def _number(wanted: str | int, names: Sequence[str]) -> int:
    if isinstance(wanted, str):
        text = wanted.strip()
        if text in names:
            return names.index(text)
        alike = [n for n, name in enumerate(names) if name.casefold() == text.casefold()]
        if len(alike) == 1:
            return alike[0]
        wanted = int(text) if text.isdecimal() else text
    if isinstance(wanted, int) and 0 <= wanted < len(names):
        return wanted
    raise SrbenchError(
        f"there is no class {str(wanted)!r}",
        f"{did_you_mean(str(wanted), names)}the classes are {some(names)}; or give its number",
    )


def require_names(names: Sequence[str]) -> None:
    """Raises SrbenchError for two classes of one name, and for one that is no text."""
    for name in names:
        if not name.strip() or not name.isprintable():
            raise SrbenchError(f"{name!r} is not the name of a class", "give texts")
        if names.count(name) > 1:
            raise SrbenchError(f"two classes are called {name}", "give each its own name")
