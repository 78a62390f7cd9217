"""Values of options: lists separated by commas, whole numbers, and names."""

from collections.abc import Callable, Collection, Iterable, Sequence

from srbench.errors import SrbenchError, did_you_mean


def listed(option: str, values: str | Iterable[str] | None) -> list[str]:
    """The values of an option that may be repeated or hold several, separated by commas, each once.

    Raises SrbenchError for an empty value.
    """
    if values is None or values == []:
        return []
    text = values if isinstance(values, str) else ",".join(values)
    found = [value.strip() for value in text.split(",")]
    if not all(found):
        hint = "separate values by one comma" if text.strip() else "give at least one value"
        raise SrbenchError(f"{option} {text!r} has an empty value", hint)
    return list(dict.fromkeys(found))


def whole_numbers(option: str, values: str | Iterable[str] | None) -> list[int]:
    """The same as integers from 0. Raises SrbenchError for anything else."""
    found = listed(option, values)
    for text in found:
        if not (text.isascii() and text.isdecimal() and len(text) < 19):
            raise SrbenchError(f"{option} {text!r} is not a whole number", f"write {option} 2,10")
    return list(dict.fromkeys(map(int, found)))


def names(option: str, values: str | Iterable[str] | None, known: Collection[str]) -> list[str]:
    """The same as names among those ``known``. Raises SrbenchError for any other."""
    return [name(option, value, known) for value in listed(option, values)]


def name(option: str, value: str, known: Collection[str]) -> str:
    """A name in upper or lower case. Raises SrbenchError if it is not among those ``known``."""
    if (found := value.lower()) not in known:
        raise SrbenchError(
            f"{option} does not accept {value!r}",
            f"{did_you_mean(found, known)}it accepts {', '.join(known)}",
        )
    return found


def optional_name(option: str, value: str | None, known: Collection[str]) -> str | None:
    """The same, or None if the option was not given."""
    return None if value is None else name(option, value, known)


def starting(known: Sequence[str]) -> Callable[[str], list[str]]:
    """A function that completes a name, or the last of several."""

    def complete(incomplete: str) -> list[str]:
        done, comma, last = incomplete.rpartition(",")
        return [f"{done}{comma}{one}" for one in known if one.startswith(last)]

    return complete
