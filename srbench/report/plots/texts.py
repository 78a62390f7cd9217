"""Text from records as text in a picture."""

from srbench.records.printable import printable

LONGEST = 40  # characters of a name beside a row


def plain(text: str) -> str:
    """Printable, and neither mathematics, which matplotlib finds between dollar signs, nor hidden.

    >>> plain("a $b$")
    'a \\\\$b\\\\$'
    """
    text = printable(text).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text  # a legend leaves out what begins with _


def short(name: str, longest: int = LONGEST) -> str:
    """The same, with an ellipsis at the end of a long name.

    >>> short("Chihuahua", 5)
    'Chih…'
    """
    return plain(name if len(name) <= longest else f"{name[: longest - 1]}…")
