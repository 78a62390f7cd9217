"""Sentences for a rebuttal say what the intervals say, and where that holds."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.pages import DOCS
from support.records import timed

from srbench.conditions import Setup
from srbench.errors import SrbenchError
from srbench.records import jsonl
from srbench.records.record import Record
from srbench.records.results import Results
from srbench.records.timing import Estimate
from srbench.report.formats.prose import require_prose, write_words
from srbench.report.in_words import in_words
from srbench.report.names import Names
from srbench.report.notes import chip, modes
from srbench.report.times import times_report

H200 = DOCS / "figures" / "h200.jsonl"


def words(*records: Record) -> tuple[str, ...]:
    return in_words(records, Names(records))


def pair(value: float, low: float | None, high: float | None, **setup: Any) -> list[Record]:
    """A baseline, and a variant with this ratio and interval."""
    base, other = (timed(spec, [0.1] * 6, 1.1, setup=Setup(**setup)) for spec in ("net", "net+se"))
    ratio = Estimate(value, low, high, 6 if low else 3)
    passes = {"forward": replace(other.timed.passes["forward"], ratio=ratio)}
    return [base, replace(other, timing=replace(other.timed, passes=passes))]


def test_the_words_have_the_numbers_of_the_table() -> None:
    """Those that the card's visit printed, with the conditions under which they hold."""
    found = words(*jsonl.read(H200).records)
    assert found == (
        "Overheads over ResNet-50 on NVIDIA H200 (224×224 pixels, 1000 classes, float32 with TF32 "
        "convolutions, CUDA graphs, torch 2.11.0).",
        "ResNet-50 + SE: in a forward pass +30.87 % [+30.78, +30.95] at batch size 1, +27.75 % "
        "[+27.55, +27.95] at batch size 8 and +25.64 % [+25.48, +25.72] at batch size 32; in a "
        "training step +26.8 % [+26.7, +27.0] at batch size 1, +25.0 % [+24.9, +25.2] at batch "
        "size 8 and +24.7 % [+24.4, +25.0] at batch size 32.",
        "ResNet-50 + SR: in a forward pass +2.48 % [+2.41, +2.57] at batch size 1, +1.61 % [+1.42, "
        "+1.83] at batch size 8 and +1.13 % [+1.06, +1.18] at batch size 32; in a training step "
        "+2.37 % [+2.26, +2.47] at batch size 1, +1.83 % [+1.73, +1.91] at batch size 8 and +1.21 "
        "% [+1.03, +1.40] at batch size 32.",
        "SE: r=16; SR: P=10, S=1, h=64, layer4.",
        "In brackets: 95 % confidence intervals in %, each by itself, of paired ratios of times "
        "that were measured in turns.",
    )


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        ((1.05, 1.04, 1.06), "in a forward pass +5.0 % [+4.0, +6.0] at batch size 1."),
        ((0.95, 0.94, 0.96), "in a forward pass -5.0 % [-6.0, -4.0] at batch size 1."),
        ((1.0, 0.997, 1.004), "not distinguishable from zero [-0.3, +0.4] at batch size 1."),
        ((1.0, 0.9, 1.2), "in a forward pass undecided [-10.0, +20.0] at batch size 1."),
        (
            (1.02, None, None),
            "measured with too few samples for an interval (n=3) at batch size 1.",
        ),
    ],
)
def test_no_more_is_said_than_the_interval_allows(
    ratio: tuple[float, float | None, float | None], said: str
) -> None:
    _, sentence, *meaning = words(*pair(*ratio))
    assert sentence.endswith(said)
    is_none = "not distinguishable" in sentence
    assert any("reaches at most 1 % to either side" in text for text in meaning) == is_none
    assert any("which are too few" in text for text in meaning) == (ratio[1] is None)
    assert any(text.startswith("In brackets") for text in meaning) == (ratio[1] is not None)


