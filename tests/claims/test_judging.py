"""Verdicts by themselves and by what a column has in common, for networks with round totals."""

from collections.abc import Sequence

import pytest

from srbench.claims.judging import Row, judge
from srbench.claims.networks import Network
from srbench.claims.paper import Cell, Column, Printed
from srbench.records.claim import Claim, JudgedFigure
from srbench.runner.tallies import Tally
from srbench.spec.cases import Case
from srbench.spec.parse import parse

PARAMS, MACS = Column("Params (M)", "params", 1e6), Column("FLOPs (G)", "macs", 1e9)
WIDTHS = {"resnet18": 1, "resnet34": 2, "resnet50": 3, "resnet101": 5, "resnet152": 7}


def tallying(case: Case) -> Tally:
    """A network with n × 10 M parameters in its body, 1,000 for each class, and n × 2 G MACs at
    224 pixels; SE adds 1 M parameters and 0.004 G MACs."""
    size, classes = case.conditions, case.conditions.num_classes or 0
    n, se = WIDTHS[case.spec.backbone.name], bool(case.spec.blocks)
    stride = dict(case.spec.backbone.options).get("stride") == "v1"
    area = size.height * size.width
    products = n * 2_000_000_000 * area // 224**2 + 1_000 * classes + 4_000_000 * se
    products -= 300_000_000 * stride
    macs = {
        "products": products,
        "convolutions": products - 1_000 * classes,
        "biases": classes,
        "norms": n * 5_000_000,
        "activations": n * 4_000_000,
        "additions": n * 1_000_000,
        "multiplications": 3_000_000 * se,
        "poolings": 100_000,
        "thop": products + n * 20_000_000 + 100_050,
    }
    params = {
        "total": n * 10_000_000 + 1_000 * classes + 1_000_000 * se,
        "norms": n * 40_000,
        "biases": classes + 30_000 * se,
        "block_biases": 30_000 * se,
        "statistics": n * 40_000,
    }
    return Tally(params, macs)


def cell(text: str, unit: float | None = None, approximate: bool = False) -> Cell:
    return Cell(text, Printed(text, unit, approximate) if text else None)


def verdicts(column: Column, rows: Sequence[tuple[str, Cell]]) -> list[JudgedFigure]:
    asked = [Row([one], Network(parse(spec), tallying)) for spec, one in rows]
    return [figures[0] for figures in judge([column], asked)]


def ways(figure: JudgedFigure) -> list[set[str]]:
    return [{*one.departures} for one in figure.explanations]


def test_a_figure_holds_to_its_last_digit() -> None:
    found = verdicts(PARAMS, [("resnet18", cell("11.00")), ("resnet18", cell("11.01"))])
    assert [one.verdict for one in found] == ["holds", "unexplained"]
    assert found[0].here == 11_000_000
    assert not found[0].explanations


@pytest.mark.parametrize(
    ("column", "spec", "text", "way"),
    [
        (MACS, "resnet18", "2.006", {"with norms (one for each element)"}),
        (MACS, "resnet18", "2.011", {"with norms (two for each element)"}),
        (MACS, "resnet18", "2.0211", {"as thop counts"}),
        (MACS, "resnet50", "5.701", {"with stride=v1"}),
        (MACS, "resnet50", "12.002", {"with two for each multiply-add"}),
        (MACS, "resnet50", "7.8377", {"at 256×256"}),
        (MACS, "resnet18", "1.8636", {"in units of 2^30"}),
        (PARAMS, "resnet18", "10.100", {"with 100 classes"}),
        (PARAMS, "resnet18", "10.000", {"without the classifier"}),
        (PARAMS, "resnet18", "10.490", {"in units of 2^20"}),
        (PARAMS, "resnet18+se", "11.970", {"without the blocks' biases"}),
        (PARAMS, "resnet18+se", "11.96", {"without norms"}),
        (MACS, "resnet50", "7.838", {"at 256×256"}),
    ],
)
def test_one_departure_explains_a_figure(
    column: Column, spec: str, text: str, way: set[str]
) -> None:
    (found,) = verdicts(column, [(spec, cell(text))])
    assert found.verdict == "explained"
    assert way in ways(found)


def test_two_explanations_that_fit_are_two() -> None:
    """Norms add 0.005 G or 0.010 G to 2.001."""
    (found,) = verdicts(MACS, [("resnet18", cell("2.01"))])
    for times in ("one", "two"):
        assert {f"with norms ({times} for each element)"} in ways(found)


