"""What git has to know about committed tables, in ``.gitattributes``."""

from pathlib import Path

ATTRIBUTES = Path(".gitattributes")
TEXT = """\
# Tables are compared to the byte: a checkout must not change their line ends.
tables/* text eol=lf
# For a readable `git diff` of records: git config diff.srbench.textconv "srbench records"
tables/*.jsonl diff=srbench
"""


def missing(text: str) -> list[str]:
    """The lines that a file with this text still needs."""
    there = {" ".join(line.split()) for line in text.splitlines()}
    return [line for line in TEXT.splitlines() if line[0] != "#" and line not in there]
