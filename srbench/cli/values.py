"""Values of options: lists separated by commas, whole numbers, and names."""

from collections.abc import Callable, Collection, Iterable, Sequence

from srbench.errors import SrbenchError, did_you_mean

MOST_SEEDS = 1000


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


def seeds_of(text: str) -> list[int]:
    """Seeds from how many there are, ``6``, a range, ``6-11``, or several, ``0,2,5``.

    Raises SrbenchError for anything else, and for more than `MOST_SEEDS`.

    >>> seeds_of("3"), seeds_of("6-8"), seeds_of("0,5")
    ([0, 1, 2], [6, 7, 8], [0, 5])
    """
    first, dash, last = text.strip().partition("-")
    if dash and first:
        begin, end = whole_numbers("--seeds", first)[0], whole_numbers("--seeds", last)[0]
        found = range(begin, end + 1)
    else:
        numbers = whole_numbers("--seeds", text)
        found = range(numbers[0]) if len(numbers) == 1 else numbers  # type: ignore[assignment]
    if not 0 < len(found) <= MOST_SEEDS or max(found) >= 2**32:
        raise SrbenchError(
            f"--seeds {text} is out of range", f"give 1 to {MOST_SEEDS} seeds: 6, 0,2,5 or 6-11"
        )
    return list(found)


def decimals(option: str, text: str) -> list[float]:
    """Numbers separated by commas. Raises SrbenchError for anything else."""
    try:
        return [float(one) for one in listed(option, text)]
    except ValueError as error:
        raise SrbenchError(f"{option} {text!r} is not a number", f"write {option} 1,0.1") from error


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
