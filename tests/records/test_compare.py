"""Two sets of records: which can be compared, which are refused, and what is reported."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.records import VERSIONS, counted, printed, timed

from srbench.cli.app import run
from srbench.conditions import Setup
from srbench.errors import SrbenchError
from srbench.records import jsonl
from srbench.records.compare import differences
from srbench.records.environment import TORCH, UNUSUAL
from srbench.runner.resume import same_environment

OLD = [counted("resnet18", 1000), counted("resnet18+se", 1100)]


def test_common_rows_are_paired_and_the_others_are_named() -> None:
    new = [counted("resnet18", 1001), counted("resnet18+sr", 1200)]
    found = differences(OLD, new)
    assert [(p.before.counts.params, p.after.counts.params) for p in found.pairs] == [(1000, 1001)]
    assert [str(row) for row in found.only_before] == ["resnet18+se at 64×64"]
    assert [str(row) for row in found.only_after] == ["resnet18+sr at 64×64"]
    assert found.environment == ()


def test_other_versions_are_reported_and_other_machines_only_for_times() -> None:
    other = {"torch": "2.15.0", "cpu": "Another"}
    found = differences(OLD, [replace(r, environment=VERSIONS | other) for r in OLD])
    assert found.environment == ("torch: 2.14.1 in A, 2.15.0 in B",)
    before = timed("resnet18", [0.1] * 6)
    after = replace(before, environment=VERSIONS | other)
    assert "cpu: unknown in A, Another in B" in differences([before], [after]).environment


def test_an_option_that_one_side_lacks_is_none_and_threads_are_said_once() -> None:
    before, after = (
        timed("resnet18", [0.1] * 6, environment=VERSIONS | {"threads": threads}, setup=setup)
        for threads, setup in ((2, Setup()), (1, Setup(threads=1, optimizer="sgd")))
    )
    said = ("threads: 2 in A, 1 in B", "optimizer: none in A, sgd in B")
    assert differences([before], [after]).environment == said


@pytest.mark.parametrize("name", [*TORCH, *UNUSUAL])
def test_other_settings_of_torch_are_reported_for_times(name: str) -> None:
    one, other = ({**VERSIONS, name: value} for value in ("none", "tf32"))
    before, after = (timed("resnet18", [0.1] * 6, environment=e) for e in (one, other))
    assert differences([before], [after]).environment == (f"{name}: none in A, tf32 in B",)
    assert same_environment(before, one)
    assert not same_environment(before, other)


def test_settings_that_a_model_changed_are_reported_but_are_not_its_environment() -> None:
    plain = timed("resnet18", [0.1] * 6, environment=VERSIONS | {"threads": 2})
    assert plain.timing
    changed = replace(plain, timing=replace(plain.timing, changed={"threads": 1}))
    assert differences([plain], [changed]).environment == ("threads: 2 in A, 1 in B",)
    assert differences([changed], [changed]).environment == ()
    assert same_environment(changed, dict(plain.environment))


def test_differences_in_how_the_models_ran_are_reported() -> None:
    after = timed("resnet18", [0.1] * 6, setup=Setup(channels_last=True))
    found = differences([timed("resnet18", [0.1] * 6)], [after])
    assert found.environment == ("channels_last: False in A, True in B",)


@pytest.mark.parametrize(
    ("after", "message"),
    [
        (replace(OLD[0], input=(3, 96, 96)), "counted under different conditions: 64×64.*96×96"),
        (replace(OLD[0], num_classes=10), "1000 classes in A; 64×64 and 10 classes in B"),
        (
            replace(OLD[0], counts=replace(OLD[0].counts, convention="2 FLOPs a MAC")),
            "two conventions: one multiply-add .*; and 2 FLOPs a MAC",
        ),
        (counted("resnet34"), "no row in common"),
        (printed("resnet18", params="1.0"), "no row in common"),
    ],
)
def test_records_that_cannot_be_compared_are_refused(after: object, message: str) -> None:
    with pytest.raises(SrbenchError, match=message):
        differences(OLD, [after])


def test_other_batch_sizes_are_refused() -> None:
    with pytest.raises(SrbenchError, match=r"batches of 1 in A; .* batches of 2 in B"):
        differences([timed("resnet18", [1.0])], [timed("resnet18", [1.0], setup=Setup(batch=2))])


def test_records_are_compared_if_some_inputs_are_common() -> None:
    larger = replace(OLD[0], input=(3, 96, 96))
    found = differences([*OLD, larger], OLD)
    assert len(found.pairs) == 2
    assert [str(row) for row in found.only_before] == ["resnet18 at 96×96"]


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    noise = np.random.default_rng(3).normal(0, 0.001, (4, 12))
    plain, se, plain_again, slower_se = noise + np.array([[0.1], [0.11], [0.1], [0.121]])
    before = [*OLD, timed("resnet18", list(plain)), timed("resnet18+se", list(se), 1.1)]
    after = [
        counted("resnet18", 1000),
        counted("resnet18+se", 1150),
        timed("resnet18", list(plain_again)),
        timed("resnet18+se", list(slower_se), 1.21),
    ]
    for name, records in (("a", before), ("b", after)):
        jsonl.write(tmp_path / f"{name}.jsonl", records)
    return str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")


def test_the_command_shows_both_values_and_what_is_significant(
    files: tuple[str, str], capsys: pytest.CaptureFixture
) -> None:
    assert run(["compare", *files]) == 0
    stdout, stderr = capsys.readouterr()
    assert stderr == ""
    lines = {tuple(line.split()[:2]): line for line in stdout.splitlines() if line.strip()}
    assert "1,100   1,150   +50" in lines["resnet18+se", "1,100"]
    assert "none [" in lines["resnet18", "forward"]
    assert "+10." in lines["resnet18+se", "forward"].partition("]")[2].partition("]")[2]
    assert "Measured with the same versions on the same machine." in stdout


@pytest.mark.parametrize(
    ("precisions", "said"),
    [
        ((0.01, 0.01), "undecided ["),
        ((0.01, 0.05), "none ["),  # as precise as the less precise of the two
        ((0.05, 0.01), "none ["),
    ],
)
def test_a_change_is_judged_by_the_coarser_precision(
    precisions: tuple[float, float],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    seconds = [0.1 + n / 1000 for n in range(-6, 7)]
    paths = [str(tmp_path / f"{name}.jsonl") for name in "ab"]
    for path, precision in zip(paths, precisions, strict=True):
        jsonl.write(Path(path), [timed("resnet18", seconds, precision=precision)])
    assert run(["compare", *paths]) == 0
    stdout = capsys.readouterr().out
    row = next(line for line in stdout.splitlines() if line.startswith("resnet18"))
    assert said in row
    assert "n.s." not in stdout
    assert f"at most {100 * max(precisions):g} % to either side" in stdout
    a, b = (f"{100 * precision:g} %" for precision in precisions)
    likewise = "overheads likewise" + (f", at {a} in A and {b} in B." if a != b else ".")
    assert likewise in " ".join(stdout.split())
    assert stdout.count("To decide, measure both again") == ("undecided" in said)
    assert "The change is from A to B.\n" in stdout


def test_the_note_mentions_only_the_columns_shown(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    run(["compare", *files])
    assert "The Δ and the change are from A to B." in capsys.readouterr().out
    jsonl.write(tmp_path / "counts.jsonl", OLD)
    run(["compare", str(tmp_path / "counts.jsonl"), str(tmp_path / "counts.jsonl")])
    assert "The Δ is from A to B." in capsys.readouterr().out


def test_json_holds_unrounded_values(files: tuple[str, str], capsys: pytest.CaptureFixture) -> None:
    assert run(["compare", *files, "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert (rows[1]["params_a"], rows[1]["params_b"], rows[1]["params_delta"]) == (1100, 1150, 50)
    assert rows[3]["pass"] == "forward"
    assert rows[3]["change_low"] < 1.1 < rows[3]["change_high"]


def test_a_damaged_line_is_named_and_the_others_are_compared(
    files: tuple[str, str], capsys: pytest.CaptureFixture
) -> None:
    path = Path(files[1])
    path.write_bytes(path.read_bytes()[:-50])
    assert run(["compare", *files]) == 4
    stdout, stderr = capsys.readouterr()
    assert "line 4: " in stderr
    assert "the other 3 are used" in stderr
    assert "Only in A: resnet18+se at 64×64." in stdout


def test_failed_rows_are_named(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    jsonl.write(paths[0], OLD)
    jsonl.write(paths[1], [OLD[0], replace(OLD[1], counts=None, status="failed: out of memory")])
    assert run(["compare", *map(str, paths)]) == 4
    assert "B: resnet18+se: failed: out of memory." in capsys.readouterr().out


def test_an_input_file_is_not_overwritten(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    before = Path(files[0]).read_bytes()
    link = tmp_path / "link.html"
    link.symlink_to(files[0])
    assert run(["compare", *files, "--output", files[0]]) == 2
    assert run(["report", files[0], "--output", str(link)]) == 2
    assert Path(files[0]).read_bytes() == before
    assert "is read by this command" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.jsonl", "there is no file none.jsonl"),
        ("pyproject.toml", "there is no file|there is no record|no records"),
        ("README.md", "is not a file of records"),
    ],
)
def test_a_file_without_records_is_refused(
    name: str, message: str, files: tuple[str, str], capsys: pytest.CaptureFixture
) -> None:
    assert run(["compare", files[0], name]) == 2
    assert re.search(message, capsys.readouterr().err)