def test_no_way_says_more_than_a_simpler_one() -> None:
    (found,) = verdicts(MACS, [("resnet50", cell("5.701"))])
    assert not any(one < other for one in ways(found) for other in ways(found))


def test_a_column_decides_which_of_several_ways_comes_first() -> None:
    """Of 2.02 G by itself, thop's rules are one way among others; all figures have them."""
    rows = [("resnet18", "2.021"), ("resnet34", "4.041"), ("resnet50", "6.061")]
    found = verdicts(MACS, [(spec, cell(text)) for spec, text in rows])
    for one in found:
        assert one.explanations[0].supported == 3
    assert {"as thop counts"} in ways(found[0])


def test_three_departures_need_the_support_of_the_column() -> None:
    """In 2^30, with norms and activations: (2 + 0.005 + 0.004) G n + 1 M."""
    way = {"in units of 2^30", "with norms (one for each element)", "with activations"}
    texts = {spec: f"{(n * 2_009_000_000 + 1_000_000) / 2**30:.5f}" for spec, n in WIDTHS.items()}
    together = verdicts(MACS, [(spec, cell(text)) for spec, text in texts.items()])
    assert all(way in ways(one) for one in together)
    (alone,) = verdicts(MACS, [("resnet18", cell(texts["resnet18"]))])
    assert way not in ways(alone)


def test_the_cost_of_a_block_may_be_added_to_the_printed_baseline() -> None:
    """The baseline is printed as 6.02, with norms: then 0.004 G make 6.024."""
    rows = [("resnet50", cell("6.016")), ("resnet50+se", cell("6.020"))]
    found = verdicts(MACS, rows)[1]
    assert {"with the block's cost added to the printed baseline"} in ways(found)


def test_a_made_up_baseline_explains_nothing() -> None:
    rows = [("resnet50", cell("7.1234")), ("resnet50+se", cell("7.1274"))]
    assert [one.verdict for one in verdicts(MACS, rows)] == ["unexplained", "unexplained"]


def test_parameters_speak_against_other_classes() -> None:
    """11.00 M parameters are those of 1,000 classes: 2.000 G are not for 100."""
    rows = [Row([cell("11.00"), cell("2.000")], Network(parse("resnet18"), tallying))]
    ((params, macs),) = judge([PARAMS, MACS], rows)
    assert params.verdict == "holds"
    assert ways(macs)[0] == {"of convolutions alone"}
    assert {"with 100 classes"} in ways(macs)[1:]


@pytest.mark.parametrize(
    ("text", "unit"), [("11.00", "10^6"), ("11000", "10^3"), ("11000000", "1")]
)
def test_a_missing_unit_is_the_nearest_and_the_verdict_says_so(text: str, unit: str) -> None:
    (found,) = verdicts(Column("Params", "params", None), [("resnet18", cell(text))])
    assert found.verdict == "holds"
    assert found.note == f"no unit is given: taken to be in units of {unit}"


def test_an_approximate_figure_may_be_off_by_one() -> None:
    rows = [("resnet152", cell("71.1", None, True)), ("resnet152", cell("71.4", None, True))]
    found = verdicts(PARAMS, rows)
    assert [one.verdict for one in found] == ["holds", "unexplained"]
    assert found[0].note == "printed as approximate"


def test_cells_without_a_number_or_a_network_are_not_judged() -> None:
    empty, unread = Cell("–", None), Cell("3-4", None, "it is a range")
    rows = [Row([empty], None), Row([unread], Network(parse("resnet18"), tallying))]
    found = [one for (one,) in judge([PARAMS], rows)]
    assert [one.verdict for one in found] == ["not judged", "not judged"]
    assert found[1].note == "it is a range"


def test_the_chance_is_the_share_of_figures_nearby_that_are_as_simple() -> None:
    (few,) = verdicts(MACS, [("resnet50", cell("5.701"))])
    (many,) = verdicts(MACS, [("resnet50", cell("5.7"))])
    assert few.chance is not None
    assert many.chance is not None
    assert few.chance < 0.05 < many.chance


def test_a_verdict_and_its_explanations_must_agree() -> None:
    with pytest.raises(ValueError, match="only then"):
        JudgedFigure("Params", "params", "1", "explained")
    figure = JudgedFigure("Params", "params", "1 M", "unexplained")
    assert Claim("paper.csv", 2, "Net", (figure,)).warnings == ("Params: 1 M is unexplained",)
