"""The README's picture is what the records say."""

import re
import shutil
from html import unescape
from pathlib import Path

import picture
import pytest
from support.pages import text

TOOLS = ("pdflatex", "pdftotext", "pdftocairo")


def described() -> str:
    (found,) = re.findall(r"<desc>(.*?)</desc>", text(picture.PICTURE), re.DOTALL)
    return unescape(found)


def words(latex: str) -> list[str]:
    """The figures of a table in LaTeX, as they are printed."""
    return re.findall(r"[+]?\d+\.\d+", latex)


def test_the_picture_shows_the_table_of_the_records() -> None:
    """Without LaTeX: every figure of the table is in the picture's text, in the same order."""
    body = picture.table().partition(r"\midrule")[2].partition(r"\bottomrule")[0]
    figures = words(body)
    assert len(figures) > 15
    found = iter(words(described()))
    assert all(figure in found for figure in figures)
    assert "+25.64" in figures  # as docs/tutorials/reviewer.md has it


def test_the_picture_is_drawn_from_the_records_as_they_are() -> None:
    """The curves are paths, without text that could be compared."""
    assert picture.sources() in text(picture.PICTURE), "run make pages"


def test_the_caption_is_true_of_the_table() -> None:
    """A thousandth is 0.1 %, a quarter 25 %."""
    rows = [line.split("&") for line in picture.table().splitlines() if " + S" in line]
    (se_macs, se_time), (sr_macs, _) = ((row[4], row[6].split()[0]) for row in rows)
    assert max(float(se_macs), float(sr_macs)) < 0.1
    assert round(float(se_time)) in (25, 26)


@pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason="needs LaTeX and poppler")
def test_the_picture_is_what_the_script_draws(tmp_path: Path) -> None:
    assert picture.said(picture.page(tmp_path)) == described(), "run make pages"
