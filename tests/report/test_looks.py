"""How a table looks, in every format: names, notes, groups, order, heads, decimals."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from support.records import counted, timed

from srbench.errors import SrbenchError
from srbench.records.join import rows_of
from srbench.records.record import Record
from srbench.records.results import Results
from srbench.report.columns import FIELDS
from srbench.report.counts import COLUMNS, counts_report
from srbench.report.formats import FORMATS, Report
from srbench.report.formats.latex import render as to_latex
from srbench.report.formats.notebook import to_fragment
from srbench.report.labels import Label
from srbench.report.look import Look
from srbench.report.paper_styles import STYLES
from srbench.report.rows import rows_table
from srbench.report.table import Column, Table
from srbench.report.times import times_report

RESNET18 = counted("resnet18", 11_689_512, 1_814_073_344)
SE = counted("resnet18+se", 14_220_504, 1_814_073_344)
SR = counted("resnet18+sr", 11_698_212, 1_814_096_768)
TWO = [
    *(RESNET18, SE, SR),
    *(counted("resnet34", 21_797_672, 3_663_761_408), counted("resnet34+se", 21_958_868, 1)),
]
FORMS = ("text", "markdown", "latex", "html", "notebook")


def report(records: Sequence[Record] = TWO, **look: Any) -> Report:
    look = {"columns": ("params", "params_delta", "macs")} | look
    return counts_report(Results(records), look=Look(**look))


def shown(form: str, records: Sequence[Record] = TWO, **look: Any) -> str:
    """A table of counts in a format, without a page's style and scripts."""
    made = report(records, **look)
    if form == "notebook":
        return to_fragment(made)
    written = FORMATS[form](made)
    return re.sub(r"(?s)<(style|script)\b.*?</\1>", "", written) if form == "html" else written


def specs(**look: Any) -> list[str]:
    """The rows in order."""
    (table,) = report(**look).tables
    return [row[0].spec for row in table.rows]


def headed(records: Sequence[Record], headings: Sequence[str], **look: Any) -> Table:
    """A table with headings, as a layout gives them."""
    columns = {"params": FIELDS["params"]}
    return rows_table("t", rows_of(records), columns, "", (), look=Look(**look), headings=headings)


# --- what is refused


@pytest.mark.parametrize(
    ("wrong", "message", "remedy"),
    [
        ({"style": "cvp"}, "style cannot be 'cvp'", "did you mean cvpr?"),
        ({"naming": "titel"}, "naming cannot be 'titel'", "did you mean title?"),
        ({"notes": ""}, "notes cannot be ''", "full, short, none"),
        ({"delta": "round"}, "delta cannot be 'round'", "exact, short"),
        ({"group": "rules"}, "group cannot be 'rules'", "did you mean rule?"),
        ({"label": "my table"}, "'my table' is not a label", "as in tab:cost"),
        ({"label": "a}b"}, "'a}b' is not a label", "as in tab:cost"),
        ({"label": "a%"}, "'a%' is not a label", "as in tab:cost"),
        ({"position": "tx"}, "'tx' is not a position", "h, t, b, p, H, !"),
        ({"position": "t]"}, "'t]' is not a position", "h, t, b, p, H, !"),
        ({"decimals": {"params": 10}}, "params cannot have 10 decimals", "0 to 9"),
        ({"decimals": {"params": -1}}, "params cannot have -1 decimals", "0 to 9"),
    ],
)
def test_impossible_values_are_refused_in_words(
    wrong: dict[str, Any], message: str, remedy: str
) -> None:
    with pytest.raises(SrbenchError) as raised:
        Look(**wrong)
    assert raised.value.message == message
    assert remedy in raised.value.hint


@pytest.mark.parametrize(
    "look",
    [
        {"columns": ("parms",)},
        {"decimals": {"parms": 1}},
        {"heads": {"parms": Label("x")}},
        {"order": "parms"},
        {"order": "-parms"},
    ],
)
def test_unknown_columns_are_refused(look: dict[str, Any]) -> None:
    with pytest.raises(SrbenchError, match="unknown column 'parms'") as raised:
        Look(**look).require_known(COLUMNS)
    assert "did you mean params?" in raised.value.hint
    with pytest.raises(SrbenchError, match="unknown column 'parms'"):
        report(**look)


@pytest.mark.parametrize("said", [{"order": "flops"}, {"decimals": {"flops": 2}}])
def test_what_is_said_of_a_column_that_is_not_asked_for_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(SrbenchError, match="column 'flops' is not among those asked for"):
        shown("markdown", **said)


# --- order