def test_what_ran_elsewhere_or_otherwise_is_told_apart() -> None:
    here = pair(1.05, 1.04, 1.06)
    half = pair(1.2, 1.1, 1.3, dtype="bfloat16")
    found = words(*here, *half)
    assert sum("on unknown" in text for text in words(*here, *pair(1.1, 1.0, 1.2, seed=1))) == 2
    assert [text for text in found if text.startswith("Overheads over net on ")] == [
        "Overheads over net on unknown (64×64 pixels, 1000 classes, bfloat16, torch 2.14.1).",
        "Overheads over net on unknown (64×64 pixels, 1000 classes, float32, torch 2.14.1).",
    ]
    assert sum("at batch size" in text for text in found) == 2


def test_a_baseline_alone_and_one_timed_twice_have_no_words() -> None:
    base, variant = pair(1.05, 1.04, 1.06)
    again = replace(variant, spec="net", timing=replace(variant.timed, role="aa"))
    assert words(base, again) == ()
    _, first, second, *_ = words(base, again, variant)
    assert first.startswith("net (again): in a forward pass")  # it is noise, and told as well
    assert second.startswith("net + SE: in a forward pass")
    assert words() == ()


def test_a_table_has_the_words_if_it_has_several_batch_sizes() -> None:
    one, eight = pair(1.05, 1.04, 1.06), pair(1.02, 1.01, 1.03, batch=8)
    (alone,) = times_report(Results(one)).tables
    (both,) = times_report(Results([*one, *eight])).tables
    assert alone.words == ()
    assert both.words == words(*one, *eight)
    assert [row[1] for row in both.rows] == [1, 1, 8, 8]
    assert both.sections == {2}


def test_the_words_are_written_for_text_markdown_and_latex(tmp_path: Path) -> None:
    results = Results(pair(0.95, 0.94, 0.96))
    text, markdown, latex = (
        write_words(results, tmp_path / f"w{suffix}").read_text()
        for suffix in (".txt", ".md", ".tex")
    )
    assert "net + SE: in a forward pass -5.0 % [-6.0, -4.0] at batch size 1." in text
    assert r"-5.0 % \[-6.0, -4.0\] at batch size 1." in markdown
    assert r"$-$5.0~\% {[}$-$6.0, $-$4.0] at batch size 1." in latex
    with pytest.raises(SrbenchError, match=r"w\.pdf is not the name of a text"):
        require_prose(tmp_path / "w.pdf")


def test_a_processor_is_named_by_what_tells_it_apart() -> None:
    facts = {"cpu": "AMD EPYC", "cpu_model": "25-17-1", "cpu_l3_bytes": 32 * 2**20}
    record = timed("net", [0.1] * 6, environment=facts | {"cpu_flags": "avx avx2 avx512f"})
    assert chip(record) == (
        "AMD EPYC, family 25 model 17 stepping 1, 32 MiB of L3 cache, AVX2, AVX-512"
    )
    assert chip(timed("net", [0.1] * 6, environment={"cpu": "M2"})) == "M2"
    on_gpu = timed("net", [0.1] * 6, environment={"gpu": "H"}, setup=Setup("cuda:0"))
    assert chip(on_gpu) == "H"


@pytest.mark.parametrize(
    ("setup", "facts", "said"),
    [
        ({}, {"fp32_cuda_conv": "tf32"}, "float32 with TF32 convolutions"),
        ({}, {"fp32_cuda_conv": "ieee"}, "float32"),
        (
            {},
            {"fp32_cuda_conv": "tf32", "fp32_cuda_matmul": "tf32"},
            "float32 with TF32 convolutions and matrix products",
        ),
        ({"amp": True, "dtype": "bfloat16"}, {"fp32_cuda_conv": "tf32"}, "autocast to bfloat16"),
        ({"device": "cpu"}, {"fp32_cuda_conv": "tf32"}, "float32"),
        ({"cuda_graph": True, "optimizer": "sgd"}, {}, "float32, CUDA graphs, optimiser sgd"),
    ],
)
def test_the_precision_is_the_one_that_was_computed_in(
    setup: dict[str, Any], facts: dict[str, Any], said: str
) -> None:
    setup = {"device": "cuda:0"} | setup
    assert modes(timed("net", [0.1] * 6, setup=Setup(**setup), environment=facts)) == said
