"""Draws the picture of the README: a table and a figure as they stand in a paper, from records.

    python docs/scripts/picture.py         # updates the picture; needs LaTeX and poppler

The counts are those of tables/imagenet.jsonl, the times were measured on an NVIDIA H200. What the
picture says, as text, is in the SVG's description, which a test compares.
"""

import hashlib
import re
import subprocess
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

from marked import DOCS, ROOT

from srbench.cli.app import run
from srbench.records.jsonl import read
from srbench.report.formats import FORMATS
from srbench.tables.layout import Layout, valid
from srbench.tables.report import device_report

PICTURE = DOCS / "figures" / "front.svg"
COUNTS = ROOT / "tables" / "imagenet.jsonl"
TIMES = DOCS / "figures" / "h200.jsonl"
STYLE = "neurips"
TITLE = "What SE and SR cost a ResNet-50: a table and a figure"
BATCH = 32
CAPTION = (
    "What SE and SR cost a ResNet-50. Both add less than a thousandth to its multiply-adds; on an "
    "H200, one of them adds a quarter to its time."
)
LAYOUT = {
    "caption": CAPTION,
    "columns": ["params"],
    "device_columns": [
        *("params", "params_percent", "macs", "macs_percent"),
        *("forward", "forward_overhead"),
    ],
    "rank": False,
    "style": STYLE,
    "naming": "short",
    "notes": "short",
    "rows": [{"models": ["resnet50"], "variants": ["se", "sr"]}],
}
PAGE = r"""
\documentclass[10pt]{article}
\usepackage[paperwidth=6in,paperheight=4.75in,margin=0.25in]{geometry}
\usepackage[T1]{fontenc}
\usepackage{times,booktabs,graphicx,siunitx}
\pagestyle{empty}
\setlength{\parindent}{0pt}
\makeatletter  % a table where it stands, since one that floats needs more of a page
\renewenvironment{table}[1][]{\minipage{\linewidth}\def\@captype{table}}{\endminipage}
\makeatother
\begin{document}
\input{table}
\vfill
\centering\includegraphics{overhead}
\end{document}
"""


def table() -> str:
    """The table in LaTeX."""
    layout = valid(Layout, LAYOUT)
    assert layout is not None
    counts = read(COUNTS).records
    times = [one for one in read(TIMES).records if one.timed.setup.batch == BATCH]
    return FORMATS["latex"](device_report("front", layout, layout.wanted(counts), counts, times))


def page(folder: Path) -> Path:
    """Set the table and the figure on one page; returns the PDF."""
    (folder / "table.tex").write_text(table(), encoding="utf-8")
    (folder / "page.tex").write_text(PAGE.strip(), encoding="utf-8")
    plot = ["--plot", str(folder / "overhead.pdf"), "--style", STYLE]
    assert run(["report", str(TIMES), "-o", str(folder / "times.csv"), *plot]) == 0
    for _ in range(2):  # the second time with the number of the table
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "page.pdf"


def said(pdf: Path) -> str:
    """The text of a page, its words in one line."""
    command = ["pdftotext", "-layout", str(pdf), "-"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return " ".join(done.stdout.split())


def sources() -> str:
    """A digest of what the picture is drawn from: the table, the times, and the page."""
    digest = hashlib.sha256(table().encode() + TIMES.read_bytes() + PAGE.encode())
    return f"<!-- drawn from {digest.hexdigest()} -->"


def drawn() -> str:
    """The picture as SVG, on white, with its text as its description, and its sources."""
    with tempfile.TemporaryDirectory() as folder:
        pdf = page(Path(folder))
        svg = Path(folder) / "page.svg"
        subprocess.run(["pdftocairo", "-svg", str(pdf), str(svg)], check=True)
        about = f"<title>{escape(TITLE)}</title>\n<desc>{escape(said(pdf))}</desc>\n{sources()}\n"
        ground = '<rect width="100%" height="100%" fill="white"/>\n'
        return re.sub(r"(<svg [^>]*>\n)", lambda m: m[1] + about + ground, svg.read_text("utf-8"))


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8")