def test_rows_are_sorted_within_their_group_after_the_baseline() -> None:
    first, last = ["resnet18"], ["resnet34", "resnet34+se"]
    assert specs() == [*first, "resnet18+se", "resnet18+sr", *last]
    assert specs(order="params") == [*first, "resnet18+sr", "resnet18+se", *last]
    assert specs(order="-params") == [*first, "resnet18+se", "resnet18+sr", *last]
    assert specs(order="-macs") == [*first, "resnet18+sr", "resnet18+se", *last], (
        "the baseline of the last group stays first though it is the largest"
    )


@pytest.mark.parametrize("order", ["macs", "-macs"])
def test_missing_values_are_last_in_both_directions(order: str) -> None:
    failed = replace(counted("resnet18+cbam"), counts=None, status="failed: odd")
    (table,) = report([RESNET18, failed, SE, SR], order=order).tables
    found = [row[0].spec for row in table.rows]
    assert found[0] == "resnet18"
    assert found[-1] == "resnet18+cbam"
    assert found[1:3] == sorted(["resnet18+se", "resnet18+sr"], reverse=order == "-macs")


def test_equal_values_keep_their_order() -> None:
    assert specs(order="num_classes", columns=("num_classes",)) == specs()


# --- groups


@pytest.mark.parametrize(
    ("form", "rule", "heading", "column"),
    [
        ("text", "\n\nresnet34 ", "\n\nResNet-34\nresnet34 ", "\n\nResNet-34   resnet34 "),
        (
            "markdown",
            "|\n| ResNet-34 | 21.80",
            "| **ResNet-34** |  |  |  |\n| ResNet-34 | 21.80",
            "| ResNet-34 | ResNet-34 | 21.80",
        ),
        (
            "latex",
            "\\midrule\n    ResNet-34 & 21.80",
            "\\midrule\n    \\multicolumn{4}{@{}l}{\\emph{ResNet-34}} \\\\\n    ResNet-34 & 21.80",
            "\\midrule\n    \\multirow{2}{*}{ResNet-34} & ResNet-34 & 21.80",
        ),
        ("html", '<tr class="section">', '<tr class="heading">', ">ResNet-34</td>"),
        (
            "notebook",
            'border-top: 1px solid">\n<td',
            'font-style: italic">\nResNet-34</td>',
            'border-top: 1px solid">\n<td',
        ),
    ],
)
def test_groups_are_set_apart(form: str, rule: str, heading: str, column: str) -> None:
    found = {group: shown(form, group=group) for group in ("rule", "heading", "multirow")}
    assert rule in found["rule"]
    assert heading in found["heading"]
    assert heading not in found["rule"]
    assert heading not in found["multirow"]
    assert column in found["multirow"]
    times = {group: text.count("ResNet-34") for group, text in found.items()}
    assert min(times["multirow"], times["heading"]) > times["rule"]


def test_a_heading_says_what_the_groups_do_not_share() -> None:
    other = [replace(record, input=(3, 32, 32)) for record in TWO]
    assert "\n\nResNet-18, 32×32\nresnet18 " in shown("text", [*TWO, *other], group="heading")
    one = [replace(record, input=(3, 32, 32)) for record in (RESNET18, SE)]
    assert "─\n64×64\nresnet18 " in shown("text", [RESNET18, SE, *one], group="heading")
    assert "─\nResNet-18\nresnet18 " in shown("text", [RESNET18, SE], group="heading")


def test_multirow_spans_the_rows_of_its_group_and_needs_its_package() -> None:
    latex = shown("latex", group="multirow")
    assert latex.startswith("% needs \\usepackage{booktabs,graphicx,multirow}\n")
    assert latex.count("\\multirow") == 2
    assert "\\multirow{3}{*}{ResNet-18} & ResNet-18 &" in latex
    assert "     & ResNet-18 + SE & 14.22 &" in latex
    for group in ("rule", "heading"):
        assert "multirow" not in shown("latex", group=group)


def test_headings_of_a_layout_are_shown_with_every_group() -> None:
    headings = ["A & B", "A & B", "A & B", "C", "C"]
    table = headed(TWO, headings)
    assert [(row, str(label)) for row, label in table.headings] == [(0, "A & B"), (3, "C")]
    assert "\\multicolumn{2}{@{}l}{\\emph{A \\& B}} \\\\\n    ResNet-18 &" in to_latex(table)
    beside = to_latex(headed(TWO, headings, group="multirow"))
    assert "\\multirow{3}{*}{A \\& B} & ResNet-18 &" in beside
    assert "\\multirow{2}{*}{C} & ResNet-34 &" in beside


