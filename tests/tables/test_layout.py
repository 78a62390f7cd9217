"""Layouts: which rows they ask for, and the errors of those that are wrong."""

from pathlib import Path

import pytest
from support.records import LAYOUT, printed, write_layout

from srbench.errors import SrbenchError
from srbench.tables.committed import layout_paths, machine_name, open_table
from srbench.tables.layout import load


def test_rows_are_baselines_with_their_variants_at_every_size(tmp_path: Path) -> None:
    text = LAYOUT.replace("input_size = 64", 'input_size = [64, "96x128"]')
    wanted = load(write_layout(tmp_path, text)).wanted([])
    assert [str(w.row) for w in wanted] == [
        f"resnet18{variant} at {size}"
        for size in ("64×64", "96×128")
        for variant in ("", "+se", "+sr")
    ]
    assert {w.row.num_classes for w in wanted} == {10}


def test_a_published_group_has_the_rows_of_its_source(tmp_path: Path) -> None:
    text = 'caption = "P"\ncolumns = ["published_params"]\n[[rows]]\npublished = "A paper, Table 1"'
    layout = load(write_layout(tmp_path, text))
    records = [printed("resnet18"), printed("resnet34", source="Another"), printed("resnet18+se")]
    assert [(w.row.spec, w.source) for w in layout.wanted(records)] == [
        ("resnet18", "A paper, Table 1"),
        ("resnet18+se", "A paper, Table 1"),
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("params_delta", "param_delta"), r"unknown column 'param_delta'.*did you mean param"),
        (('"params",', '"forward",'), "forward is a column for times"),
        (("caption", "captoin"), r"unknown key captoin.*did you mean caption\?.*rows, time"),
        (("caption", "title"), "unknown key title"),
        (
            ("variants", "variant"),
            r"unknown key variant in the 1st \[\[rows\]\].*did you mean variants\?.*models",
        ),
        (
            ("num_classes = 10", '[time]\nspecs = ["resnet18"]\ntolerence = 0.1'),
            r"unknown key tolerence in \[time\].*did you mean tolerance\?.*specs, callables, inp",
        ),
        (('"Small nets."', "3"), r"caption must be a text \(put it in quotes"),
        (('"resnet18"', '"resnet81"'), "unknown model 'resnet81'"),
        (('"se"', '"es"'), "unknown block 'es'"),
        (("= 64", "= true"), "input_size in the .* must be a whole number or a text or a list"),
        (("= 64", "= 99999"), "99999x99999 pixels is out of range"),
        (("= 64", '= "big"'), "'big' is not an input size"),
        (("= 10", '= "ten"'), "num_classes in the 1st .* must be a whole number"),
        (("= 10", "= 0"), "num_classes in the 1st .* must be 1 or more"),
        (("[[rows]]", "[rows]"), r"rows must be a list \(write \[\[rows\]\]"),
        (("caption =", "caption = ="), "is not TOML"),
        (('["params", "params_delta", "macs", "macs_delta"]', "[]"), "columns is empty"),
        (("= 64", "= []"), "input_size in .* is empty"),
        (('models = ["resnet18"]', ""), "needs models"),
        (('models = ["resnet18"]', 'published = "x"'), "variants need models"),
        (("num_classes", 'published = "A papre"\nnum_classes'), "no record has the source 'A pap"),
        (("num_classes = 10", '[time]\nspecs = ["resnet81"]'), "unknown model 'resnet81'"),
        (
            ("num_classes = 10", '[time]\nspecs = ["resnet18"]\ntolerances = {"resnet34"=0.1}'),
            "resnet34 has a tolerance but is not timed",
        ),
    ],
)
def test_the_error_names_the_mistake(change: tuple[str, str], message: str, tmp_path: Path) -> None:
    path = write_layout(tmp_path, LAYOUT.replace(*change))
    with pytest.raises(SrbenchError, match=message):
        open_table(path)


def test_a_layout_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(b"caption = '\xff'")
    with pytest.raises(SrbenchError, match="not UTF-8"):
        open_table(path)
    with pytest.raises(SrbenchError, match="cannot read"):
        open_table(tmp_path / "none.toml")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_layout_reads_with_any_line_ends_and_a_byte_order_mark(
    encoding: str, end: str, tmp_path: Path
) -> None:
    plain = load(write_layout(tmp_path))
    (tmp_path / "small.toml").write_text(LAYOUT, encoding=encoding, newline=end)
    assert load(tmp_path / "small.toml") == plain


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_layout_in_utf_16_is_refused(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(f"\ufeff{LAYOUT}", encoding=encoding)
    with pytest.raises(SrbenchError, match=r"small\.toml is UTF-16 \(save it as UTF-8\)"):
        load(path)


@pytest.mark.parametrize("text", ["x = " + "[" * 3000 + "]" * 3000, "x = " + "{a=" * 3000])
def test_a_layout_with_thousands_of_brackets_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(SrbenchError, match=r"small\.toml is nested too deeply"):
        load(write_layout(tmp_path, text))


def test_a_caption_may_be_broken_into_lines(tmp_path: Path) -> None:
    text = LAYOUT.replace('"Small nets."', '"""\nSmall\n  nets."""')
    assert load(write_layout(tmp_path, text)).caption == "Small nets."


@pytest.mark.parametrize("tolerance", ["0", "-1", "2"])
def test_a_tolerance_must_be_a_share(tolerance: str, tmp_path: Path) -> None:
    text = f'{LAYOUT}\n[time]\nspecs = ["resnet18"]\ntolerance = {tolerance}'
    with pytest.raises(SrbenchError, match="tolerance"):
        load(write_layout(tmp_path, text))


def test_a_table_name_with_a_dot_or_a_bracket_is_refused(tmp_path: Path) -> None:
    for name in ("small.v2", "a[1]"):
        with pytest.raises(SrbenchError, match="is not a valid table name"):
            open_table(write_layout(tmp_path, name=name))


def test_tables_are_found_by_name(tmp_path: Path) -> None:
    first, second = write_layout(tmp_path), write_layout(tmp_path, name="a")
    assert layout_paths(tmp_path) == [second, first]
    assert layout_paths(tmp_path, ["small"]) == [first]
    with pytest.raises(SrbenchError, match=r"no table 'big'.*the tables are a, small"):
        layout_paths(tmp_path, ["big"])
    with pytest.raises(SrbenchError, match="there are no tables in"):
        layout_paths(tmp_path / "none")


def test_a_machine_name_is_safe_in_a_file_name() -> None:
    assert machine_name("Intel(R) Xeon(R) CPU @ 2.20GHz") == "intel-r-xeon-r-cpu-2-20ghz"
    assert machine_name("../..") == "unknown"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[time]]\nspecs = ["resnet18"]\n', "time must be"),
        ('[[names]]\nresnet18 = "a"\n', "names must be"),
        ("[names]\nresnet18 = nan\n", "neither a text nor a pair of texts"),
    ],
)
def test_a_value_of_the_wrong_type_is_described_in_words(
    text: str, problem: str, tmp_path: Path
) -> None:
    path = tmp_path / "t.toml"
    path.write_text(f'caption = "x"\ncolumns = ["params"]\n[[rows]]\nmodels = ["resnet18"]\n{text}')
    with pytest.raises(SrbenchError) as found:
        open_table(path)
    (one,) = found.value.errors
    assert problem in one.message
