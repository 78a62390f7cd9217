"""A layout says how its table is printed, and mistakes in that are found at their lines."""

import re
from pathlib import Path

import pytest
from support import fakes
from support.records import LAYOUT, write_layout

from srbench.cli.app import run
from srbench.errors import FileError, SrbenchError
from srbench.tables.committed import open_table

LOOK = r"""
caption = "Small nets, 100 %."
columns = ["params", "params_delta", "macs", "macs_percent"]
device_columns = ["forward", "forward_overhead"]
rank = false
label = "tab:my_small"
wide = true
position = "!tb"
notes = "short"
decimals = { params = 1, macs_percent = 1, forward = 1 }
delta = "short"
group = "multirow"
order = "-params"
naming = "short"
style = "cvpr"

[heads]
params = { plain = "Size |W|", latex = "Size $|W|$" }
macs = "Work"

[[rows]]
models = ["resnet18"]
variants = ["sr", "se"]
input_size = 64
num_classes = 10
heading = "Small & old"

[[rows]]
models = ["cifar_resnet20"]
variants = ["se"]
heading = "For CIFAR"

[names]
"resnet18+sr:memories=10" = { plain = "+ SR (ours)", latex = "+ SR \\emph{(ours)}" }
"""
# ResNet-18 for 10 classes: 11,181,642 weights; SE adds 2 C²/16 + C + C/16 to each branch, 89,080 in
# all; SR 21,963. ResNet-20: 269,722; SE adds 3 (2·16 + 17 + 2·64 + 34 + 2·256 + 68) = 2,373.
TEX = r"""% needs \usepackage{booktabs,graphicx,multirow}, and aligns numbers with siunitx
\begin{table*}[!tb]
  \centering\small\setlength{\tabcolsep}{4pt}
  \setlength{\belowcaptionskip}{5pt}
  \caption{Small nets, 100 \%.}\label{tab:my_small}
  \def\srbenchcolumns{llrrrr}%
  \ifdefined\sisetup\sisetup{SETUP}\def\textminus{\ensuremath{-}}\def\srbenchcolumns{ll<2.1><+2.2><3.2><+1.1>}\fi
  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%
  \expandafter\tabular\expandafter{\srbenchcolumns}
    \toprule
     &  & \multicolumn{2}{c}{Params} & \multicolumn{2}{c}{MACs} \\
    \cmidrule(lr){3-4} \cmidrule(lr){5-6}
     & Model & {Size $|W|$ (M)} & {$\Delta$ (k)} & {Work (M)} & {$\Delta$ \%} \\
    \midrule
    \multirow{3}{*}{Small \& old} & ResNet-18 & 11.2 & {--} & 148.05 & {--} \\
     & + SE & 11.3 & +89.08 & 148.14 & +0.1 \\
     & + SR \emph{(ours)} & 11.2 & +21.96 & 148.07 & {\textless{}0.1} \\
    \midrule
    \multirow{2}{*}{For CIFAR} & ResNet-20 & 0.3 & {--} & 40.55 & {--} \\
     & + SE & 0.3 & +2.37 & 40.55 & {\textless{}0.1} \\
    \bottomrule
  \endtabular}
  \par\smallskip\begin{minipage}{\linewidth}\footnotesize\raggedright
    NOTE\par
  \end{minipage}
\end{table*}
"""
NOTE = "Per image of 3×64×64 or 3×32×32, 10 classes; MACs: multiply-adds. SR: "


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_layout(tmp_path / "tables", LOOK).parent


def test_the_table_is_written_as_its_layout_asks(folder: Path) -> None:
    assert run(["table", "--folder", str(folder)]) == 0
    table, end, comments = (folder / "small.tex").read_text().partition("\\end{table*}\n")
    table = re.sub(r"(?<=\\sisetup\{).*?-digits=4[^}]*", "SETUP", table + end)
    table = re.sub(r"S\[table-format=(.*?)\]", r"<\1>", table)
    table = re.sub(r"(?<=raggedright\n    ).*(?=\\par\n)", "NOTE", table)
    assert table == TEX
    assert all(line.startswith("% ") for line in comments.splitlines())
    assert "\n% Defaults: " in comments
    markdown = (folder / "small.md").read_text()
    assert "|  | Model | Size \\|W\\| (M) | Δ (k) | Work (M) | Δ % |" in markdown
    assert "|  | + SR (ours) | 11.2 | +21.96 | 148.07 | \\<0.1 |" in markdown
    assert f"\n\n{NOTE}P=10, S=1, h=64, layer4; SE: r=16.\n\n<!--\n" in markdown
    csv = (folder / "small.csv").read_text().splitlines()
    assert [line.split(",")[:2] for line in csv[1:3]] == [
        ["resnet18", "11181642"],
        ["resnet18+sr", "11203605"],
    ], "in the order of the rows, unrounded"