def test_a_heading_of_a_layout_is_not_repeated_and_may_part_one_network() -> None:
    (once,) = headed(TWO, ["All"] * 5).headings
    assert once == (0, Label("All"))
    parted = headed([RESNET18, SE, SR], ["First", "First", "Second"])
    assert [row for row, _ in parted.headings] == [0, 2]
    assert parted.sections == {2}


def test_a_heading_over_all_rows_is_no_line_between_them() -> None:
    """Groups without a heading of their own keep their rules."""
    assert headed(TWO, ["All"] * 5).sections == {3}


# --- numbers and heads


def test_decimals_come_before_those_that_the_values_call_for() -> None:
    decimals = {"params": 1, "macs": 0, "params_percent": 3}
    columns = ("params", "params_percent", "macs")
    for form, cells in (
        ("markdown", "| ResNet-18 + SE | 14.2 | +21.652 | 2 |"),
        ("latex", "ResNet-18 + SE & 14.2 & +21.652 & 2 \\\\"),
        ("text", "14,220,504   +21.652   1,814,073,344"),
    ):
        found = shown(form, [RESNET18, SE], columns=columns, decimals=decimals)
        assert cells in found, "text has counts in full"
    assert "| +21.65 |" in shown("markdown", [RESNET18, SE], columns=columns)


def test_decimals_hold_for_times_with_their_intervals() -> None:
    records = [timed("resnet18", [0.010, 0.011, 0.012]), timed("resnet18+se", [0.02, 0.02, 0.02])]
    look = Look(columns=("time",), decimals={"time": 1})
    table = FORMATS["markdown"](times_report(Results(records), look=look))
    assert r"| ResNet-18 | 11.0 \[10.0, 12.0\] |" in table


@pytest.mark.parametrize("form", FORMS)
def test_a_head_replaces_a_columns_title_and_keeps_its_unit(form: str) -> None:
    found = shown(form, heads={"params": Label("Size_1"), "params_delta": Label("more")})
    unit = "" if form in ("text", "html", "notebook") else " (M)"
    escaped = {"markdown": r"Size\_1", "latex": r"Size\_1"}.get(form, "Size_1")
    assert f"{escaped}{unit}" in found
    assert "Δ" not in found.partition("Per image")[0]
    assert r"$\Delta$" not in found.partition("Per image")[0]


def test_the_latex_source_of_a_head_is_used_in_latex_alone() -> None:
    heads = {"params": Label("|W|", "$|W|$"), "model": Label("Network")}
    assert "    Network & $|W|$ (M) & $\\Delta$ & MACs (G) \\\\" in shown("latex", heads=heads)
    assert "| Network | \\|W\\| (M) |" in shown("markdown", heads=heads)
    assert shown("text", heads=heads).startswith("Network ")


def test_differences_can_be_short() -> None:
    # 14,220,504 - 11,689,512 = 2,530,992; 11,698,212 - 11,689,512 = 8,700
    short = {"columns": ("params", "params_delta"), "delta": "short"}
    two = [RESNET18, SE]
    assert "| Model | Params (M) | Δ (M) |" in shown("markdown", two, **short)
    assert "| ResNet-18 + SE | 14.22 | +2.53 |" in shown("markdown", two, **short)
    assert "ResNet-18 + SE & 14.22 & +2.53 \\\\" in shown("latex", two, **short)
    assert "Params   Δ (M)\n" in shown("text", two, **short)
    assert "14,220,504   +2.53\n" in shown("text", two, **short)
    assert "| ResNet-18 + SR | 11.70 | +0.01 |" in shown("markdown", [*two, SR], **short)
    tiny = counted("resnet18+tiny", 11_689_513, 1_814_073_344)
    assert "| ResNet-18 + tiny | 11.69 | \\<0.01 |" in shown("markdown", [*two, tiny], **short)
    assert "| +2.5 |" in shown("markdown", two, **short, decimals={"params_delta": 1})
    assert "| +2,530,992 |" in shown("markdown", two, columns=("params_delta",))


def test_a_short_difference_of_nothing_is_0_and_of_less_keeps_its_sign() -> None:
    less = counted("resnet18+cut", 11_689_012, 1_814_073_344)
    short = {"columns": ("params_delta", "macs_delta"), "delta": "short"}
    assert "| -500 | 0 |" in shown("markdown", [RESNET18, less], **short)
    assert "| -12.30 | 0 |" in shown(
        "markdown", [RESNET18, counted("resnet18+cut", 11_677_212, 1_814_073_344)], **short
    )


# --- notes

ODD = 'a "b" --> c ---> d <!-- e \\end{table} % f ^^M g\n\\input{h}\r\\x \u2028 i\x0b'


