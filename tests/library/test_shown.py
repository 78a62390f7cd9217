"""Results show themselves, and find a row by any spelling of its spec."""

import json
from pathlib import Path

import pytest
from torch import nn

import srbench
from srbench.cli.app import run
from srbench.conditions import Plan
from srbench.errors import SrbenchError
from srbench.library.shown import ShownResults


@pytest.fixture(scope="module")
def counts() -> ShownResults:
    return srbench.count("resnet18+sr", "resnet18+se:reduction=8", input_size=32)


@pytest.fixture(scope="module")
def objects() -> ShownResults:
    return srbench.count({"a|<b>_%": nn.Linear(3, 4), "b": nn.Linear(3, 5)}, input_size=(3,))


def test_printing_shows_what_the_command_shows(
    counts: ShownResults, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["flops", "resnet18+sr", "resnet18+se:reduction=8", "--input-size", "32"]
    for form, shown in (
        ("text", str(counts)),
        ("text", repr(counts)),
        ("markdown", counts.to_markdown()),
        ("latex", counts.to_latex()),
        ("csv", counts.to_csv()),
    ):
        assert run([*arguments, "-f", form]) == 0
        assert capsys.readouterr().out.strip() == shown.strip()


def test_a_notebook_shows_a_table_and_its_notes(objects: ShownResults) -> None:
    html = objects._repr_html_()
    assert html.count("<table ") == html.count("</table>") == 1
    assert html.count("<tr") == 3
    assert "a|&lt;b&gt;_%" in html
    assert "<b>" not in html
    assert "Per call with float32 1×3" in html


def test_times_show_themselves() -> None:
    times = srbench.time(nn.Linear(3, 4), input_size=(3,), plan=Plan(("forward",), rounds=2))
    for text in (str(times), times.to_markdown(), times.to_latex(), times._repr_html_()):
        assert "Linear" in text
        assert "forward" in text


def test_names_of_objects_are_escaped(objects: ShownResults) -> None:
    assert r"a\|\<b\>\_%" in objects.to_markdown()
    assert r"a\textbar{}\textless{}b\textgreater{}\_\%" in objects.to_latex() or (
        r"\_\%" in objects.to_latex()
    )
    assert "a|<b>_%, b: given as modules, not as specs." in str(objects)


@pytest.mark.parametrize("suffix", ["txt", "md", "tex", "csv", "json", "jsonl", "html"])
def test_a_file_is_saved_in_the_format_of_its_suffix(
    counts: ShownResults, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, other = tmp_path / f"one.{suffix}", tmp_path / f"two.{suffix}"
    counts.save(path)
    arguments = ["flops", "resnet18+sr", "resnet18+se:reduction=8", "--input-size", "32"]
    assert run([*arguments, "-o", str(other)]) == 0
    own, theirs = path.read_text(encoding="utf-8"), other.read_text(encoding="utf-8")
    if suffix in ("json", "jsonl"):  # the date differs
        assert own.count("resnet18") == theirs.count("resnet18") > 3
    else:
        assert own == theirs


def test_saved_records_are_not_overwritten(counts: ShownResults, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    counts.save(path)
    before = path.read_bytes()
    with pytest.raises(SrbenchError, match="give overwrite=True"):
        counts.save(path)
    counts.save(str(path), overwrite=True)
    assert path.read_bytes() == before
    with pytest.raises(SrbenchError, match="unknown suffix"):
        counts.save(tmp_path / "one.xls")
    with pytest.raises(SrbenchError, match="cannot write"):
        counts.save(tmp_path / "no" / "one.csv")


@pytest.mark.parametrize(
    "key",
    [
        "resnet18+sr",
        "resnet18+sr:memories=10",
        "resnet18+sr:hidden=64,memories=10",
        "resnet18:stem=imagenet+sr",
        "resnet18+se:reduction=8",
        "resnet18",
    ],
)
def test_any_spelling_of_a_spec_finds_its_row(counts: ShownResults, key: str) -> None:
    assert key in counts
    assert counts[key] is counts[{"resnet18": 0}.get(key, 1 if "sr" in key else 2)]
    assert counts.delta(key, "params") == counts.delta(counts[key], "params")


@pytest.mark.parametrize(
    "key", ["resnet18+se", "resnet18+sr:memories=2", "", "no such", "os:getcwd", "a+b:c=,"]
)
def test_another_name_is_a_key_error_in_words(counts: ShownResults, key: str) -> None:
    assert key not in counts
    with pytest.raises(KeyError) as caught:
        _ = counts[key]
    assert str(caught.value).startswith(f"no row is called {key!r} (")
    assert "resnet18+sr" in str(caught.value)


def test_a_name_is_never_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module may be called like a spec, or like code that should not be imported."""
    rows = srbench.count(
        {"antigravity:geohash": nn.Linear(3, 4), "resnet18": nn.Linear(3, 5)}, input_size=(3,)
    )
    assert rows["resnet18"].counted.params == 20
    assert rows["antigravity:geohash"].counted.params == 16
    import sys

    assert "antigravity" not in sys.modules


def test_positions_and_slices_work_as_before(counts: ShownResults) -> None:
    assert counts[0].spec == "resnet18"
    assert [row.spec for row in counts[1:]] == ["resnet18+sr", "resnet18+se:reduction=8"]
    assert len(counts) == 3
    assert list(counts.to_frame()["spec"]) == [row.spec for row in counts]
    assert json.loads(json.dumps(counts.to_json()))[0]["subject"] == "spec"


@pytest.mark.parametrize("form", ["text", "csv", "markdown"])
def test_saved_objects_are_compared(
    objects: ShownResults, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "objects.jsonl"
    objects.save(path)
    assert run(["compare", str(path), str(path), "-f", form]) == 0
    assert "%" in capsys.readouterr().out


def test_an_objects_counts_and_times_are_one_row_of_a_page(tmp_path: Path) -> None:
    models = {"a": nn.Linear(3, 4), "b": nn.Linear(3, 5)}
    counts = srbench.count(models, input_size=(3,))
    times = srbench.time(models, input_size=(3,), plan=Plan(("forward",), rounds=2))
    path = tmp_path / "both.jsonl"
    counts.save(path)
    times.save(tmp_path / "times.jsonl")
    path.write_bytes(path.read_bytes() + (tmp_path / "times.jsonl").read_bytes())
    assert run(["report", str(path), "-o", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "1×3" in page or "1x3" in page
