"""A page of which a script writes one part: the text between two marks.

A script beside this file writes its pages when it is run, and a test compares them.
"""

from pathlib import Path

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
END = "<!-- until here -->\n"


def beginning(script: str) -> str:
    """The mark where the part begins that a script in this folder writes."""
    return f"<!-- written by docs/scripts/{script} -->\n"


def renewed(page: str, script: str, part: str) -> str:
    """A page's text with the part that a script writes as it is now."""
    mark = beginning(script)
    before, rest = page.split(mark)
    return before + mark + part + END + rest.split(END, maxsplit=1)[1]