def noted(**look: Any) -> Table:
    columns, rows = (Column("M", "name"),), (("x",),)
    return Table(
        "t", columns, rows, notes=(ODD, "Long."), brief=("Must", "know."), look=Look(**look)
    )


@pytest.mark.parametrize("form", FORMS)
def test_notes_are_full_short_or_none(form: str) -> None:
    full, short, none = (shown(form, notes=notes) for notes in ("full", "short", "none"))
    comments = r"(?s)<!--.*?-->|\n%[^\n]*"
    for said, expected in (
        ("in evaluation mode", (True, False, False)),
        ("Counted with", (True, False, False)),
        ("multiply-adds.", (False, True, False)),
        ("Per image of", (True, True, False)),
    ):
        seen = tuple(said in re.sub(comments, "", text) for text in (full, short, none))
        assert seen == expected, said
    assert ("Counted with" in none) == (form in ("markdown", "latex")), "kept as a comment"
    assert ("Counted with" in short) == (form in ("markdown", "latex"))


@pytest.mark.parametrize("notes", ["short", "none"])
def test_notes_do_not_break_out_of_a_latex_comment(notes: str) -> None:
    table = to_latex(noted(notes=notes))
    body, _, rest = table.partition("\\end{table}\n")
    assert "input" not in body
    assert [line[:2] for line in rest.splitlines()] == ["% ", "% "]
    assert [line[:2] for line in rest.split("\n")] == ["% ", "% ", ""], "no other line ends"


@pytest.mark.parametrize("notes", ["short", "none"])
@pytest.mark.parametrize("odd", [ODD, "-->", "--->", "---->", "-----> x", "<!--->", "--!>", "-"])
def test_notes_do_not_break_out_of_a_markdown_comment(odd: str, notes: str) -> None:
    table = FORMATS["markdown"](
        Report((replace(noted(notes=notes), notes=(odd, "Long.")),), (), ())
    )
    head, _, rest = table.partition("<!--\n")
    assert "Long." not in head
    assert rest.endswith("\nLong.\n-->\n")
    assert "-->" not in rest.removesuffix("-->\n")
    assert "--!>" not in rest


def test_short_notes_are_one_line_below_the_table() -> None:
    assert "\n\nMust know.\n\n<!--\n" in FORMATS["markdown"](
        Report((noted(notes="short"),), (), ())
    )
    assert "    Must know.\\par\n  \\end{minipage}" in to_latex(noted(notes="short"))
    assert "minipage" not in to_latex(noted(notes="none"))


def test_short_notes_name_the_options_that_all_rows_share() -> None:
    rows = [
        replace(RESNET18, settings={}),
        replace(SE, settings={"se": "reduction=16"}),
        *(
            replace(
                counted(f"resnet18+sr:memories={p}"),
                settings={"sr": "squeeze=1, hidden=64, stage=layer4"},
            )
            for p in (2, 5)
        ),
    ]
    found = shown("text", rows, notes="short")
    assert "Per image of 3×64×64, 1000 classes; MACs: multiply-adds." in found
    assert "SE: r=16; SR: S=1, h=64, layer4." in found


# --- names


@pytest.mark.parametrize(
    ("naming", "text", "others"),
    [
        ("", "resnet18+se", "ResNet-18 + SE"),
        ("title", "ResNet-18 + SE", "ResNet-18 + SE"),
        ("short", "+ SE", "+ SE"),
        ("spec", "resnet18+se", "resnet18+se"),
    ],
)
def test_models_are_called_as_asked(naming: str, text: str, others: str) -> None:
    assert f"\n{text} " in shown("text", naming=naming)
    assert f"\n| {others} |" in shown("markdown", naming=naming)
    assert f"\n    {others} & " in shown("latex", naming=naming)
    in_html = "ResNet-18 + SE" if naming == "short" else others  # its rows can be sorted
    assert f">{in_html}</td>" in shown("html", naming=naming)
    assert f">{others}</td>" in shown("notebook", naming=naming)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("naming", ["", "title", "short", "spec"])
def test_a_row_with_a_warning_has_its_mark_and_its_note_by_its_name(form: str, naming: str) -> None:
    wrong = replace(SE, counts=replace(SE.counts, unknown={"words::blur": 8}))  # type: ignore[type-var]
    found = shown(form, [RESNET18, wrong], naming=naming)
    by_spec = naming == "spec" or (naming == "" and form == "text")
    row = "+ SE" if naming == "short" else "resnet18+se" if by_spec else "ResNet-18 + SE"
    star = r"\*" if form == "markdown" else "*"
    assert f"{row} {star}" in found
    note = {"": "ResNet-18 + SE", "spec": "resnet18+se"}.get(naming, "ResNet-18 + SE")
    if form == "text" and naming == "":
        note = "resnet18+se"
    assert f"{star} {note}: not counted: words::blur" in found


