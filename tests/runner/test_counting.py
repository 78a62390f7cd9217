"""Rows, deltas, and what happens to a row that fails."""

import json
import sys

import pandas
import pytest

import srbench
from srbench.errors import SrbenchError
from srbench.measure.forward_counts import ForwardCounts
from srbench.records.counts import Counts, Difference
from srbench.records.record import Record
from srbench.records.results import Results
from srbench.records.schema import SCHEMA
from srbench.runner import counting as runner


@pytest.fixture(scope="module")
def results() -> Results:
    return srbench.count("resnet18+cbam", "resnet18+sr:memories=3", input_size=(64, 96))


def test_rows_come_with_their_baseline(results: Results) -> None:
    assert [r.spec for r in results] == ["resnet18", "resnet18+cbam", "resnet18+sr:memories=3"]
    assert results["resnet18+cbam"] is results[1]
    assert len(results[1:]) == 2


def test_the_inserted_modules_account_for_the_whole_difference(results: Results) -> None:
    for record in results[1:]:
        for metric in ("params", "macs", "flops"):
            inserted = sum(getattr(m, metric) for m in record.counts.modules)
            assert inserted == results.delta(record, metric) > 0


def test_the_difference_equals_the_closed_form(results: Results) -> None:
    c, h, w, p, n = 512, 2, 3, 3, 64
    record = results["resnet18+sr:memories=3"]
    assert results.delta(record, "params") == (
        (c + 1) + (h * w * n + n) + (n * p + p) + p * c * h * w
    )
    assert results.delta(record, "macs") == c * h * w + h * w * n + n * p + p * c * h * w


def test_a_frame_has_the_columns_of_the_csv(results: Results) -> None:
    frame = results.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns[:4]) == ["spec", "params", "macs", "flops"]
    assert str(frame["params"].dtype) == "Int64"
    assert str(frame["params_delta"].dtype) == "Int64"
    assert frame["params"].tolist() == [r.counts.params for r in results]


def test_a_frame_keeps_integers_exact() -> None:
    big = 2**60 + 1
    counts = Counts(1, 1, 0, 7, 7, 7), Counts(1 + big, 1, 0, 7, 7, 7)
    records = [
        Record(spec, "a", (3, 1, 1), 1, count, {})
        for spec, count in zip(("a", "a+b"), counts, strict=True)
    ]
    frame = Results(records).to_frame()
    assert frame["params_delta"][1] == big
    assert frame["params"][1] == big + 1


def test_without_pandas_the_hint_is_to_install_it(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(SrbenchError, match="to_frame needs pandas: ") as raised:
        results.to_frame()
    assert raised.value.hint == "install it: pip install pandas"


def test_json_has_the_schema_the_deltas_the_modules_and_the_versions(results: Results) -> None:
    first, *rest = json.loads(json.dumps(results.to_json()))
    assert first["schema"] == SCHEMA
    assert first["params_delta"] is None
    assert rest[0]["modules"][0]["shape"] == [64, 16, 24]
    assert {"srbench", "python", "torch", "torchvision", "fvcore", "cpu"} <= set(
        first["environment"]
    )


def test_counts_depend_on_the_number_of_classes() -> None:
    (ten,) = srbench.count("resnet18", num_classes=10)
    (thousand,) = srbench.count("resnet18")
    assert thousand.counts.params - ten.counts.params == 990 * 513
    assert thousand.counts.macs - ten.counts.macs == 990 * 512


def test_parameters_do_not_depend_on_how_the_model_was_made() -> None:
    (row,) = srbench.count("resnet34")
    assert row.counts.params == sum(p.numel() for p in srbench.build("resnet34").parameters())


@pytest.mark.parametrize(
    "bad",
    [
        {"input_size": "224,224"},
        {"input_size": 0},
        {"input_size": (3, 224, 224)},
        {"input_size": -5},
        {"input_size": 70_000},
        {"num_classes": 0},
        {"variants": ["nope"]},
    ],
)
def test_bad_input_is_an_error_with_a_remedy(bad: dict) -> None:
    with pytest.raises(SrbenchError) as raised:
        srbench.count("resnet18", **bad)
    assert raised.value.hint


def test_lack_of_memory_fails_only_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    real = runner.count_on_shapes

    def exhausted(model: object, *inputs: object) -> ForwardCounts:
        if any("cbam" in type(m).__name__.lower() for m in model.modules()):
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: 99 bytes\nmore")
        return real(model, *inputs)

    monkeypatch.setattr(runner, "count_on_shapes", exhausted)
    monkeypatch.setattr(runner, "count_for_real", exhausted)
    rows = srbench.count("resnet18+cbam", "resnet18+se", input_size=64)
    assert [r.status for r in rows] == [
        "ok",
        "failed: RuntimeError: DefaultCPUAllocator: can't allocate memory: 99 bytes",
        "ok",
    ]
    assert rows[1].counts is None
    assert rows.to_rows()[1]["params"] is None
    assert rows.delta(rows[1], "params") is None


def counts(**others: object) -> Counts:
    return Counts(1, 1, 0, 1000, None, 1234, **others)


def test_what_makes_a_count_wrong_is_a_warning() -> None:
    record = Record(
        *("a", "a", (3, 1, 1), 1),
        counts(
            unknown={"cdist": 2},
            disguised={"a sum": 3000, "b sum": 4},
            unregistered={"more": 90},
            differences=(Difference("linear", ("fc",), 1000, 1234, right=""),),
            passes=(1, 2, 3, 4),
        ),
        {},
    )
    assert record.warnings == (
        "the counters disagree for linear in fc: srbench 1,000 MACs, fvcore 1,234",
        "not counted: cdist (×2)",
        "not counted: products that are then summed, 3,004 MACs in a sum, b sum",
        "parameters that are not registered are not counted: 90 in more",
        "no two passes run the same: they have 1, 2, 3, 4 MACs",
    )
    assert record.notes == ()


def test_what_only_needs_to_be_known_is_a_note() -> None:
    record = Record(
        *("a", "a", (3, 1, 1), 1),
        counts(
            differences=(
                Difference("mv", ("a", "b", "c"), 1000, 0),
                Difference("einsum", ("d",), 10, 11),
            ),
            idle={"aux1": 3000, "aux2": 4},
            passes=(5000, 1000),
        ),
        {},
    )
    assert record.warnings == ()
    assert record.notes == (
        "no FLOPs: fvcore does not see mv, 1,000 MACs in a, b and 1 more",
        "no FLOPs: fvcore counts 11 MACs for einsum in d; by the shapes there are 10",
        "a later pass is counted; the first has 5,000 MACs, not 1,000",
        "3,004 of the parameters never run: aux1, aux2",
    )
