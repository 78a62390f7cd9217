"""What papers expect of a table: the widths and sizes of their templates, in TeX's points.

An inch has 72.27 of them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PaperStyle:
    """``column`` is the width of a column and ``text`` that of a page's text. ``size`` and
    ``notes`` are the font sizes of a table and of what is below it, as commands, and ``points`` is
    the first of them. With ``aligns`` numbers are aligned by siunitx, if the paper loads it."""

    column: float
    text: float
    size: str
    points: float
    notes: str
    gap: float = 4.0  # on each side of a cell
    below_caption: float = 0.0  # where the class has no space between a caption and its table
    aligns: bool = True


STYLES = {
    "plain": PaperStyle(
        234.8, 496.8, r"\small", 9.0, r"\footnotesize", below_caption=5.0, aligns=False
    ),
    # IEEEtran: two columns of 3.5 in; tables are set in 8 pt.
    "ieee": PaperStyle(252.0, 516.0, r"\footnotesize", 8.0, r"\scriptsize"),
    # acmart, sigconf: two columns of 3.33 in, 9 pt.
    "acm": PaperStyle(241.1, 506.2, r"\small", 8.0, r"\footnotesize"),
    # CVPR, ICCV: two columns of 3.25 in, 6.875 in together, 10 pt.
    "cvpr": PaperStyle(234.8, 496.8, r"\small", 9.0, r"\footnotesize", below_caption=5.0),
    # NeurIPS: one column of 5.5 in, 10 pt.
    "neurips": PaperStyle(397.4, 397.4, r"\small", 9.0, r"\footnotesize", below_caption=5.0),
}

# Widths of Times and Computer Modern, rounded up, as shares of the font size.
_NARROW = frozenset(" .,:;'|!()[]ijlft-–")
_WIDE = frozenset("+×±=MWmw%−Δ")


def width(text: str, points: float) -> float:
    """About how wide a text is, in points."""
    return points * sum(
        0.34 if c in _NARROW else 0.85 if c in _WIDE else 0.68 if c.isupper() else 0.51
        for c in text
    )