@pytest.mark.parametrize("form", FORMS)
def test_given_names_are_shown_and_escaped(form: str) -> None:
    given = {"resnet18": Label("Base_1 <b>", r"Base$_1$")}
    expected = {"markdown": r"Base\_1 \<b\>", "latex": "Base$_1$ &", "text": "Base_1 <b>"}
    assert expected.get(form, "Base_1 &lt;b&gt;") in shown(form, names=given)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("naming", ["title", "spec"])
def test_no_name_or_heading_brings_control_characters(form: str, naming: str) -> None:
    records = [RESNET18, SE, counted("odd\x1b[2J\nnet", subject="module")]
    names = {"resnet18+se": Label("given\x1b[2J\nname")}
    made = headed(records, ["head\x1b[2J\ning"] * 3, naming=naming, names=names)
    report = Report((made,), (), ())
    found = to_fragment(report) if form == "notebook" else FORMATS[form](report)
    assert "\x1b" not in found
    assert r"odd\x1b" in found.replace(r"\\x", r"\x").replace(r"\textbackslash{}", "\\")


# --- LaTeX: width, place, numbers


def test_a_table_spans_two_columns_only_if_it_is_too_wide_for_one() -> None:
    few, many = ("params",), tuple(f"{m}{d}" for m in ("params", "macs") for d in ("", "_delta"))
    usual = (*many, "params_percent", "macs_percent", "flops", "flops_delta")
    for style in STYLES:
        narrow = shown("latex", style=style, columns=few)
        assert "\\begin{table}[t]" in narrow
        assert narrow.count("\\end{table}\n") == 1
        wide = shown("latex", style=style, columns=usual)
        kind = "table" if style == "neurips" else "table*"  # its pages have one column
        assert f"\\begin{{{kind}}}[t]" in wide
        assert f"\\end{{{kind}}}\n" in wide


def test_a_table_is_as_wide_as_asked() -> None:
    assert "\\begin{table*}[t]" in shown("latex", columns=("params",), wide=True)
    assert "\\begin{table}[t]" in shown("latex", columns=COLUMNS[3:12], wide=False)


def test_label_caption_and_position_are_those_asked_for() -> None:
    latex = shown("latex", label="tab:my_cost", caption="50 % & more", position="!htbp")
    assert "\\begin{table}[!htbp]\n" in latex
    assert "  \\caption{50 \\% \\& more}\\label{tab:my_cost}\n" in latex
    assert "\\label{tab:srbench-counts}" in shown("latex")


def test_a_caption_calls_models_what_the_rows_do() -> None:
    assert "\\caption{As in ResNet-18 + SE.}" in shown("latex", caption="As in resnet18+se.")
    assert "\nresnet18+se" not in shown("markdown", caption="As in resnet18+se.")
    assert "As in resnet18+se." in shown("markdown", caption="As in resnet18+se.", naming="spec")


@pytest.mark.parametrize(("style", "aligns"), [(s, s != "plain") for s in STYLES])
def test_numbers_are_aligned_in_the_styles_of_papers(style: str, aligns: bool) -> None:
    latex = shown("latex", [RESNET18, SE], style=style)
    assert ("siunitx" in latex.splitlines()[0]) == aligns
    assert ("\\ifdefined\\sisetup" in latex) == aligns
    assert ("\\begin{tabular}{lrrr}" in latex) != aligns
    if aligns:
        # 14.22 million, +2,530,992, and 1.814 billion
        assert "lS[table-format=2.2]S[table-format=+7.0]S[table-format=1.3]" in latex
        assert "\\def\\srbenchcolumns{lrrr}" in latex, "without the package"
        assert "ResNet-18 & 11.69 & {--} & 1.814 \\\\" in latex


def test_ranked_columns_and_columns_of_intervals_are_not_aligned() -> None:
    rows = rows_of([RESNET18, SE, SR])
    columns = {name: FIELDS[name] for name in ("params", "params_delta")}
    table = rows_table("t", rows, columns, "", (), ranked=True, look=Look(style="cvpr"))
    latex = to_latex(table)
    assert "\\def\\srbenchcolumns{lS[table-format=2.2]r}" in latex
    assert "\\textbf{+8,700} \\\\" in latex
    records = [timed("resnet18", [0.01] * 3), timed("resnet18+se", [0.02] * 3, 2.0)]
    look = Look(style="cvpr", columns=("time", "overhead"))
    assert "S[" not in FORMATS["latex"](times_report(Results(records), look=look))
