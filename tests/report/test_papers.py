"""Tables fit into the templates of papers, with and without siunitx, as LaTeX prints them."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.records import VERSIONS, counted, timed

from srbench.records.record import Record
from srbench.records.results import Results
from srbench.report.counts import counts_report
from srbench.report.formats import FORMATS
from srbench.report.formats.latex import render
from srbench.report.look import Look
from srbench.report.paper_styles import STYLES
from srbench.report.table import Column, Table
from srbench.report.times import times_report

TIMES = r"\usepackage{times}"
CLASSES = {
    "ieee": r"\documentclass[conference]{IEEEtran}",
    "acm": r"\documentclass[sigconf,nonacm]{acmart}",
    "cvpr": r"\documentclass[10pt,twocolumn]{article}"
    + TIMES
    + r"\setlength{\textwidth}{6.875in}\setlength{\columnsep}{0.375in}",
    "neurips": r"\documentclass[10pt]{article}" + TIMES + r"\setlength{\textwidth}{5.5in}",
}
MACROS = {"ieee": "IEEEtran.cls", "acm": "acmart.cls"}
ALL_SETTINGS = [(style, aligned) for style in CLASSES for aligned in (True, False)]
QUICK = ("ieee", True)
SETTINGS = [
    pytest.param(*one, marks=() if one == QUICK else pytest.mark.catalog) for one in ALL_SETTINGS
]
WRONG = ("Overfull \\hbox", "Underfull \\hbox", "LaTeX Warning", "undefined", "Package siunitx")


@dataclass(frozen=True)
class Printed:
    """What LaTeX says of a document, and the text of its pages."""

    code: int
    log: str
    pdf: Path

    def complaints(self) -> list[str]:
        """The lines of the log that an author would have to look at."""
        return [line for line in self.log.splitlines() if any(wrong in line for wrong in WRONG)]

    def text(self) -> str:
        """The text, with every dash and space as it is typed."""
        tool = (
            ["pdftotext", "-layout", str(self.pdf), "-"]
            if shutil.which("pdftotext")
            else ["mutool", "draw", "-q", "-F", "txt", str(self.pdf)]
        )
        done = subprocess.run(tool, capture_output=True, text=True, check=True)
        return re.sub("[\u2212\u2013]", "-", done.stdout).replace("\u2009", "")


def needs(*files: str) -> None:
    """Skips a test where LaTeX or one of its files is missing."""
    if shutil.which("pdflatex") is None:
        pytest.skip("no LaTeX here")
    for file in (*files, "booktabs.sty", "multirow.sty"):
        if not subprocess.run(["kpsewhich", file], capture_output=True).stdout:
            pytest.skip(f"LaTeX has no {file} here")


def printed(folder: Path, style: str, aligned: bool, body: str, runs: int = 2) -> Printed:
    """The document with these tables, set as its authors would."""
    needs(*([MACROS[style]] if style in MACROS else []), *(["siunitx.sty"] if aligned else []))
    siunitx = r"\usepackage{siunitx}" if aligned else ""
    said = r"\title{T}\author{A}\maketitle" if style in MACROS else ""
    (folder / "t.tex").write_text(
        f"{CLASSES[style]}\\usepackage{{booktabs,graphicx,multirow}}{siunitx}\n"
        f"\\begin{{document}}{said}\nA paper.\n\n{body}\n\\clearpage A.\\end{{document}}\n",
        encoding="utf-8",
    )
    for _ in range(runs):
        code = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
            cwd=folder,
            capture_output=True,
        ).returncode
    log = (folder / "t.log").read_text(encoding="utf-8", errors="replace")
    return Printed(code, log, folder / "t.pdf")


def counts() -> list[Record]:
    """Fifteen rows: three networks with four blocks each."""
    sizes = {
        "resnet18": (11_689_512, 1_814_073_344),
        "resnet50": (25_557_032, 4_089_184_256),
        "deeplabv3_resnet50": (42_004_074, 178_722_000_000),
    }
    blocks = {"+se": 2_530_992, "+sr:memories=2": 8_700, "+sr": 21_956, "+cbam": -1}
    return [
        counted(
            f"{name}{block}",
            params + more,
            macs + more * 7,
            settings={"sr": "squeeze=1, hidden=64, stage=layer4"} if "+sr" in block else {},
        )
        for name, (params, macs) in sizes.items()
        for block, more in ({"": 0} | blocks).items()
    ]


def times() -> list[Record]:
    facts = VERSIONS | {"cpu": "a processor with an & in its name", "threads": 2}
    return [
        timed("resnet50", [0.01012, 0.01017, 0.01034], environment=facts),
        timed("resnet50+se", [0.0113, 0.0114, 0.0121], 1.123, environment=facts),
        timed("resnet50+sr:memories=2", [0.0101] * 3, 1.001, reach=0.2, environment=facts),
    ]


def tables(style: str) -> Iterator[str]:
    """Every kind of table, once each."""

    def of(records: list[Record], number: int, **look: Any) -> str:
        make = times_report if records[0].timing else counts_report
        asked = Look(style=style, label=f"tab:number{number}", **look)
        return FORMATS["latex"](make(Results(records), look=asked))

    short: dict[str, Any] = {"naming": "short", "delta": "short", "notes": "short"}
    few = ("params", "params_delta", "macs_percent")
    yield of(counts()[:5], 1)
    yield of(counts()[:5], 2, **short)
    yield of(counts(), 3, group="multirow", **short)
    yield of(counts(), 4, group="heading", notes="none", naming="spec", order="-params")
    yield of(counts()[:5], 5, columns=few, notes="short")
    yield of(times(), 6)
    yield of(times(), 7, columns=("time", "overhead"), **{**short, "notes": "none"})


@pytest.mark.parametrize(("style", "aligned"), SETTINGS)
def test_tables_fit_their_paper(style: str, aligned: bool, tmp_path: Path) -> None:
    body = "\n".join(tables(style))
    references = ", ".join(f"\\ref{{tab:number{number}}}" for number in range(1, 8))
    found = printed(tmp_path, style, aligned, f"{references}\n{body}")
    assert found.code == 0, found.log[-2000:]
    assert found.complaints() == []
    assert body.count("\\begin{table") == 7


def test_a_line_that_is_too_wide_would_be_found(tmp_path: Path) -> None:
    found = printed(tmp_path, "cvpr", False, r"\noindent\hbox to 8in{x\hfil x}", runs=1)
    assert found.code == 0
    assert [line[:14] for line in found.complaints()] == ["Overfull \\hbox"]


def numbers(text: str) -> list[str]:
    return sorted(re.findall(r"[+-]?\d[\d,]*(?:\.[\d,]+)?", text))


@pytest.mark.catalog
@pytest.mark.parametrize("style", CLASSES)
def test_siunitx_prints_the_numbers_that_are_printed_without_it(style: str, tmp_path: Path) -> None:
    if not (shutil.which("pdftotext") or shutil.which("mutool")):
        pytest.skip("no tool reads the text of a PDF here")
    rows = [
        ("net", 25_557_032, None, None, 1_814_073),
        ("more", 28_088_024, 2_530_992, 0.087, 1_814_073),
        ("less", 25_557_031, -1, -0.0012345, 999),
        ("same", 25_557_032, 0, 0.0, 1_000_000),
        ("hardly", 25_557_033, 1, 0.00001, 1_000_000),
        ("hardly less", 25_557_031, -1, -0.00001, 1_000_000),
    ]
    columns = (
        Column("Model", "name"),
        Column("A", "count"),
        Column("B", "delta"),
        Column("C", "percent", decimals=4),
        Column("D", "integer"),
    )
    table = render(Table("t", columns, tuple(rows), "Some.", look=Look(style=style)))
    texts = []
    for aligned in (True, False):
        folder = tmp_path / str(aligned)
        folder.mkdir()
        found = printed(folder, style, aligned, table, runs=1)
        assert found.code == 0
        texts.append(found.text())
    with_siunitx, without = map(numbers, texts)
    assert with_siunitx == without
    expected = ["+2,530,992", "+0.0870", "-1", "-0.0012", "25.56", "1,814,073", "999"]
    assert {*expected} <= {*without}


def test_a_style_is_as_wide_as_its_template() -> None:
    """The widths in points that decide whether a table spans both columns."""
    inch = 72.27  # of TeX's points
    widths = {
        "ieee": (3.5, 7.16),  # IEEEtran's own
        "cvpr": ((6.875 - 0.375) / 2, 6.875),
        "neurips": (5.5, 5.5),
    }
    for style, (column, text) in widths.items():
        assert STYLES[style].column == pytest.approx(column * inch, abs=2)
        assert STYLES[style].text == pytest.approx(text * inch, abs=2)
