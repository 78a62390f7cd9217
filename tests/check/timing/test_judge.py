"""The time gate's verdict: on simulated machines, and what each of its parts is for."""

import re

import numpy as np
import pytest

from srbench.check.report import verdicts_report
from srbench.check.timing.judge import is_decided, judge
from srbench.check.verdicts import Verdict, timing_exit_code
from srbench.report.formats import FORMATS

SLOW, SAME, NOISY = [1.10] * 6, [1.0] * 6, [0.8, 1.3, 0.9, 1.2, 1.0, 1.1]


def outcome(ratios: list[float], again: list[float], control: list[float]) -> str:
    return judge("t", "s", 0.05, ratios, again, control).outcome


@pytest.mark.parametrize(
    ("ratios", "again", "control", "expected"),
    [
        (SAME, [], SAME, "pass"),
        ([0.5] * 6, [], SAME, "pass"),
        (SLOW, SLOW, SAME, "regression"),
        (SLOW, SAME, SAME, "inconclusive"),
        (SLOW, [], SAME, "inconclusive"),
        (SLOW, SLOW, NOISY, "inconclusive"),
        (SLOW, SLOW, [1.2] * 6, "inconclusive"),
        (SLOW, SLOW, [0.8] * 6, "inconclusive"),
        (NOISY, [], SAME, "inconclusive"),
        ([1.05] * 6, [], SAME, "inconclusive"),
        ([1.2] * 5, [1.2] * 6, SAME, "inconclusive"),
    ],
)
def test_a_regression_needs_a_confirmation_and_a_quiet_machine(
    ratios: list[float], again: list[float], control: list[float], expected: str
) -> None:
    assert outcome(ratios, again, control) == expected


def test_a_change_is_judged_in_the_verdict_column_only() -> None:
    """A change whose interval contains 0 may pass or be inconclusive: its cell says neither."""
    verdicts = [
        judge("t", spec, 0.05, ratios, [], SAME)
        for spec, ratios in (("pass", [0.8, 1.01, 0.9, 0.9, 1.0, 0.95]), ("inconclusive", NOISY))
    ]
    assert [v.outcome for v in verdicts] == [v.spec for v in verdicts]
    shown = FORMATS["text"](verdicts_report(verdicts, "other"))
    rows = [line for line in shown.splitlines() if line.startswith("t ")]
    assert re.search(r" -\d\.\d \[-20\.0, \+1\.0\]", rows[0]), "the value, and no word for it"
    assert "[-20.0, +30.0]" in rows[1]
    assert not {"none", "undecided", "n.s."} & set(shown.replace(";", " ").split())


def test_two_measurements_that_exclude_each_other_are_said_to_do_so() -> None:
    note = "further apart than their intervals"
    for again, is_said in (([1.3] * 6, True), (SLOW, False)):
        verdict = judge("t", "s", 0.05, SLOW, again, SAME)
        assert (note in FORMATS["text"](verdicts_report([verdict], "other"))) == is_said


def test_more_processes_are_needed_only_near_the_tolerance() -> None:
    assert is_decided(SAME, 0.05)
    assert is_decided(SLOW, 0.05)
    assert not is_decided(NOISY, 0.05)


def simulated(ratio: float, noise: float, runs: int = 400) -> list[str]:
    """Outcomes of runs in which each process has its own chance effect and rounds have no noise."""
    generator = np.random.default_rng(7)

    def block(true: float) -> list[float]:
        return list(true * generator.lognormal(0, noise, 6))

    return [outcome(block(ratio), block(ratio), [*block(1.0), *block(1.0)]) for _ in range(runs)]


@pytest.mark.parametrize("noise", [0.005, 0.02, 0.05, 0.2])
def test_the_same_code_is_no_regression_however_noisy_the_machine(noise: float) -> None:
    assert simulated(1.0, noise).count("regression") == 0


def test_a_slowdown_of_a_tenth_is_found_on_a_slightly_noisy_machine() -> None:
    assert simulated(1.10, 0.01).count("regression") >= 380


def test_a_slowdown_that_is_tolerated_is_seldom_called_a_regression() -> None:
    assert simulated(1.05, 0.02).count("regression") <= 4


def test_the_most_serious_outcome_sets_the_exit_code() -> None:
    def verdicts(*outcomes: str) -> list[Verdict]:
        return [Verdict("t", "s", one, 0.05) for one in outcomes]

    assert timing_exit_code(verdicts("pass", "new")) == 0
    assert timing_exit_code(verdicts("pass", "inconclusive")) == 3
    assert timing_exit_code(verdicts("inconclusive", "failed")) == 4
    assert timing_exit_code(verdicts("failed", "regression", "inconclusive")) == 1
    assert timing_exit_code([]) == 0
