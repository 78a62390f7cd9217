"""A number as it is printed: its digits, its unit, or why it cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.claims.paper import Printed
from srbench.claims.reading.printed import read_number
from srbench.claims.reading.separators import separators
from srbench.claims.reading.titles import understood

MI, GI = 2.0**20, 2.0**30


@pytest.mark.parametrize(
    ("text", "digits", "unit"),
    [
        ("25.56", "25.56", None),
        ("3.860", "3.860", None),
        ("25.6M", "25.6", 1e6),
        ("25.6 M", "25.6", 1e6),
        ("4.1G", "4.1", 1e9),
        ("4.1 GFLOPs", "4.1", 1e9),
        ("4.1 GMac", "4.1", 1e9),
        ("4.1B", "4.1", 1e9),
        ("569 MMAdds", "569", 1e6),
        ("569 MAdds", "569", None),
        ("270K", "270", 1e3),
        ("24.37 Mi", "24.37", MI),
        ("3.86Gi", "3.86", GI),
        ("1.2 billion", "1.2", 1e9),
        ("0.27e6", "0.27", 1e6),
        ("4.1×10^9", "4.1", 1e9),
        ("4.1 × 10⁹", "4.1", 1e9),
        ("4.1*10^9", "4.1", 1e9),
        ("4.1 x 10^{9}", "4.1", 1e9),
        ("2.556e7", "25.56", 1e6),
        ("4e7", "0.04", 1e9),  # its last digit is worth 1e7 in both
        ("1.2×10¹²", "1.2", 1e12),
        ("4,089,184,256", "4089184256", None),
        ("25 557 032".replace(" ", "\u2009"), "25557032", None),
        ("25'557'032", "25557032", None),
        ("25\u2019557", "25557", None),
        ("1.234.567,8", "1234567.8", None),
        ("4.1 (+0.2)", "4.1", None),
        ("4.1 ±0.1", "4.1", None),
        ("4.1 ± 0.1 G", "4.1", 1e9),
        ("25.56 (↓ 3%)", "25.56", None),
        ("25.56↓", "25.56", None),
        ("25.6 (M)", "25.6", 1e6),
        ("25.6†", "25.6", None),
        ("25.6M*", "25.6", 1e6),
        ("25.6²", "25.6", None),
        ("\uff12\uff15.\uff16", "25.6", None),
        (".5", "0.5", None),
    ],
)
def test_a_number_keeps_its_digits_and_its_unit(text: str, digits: str, unit: float | None) -> None:
    assert read_number(text, None) == (Printed(digits, unit), "")


@pytest.mark.parametrize("text", ["≈4.1", "~4.1", "\u223c4.1", "about 4.1", "ca. 4.1"])
def test_about(text: str) -> None:
    assert read_number(text, 1e9) == (Printed("4.1", 1e9, is_approximate=True), "")


@pytest.mark.parametrize(
    "text", ["", " ", "-", "–", "—", "--", "n/a", "N/A", "NA", "✗", "…", "not reported"]
)
def test_empty(text: str) -> None:
    assert read_number(text, 1e6) == (None, "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<5M", "bound"),
        ("> 5", "bound"),
        ("≥5", "bound"),
        ("up to 5M", "bound"),
        ("4.1-4.3", "several numbers"),
        ("4.1–4.3", "several numbers"),
        ("4.1 / 8.2", "several numbers"),
        ("25.6M/4.1G", "not understood"),
        ("25 557", "several numbers"),
        ("-4.1", "negative"),
        ("\u22124.1", "negative"),
        ("+0.2", "difference"),
        ("4.1%", "not understood"),
        ("97.8 MB", "not understood"),
        ("12 ms", "not understood"),
        ("25†6", "not understood"),
        ("4.1*2", "not understood"),
        ("1.2.3", "no number"),
        ("ten", "no number"),
        ("4.1×10^20", "no unit"),
        ("4.1e9 Gi", "an exponent and a unit"),
        ("4.1 G (25.6 M) K", "two units"),
        ("٤", "no number"),
        ("9" * 10_000, "longer"),
        ("9" * 100, "digits"),
        ("1,234", "either 1234 or 1.234"),
    ],
)
def test_what_is_no_figure_is_a_problem(text: str, problem: str) -> None:
    number, why = read_number(text, None)
    assert number is None
    assert problem in why


def test_the_unit_of_a_cell_wins() -> None:
    assert read_number("1.8 G", 1e6)[0] == Printed("1.8", 1e9)


def test_an_exponent_under_another_unit_is_unclear() -> None:
    assert read_number("4.1e9", 1e9)[0] == Printed("4.1", 1e9)
    assert read_number("4.1e3", 1e6) == (None, "it has an exponent, and its column a unit")


def test_a_count_of_another_kind_is_a_problem() -> None:
    number, why = read_number("4.1 GFLOPs", 1e6, quantity="params")
    assert (number, why) == (None, "it counts FLOPs or MACs, in a column of parameters")


def test_thousands_and_decimal_commas() -> None:
    decimal = separators(["25,56", "4,1"])
    thousands = separators(["4,089,184", "1,234"])
    points = separators(["25.56", "1,234"])
    assert read_number("1,234", 1e6, decimal)[0] == Printed("1.234", 1e6)
    assert read_number("1,234", 1e6, thousands)[0] == Printed("1234", 1e6)
    assert read_number("1,234", 1e6, points)[0] == Printed("1234", 1e6)
    assert read_number("1,234", 1)[0] == Printed("1234", 1)
    assert read_number("25,56", 1e6, points)[0] is None
    assert read_number("3.858", 1e6, decimal)[0] is None
    assert read_number("3.858", 1e6)[0] == Printed("3.858", 1e6)


@pytest.mark.parametrize(
    ("title", "quantity", "unit"),
    [
        ("Params (M)", "params", 1e6),
        ("#Param.", "params", None),
        ("#.Param.", "params", None),
        ("# Params [M]", "params", 1e6),
        ("Param. (10^6)", "params", 1e6),
        ("Params (×10⁶)", "params", 1e6),
        ("#P", "params", None),
        ("#P (M)", "params", 1e6),
        ("Parameters/M", "params", 1e6),
        ("Params (Mi)", "params", MI),
        ("Params (2²⁰)", "params", MI),
        ("params_m", "params", 1e6),
        ("Number of parameters (millions)", "params", 1e6),
        ("Params (M) ↓", "params", 1e6),
        ("FLOPs (G)", "macs", 1e9),
        ("GFLOPs", "macs", 1e9),
        ("MFLOPs", "macs", 1e6),
        ("GMACs", "macs", 1e9),
        ("MACs", "macs", None),
        ("MMACs", "macs", 1e6),
        ("MAdds (M)", "macs", 1e6),
        ("Madds", "macs", None),
        ("Mult-Adds", "macs", None),
        ("Mult–Adds (B)", "macs", 1e9),
        ("Multi-Adds", "macs", None),
        ("FLOPs (B)", "macs", 1e9),
        ("FLOPs (× 10⁹)", "macs", 1e9),
        ("FLOPS", "macs", None),
        ("#FLOPs", "macs", None),
        ("Complexity (GFLOPs)", "macs", 1e9),
    ],
)
def test_titles(title: str, quantity: str, unit: float | None) -> None:
    found = understood([title])
    assert found
    assert (found.quantity, found.unit, found.doubt) == (quantity, unit, "")


@pytest.mark.parametrize(
    "title",
    [
        "Top-1 (%)", "Error", "Latency (ms)", "FPS", "Memory (MB)", "Size (MB)", "Params (MB)",
        "ΔParams", "Δ FLOPs (G)", "Param. overhead", "FLOPs increase", "Params (%)", "FLOPS/s",
        "GFLOPs/s", "Year", "Ref.", "Params / FLOPs", "Extra params", "+Params (M)", "Model",
        "Training FLOPs", "Accuracy", "Macro F1", "Paragraph",
    ],
)  # fmt: skip
def test_titles_of_no_count(title: str) -> None:
    assert understood([title]) is None


def test_words_in_a_title_that_are_not_understood_are_doubtful() -> None:
    found = understood(["Backbone Params (M)"])
    assert found
    assert found.doubt == "“backbone” in its title is not understood"


@given(st.text(max_size=300))
def test_any_text_is_a_number_or_a_problem_or_empty(text: str) -> None:
    number, problem = read_number(text, None)
    assert not (number and problem)
    if number:
        assert number.digits.replace(".", "", 1).isdecimal()
        assert number.digits.isascii()


@given(st.integers(0, 10**12), st.integers(0, 6), st.sampled_from(["", "M", " GFLOPs", "e6"]))
def test_a_plain_number_is_read_as_it_is(value: int, decimals: int, unit: str) -> None:
    digits = f"{value / 10**decimals:.{decimals}f}"
    number, _ = read_number(digits + unit, None)
    assert number
    assert number.digits == digits


@pytest.mark.parametrize("piece", ["9", "1,234", "(", "9 ", "×10", "±", "~", "1e", "'123", "²"])
def test_long_cells_are_problems(piece: str) -> None:
    number, problem = read_number(piece * 10_000, None)
    assert number is None
    assert problem == "it is longer than 200 characters"
    separators([piece * 10_000])
    assert read_number(piece * (200 // len(piece)), None)[0] is None