def test_a_table_with_a_look_is_what_check_expects(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes.install_fake_cuda(monkeypatch)
    look = LOOK.replace("resnet18", "cifar_resnet8")
    write_layout(folder, look)
    assert run(["table", "--folder", str(folder), "--device", "cuda"]) == 0
    assert run(["check", str(folder)]) == 0
    times = (folder / "small.fake-h100.tex").read_text()
    (label,) = re.findall(r"\\label\{(.*?)\}", times)
    assert label.startswith("tab:my_small")
    assert label != "tab:my_small", "a paper that shows both tables needs two labels"
    assert r"\multirow{3}{*}{Small \& old} & ResNet-8 &" in times
    write_layout(folder, look.replace('"short"\nstyle', '"title"\nstyle'))
    assert run(["check", str(folder)]) == 1
    assert run(["table", "--folder", str(folder), "--render-only"]) == 0
    assert run(["check", str(folder)]) == 0


def test_names_and_headings_are_also_printed_in_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = '[names]\n"resnet18+se" = "Theirs"\n'
    write_layout(folder, LAYOUT + 'heading = "Small"\n' + names)
    assert run(["table", "--folder", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "Small" in lines
    assert any(line.startswith("Theirs ") for line in lines)


# --- mistakes

GROUP = '[[rows]]\nmodels = ["resnet18"]\nvariants = ["se", "sr"]\ninput_size = 64\n'


def said(folder: Path, keys: str, after: str = "") -> list[str]:
    """A line for each mistake: where, what and how to correct it."""
    text = f'caption = "T"\ncolumns = ["params", "macs"]\n{keys}\n{GROUP}{after}'
    with pytest.raises(SrbenchError) as raised:
        open_table(write_layout(folder, text))
    found = [error for error in raised.value.errors if isinstance(error, FileError)]
    return [f"{error.line}: {error.what} ({error.hint})" for error in found]


@pytest.mark.parametrize(
    ("keys", "message", "remedy"),
    [
        ('style = "cvp"', "style: style cannot be 'cvp'", "did you mean cvpr?"),
        ('naming = "titles"', "naming: naming cannot be 'titles'", "did you mean title?"),
        ('notes = "long"', "notes: notes cannot be 'long'", "full, short, none"),
        ('delta = "rounded"', "delta: delta cannot be 'rounded'", "exact, short"),
        ('group = "rules"', "group: group cannot be 'rules'", "did you mean rule?"),
        ('label = "my table"', "label: 'my table' is not a label", "as in tab:cost"),
        ('position = "x"', "position: 'x' is not a position", "h, t, b, p, H, !"),
        ('order = "-flops"', "order: the table has no column 'flops'", "params, macs"),
        ("decimals = { params = 12 }", "decimals: params cannot have 12 decimals", "0 to 9"),
        (
            "decimals = { flops = 1 }",
            "flops in [decimals]: the table has no column 'flops'",
            "its columns are params, macs",
        ),
        (
            'heads = { parms = "x" }',
            "parms in [heads]: the table has no column 'parms'",
            "did you mean params?",
        ),
        ("notes = 3", "notes must be a text", "in quotes"),
        ("label = true", "label must be a text", "in quotes"),
        ('wide = "yes"', "wide must be true or false", "without quotes"),
        ("decimals = 2", "decimals must be a table", "key = value"),
        ("decimals = { params = 1.5 }", "params in [decimals] must be a whole number", "digits"),
        ('decimals = { params = "2" }', "params in [decimals] must be a whole number", "digits"),
        ("decimals = { params = true }", "params in [decimals] must be a whole number", "digits"),
        (
            "heads = { params = 3 }",
            "params in [heads]: neither a text nor a pair of texts",
            "plain =",
        ),
        (
            'heads = { params = { plain = "a" } }',
            "params in [heads]: neither a text nor a pair of texts",
            "latex =",
        ),
        (
            'heads = { params = { plain = "a", latex = "" } }',
            "params in [heads] is empty",
            "give it a value",
        ),
        (
            'heads = { params = { plain = "a", latex = "b", text = "c" } }',
            "params in [heads]: neither a text nor a pair of texts",
            "plain =",
        ),
        ('wid = "yes"', "unknown key wid", "did you mean wide?"),
    ],
)
def test_a_mistake_is_reported_at_its_line_with_its_remedy(
    keys: str, message: str, remedy: str, tmp_path: Path
) -> None:
    (line,) = said(tmp_path, keys)
    assert line.startswith(f"3: {message} (")
    assert remedy in line


def test_a_misspelt_key_of_a_name_is_one_mistake(tmp_path: Path) -> None:
    names = '[names]\n"resnet18+se" = { plain = "A", latx = "B" }\n'
    (line,) = said(tmp_path, "", names)
    assert line.startswith('9: "resnet18+se" in [names]: neither a text nor a pair of texts (write')


def test_a_wrong_heading_makes_no_name_wrong(tmp_path: Path) -> None:
    (line,) = said(tmp_path, "", 'heading = 3\n[names]\nresnet18 = "A"\n')
    assert line.startswith("8: heading in the 1st [[rows]] must be a text (")


def test_a_column_for_times_alone_may_have_decimals_and_a_head(tmp_path: Path) -> None:
    keys = 'decimals = { train = 1 }\nheads = { train_overhead = "more", model = "Net" }'
    text = f'caption = "T"\ncolumns = ["params"]\n{keys}\n{GROUP}'
    assert open_table(write_layout(tmp_path, text)).layout.decimals == {"train": 1}


def test_all_mistakes_of_a_look_are_reported_together(tmp_path: Path) -> None:
    keys = 'style = "cvp"\norder = "flops"\ndecimals = { params = 12 }\nlabel = "a b"'
    assert [line[0] for line in said(tmp_path, keys)] == ["3", "4", "5", "6"]
