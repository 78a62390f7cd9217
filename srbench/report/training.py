"""The report of trainings: scores over seeds, each row beside its baseline."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from srbench.errors import several
from srbench.records.record import Record
from srbench.records.runs import Runs, runs_of
from srbench.records.training import SCORES, Training
from srbench.report.arranging import Line, arranged
from srbench.report.brief import training_brief
from srbench.report.columns import raw
from srbench.report.formats import Report
from srbench.report.gains import gain_of, score_of
from srbench.report.labels import Label
from srbench.report.look import MODEL, PLAIN, Look
from srbench.report.names import Names
from srbench.report.notes import measured_with, settings_note
from srbench.report.problems import problems
from srbench.report.table import Column

WHY_T = (
    "the 95 % t interval of paired differences, which assumes that they are about normal (a few "
    "seeds have no interval that assumes less)"
)
MEANINGS = {
    "undecided": "Undecided: the interval contains 0. To decide, train with more seeds.",
    "equal": "All equal: the differences say nothing of their spread, and have no interval.",
    "no interval": "One seed (n=1) has no interval: train with more.",
}
FEW_CLASSES = 10
COLUMNS = (
    *(MODEL, "train_images", "seeds"),
    *(f"{score}{what}" for score in SCORES for what in ("", "_delta")),
)
CORRECTED = (
    "its variance is corrected for training images that the runs share (Nadeau and Bengio, 2003)"
)
FIXED = "all seeds share the images: it holds for other seeds, not for other images"


def training_report(records: Sequence[Record], look: Look = PLAIN) -> Report:
    """One row for each model and regime: mean and standard deviation over seeds, and the paired
    difference from the baseline. CSV has the same rows, JSON every run with its curve. Raises
    SrbenchError if the look names a column that is not in `COLUMNS`.
    """
    look.require_known(COLUMNS)
    runs = runs_of(records)
    every = [name for name in SCORES if any(name in one.scores for one in runs)]
    flat = [_flat(one, every) for one in runs]
    names = [name for name in every if is_telling(name, runs)]
    named = Names(records, look.names)
    columns = _columns(runs, names, look)
    table = arranged(
        "training",
        {MODEL: Column("Model", "model")} | {name: one.column for name, one in columns.items()},
        [
            Line(
                (named(one.row.spec), *(column.read(one) for column in columns.values())),
                (one.records[0].baseline, one.regime, *one.row[1:]),
                _group(one, named),
                one.row.spec == one.records[0].baseline,
            )
            for one in runs
        ],
        look,
        caption="Scores on the test images over seeds, and the difference from the baseline's.",
        notes=_notes(records, runs, names),
        brief=[*problems(records), *training_brief(runs, names)],
    )
    return Report((table,), tuple(flat[0]) if flat else ("spec",), flat, records=tuple(records))


def is_telling(score: str, runs: Sequence[Runs]) -> bool:
    """Whether a table shows a score: top-5 of ten classes or fewer says little."""
    return score != "top5" or any((one.row.num_classes or 0) > FEW_CLASSES for one in runs)


def gains_notes(runs: Sequence[Runs], names: Sequence[str]) -> Iterator[str]:
    """What the scores, the differences and their intervals are, and what was trained on; nothing if
    no score is shown."""
    if not runs or not names:
        return
    trainings = [training for one in runs for training in one.trainings]
    shown = ", ".join(SCORES[name] for name in names)
    yield f"{shown}: in % of {_tested(trainings)}, {_spread(runs)}."
    gains = [gain for one in runs for name in names if (gain := gain_of(one, name))]
    if gains:
        yield (
            "Δ: the mean of the differences from the baseline with the same seed, in percentage "
            f"points{interval_note(runs)}."
        )
    verdicts = {gain.verdict for gain in gains}
    yield from (said for verdict, said in MEANINGS.items() if verdict in verdicts)
    yield from _mixed(runs)
    yield from _trained_on(trainings)
    yield measured_with("Trained", runs[0].records[0].environment)


def _mixed(runs: Sequence[Runs]) -> Iterator[str]:
    """Which rows have runs that differ in more than their seeds."""
    for one in runs:
        known = [(r.fingerprint, r.environment, r.training) for r in one.records]
        parts: dict[str, set[Any]] = {
            "code": {code for code, _, _ in known},
            "images": {t.data_digest for _, _, t in known if t},
            "processes": {t.processes for _, _, t in known if t},
            **{name: {env.get(name) for _, env, _ in known} for name in ("torch", "cpu", "gpu")},
        }
        differing = [name for name, values in parts.items() if len(values) > 1]
        if differing:
            yield (
                f"* {one.row.spec}: the runs of its seeds differ in {', '.join(differing)}: train "
                "all of them alike."
            )


def _tested(trainings: Sequence[Training]) -> str:
    return several({one.test_images for one in trainings}, "image")


def _spread(runs: Sequence[Runs]) -> str:
    numbers = {len(one.records) for one in runs}
    return (
        f"mean ± standard deviation over {several(numbers, 'seed')}"
        if numbers - {1}
        else "one seed"
    )


def _trained_on(trainings: Sequence[Training]) -> Iterator[str]:
    """Which data were trained on, and by which recipes."""
    for regime in dict.fromkeys(one.key.regime for one in trainings):
        alike = [one for one in trainings if one.key.regime == regime]
        tested = several({one.test_images for one in alike}, "other")
        holds = any(one.held_out is not None for one in alike)
        how = f"each seed holds out {tested} to test on" if holds else f"tested on {tested}"
        images = several({one.train_images for one in alike}, "image")
        yield f"Trained on {regime}: {images}; {how}."
    for recipe in {one.key.regime.recipe: one.recipe for one in trainings}.values():
        departs = f"; it departs from it: {recipe['departs']}" if recipe.get("departs") else ""
        yield f"Recipe: {recipe.get('source', 'unknown')}{departs}."


def interval_note(runs: Sequence[Runs]) -> str:
    """What kind of interval the differences have, as the end of a sentence."""
    return f", with {'; '.join([WHY_T, *_assumed(runs)])}"


def _assumed(runs: Sequence[Runs]) -> Iterator[str]:
    if any(one.held_out is not None for one in runs):
        yield CORRECTED
    if any(one.held_out is None for one in runs):
        yield FIXED


def _notes(records: Sequence[Record], runs: Sequence[Runs], names: Sequence[str]) -> Iterator[str]:
    yield from problems(records)
    trainings = [training for one in runs for training in one.trainings]
    if not trainings:
        return
    yield from gains_notes(runs, names)
    if settings := settings_note(records):
        yield settings


@dataclass(frozen=True)
class _Read:
    """A column, and how to read its value from the runs of a row."""

    column: Column
    read: Callable[[Runs], Any]


def _columns(runs: Sequence[Runs], names: Sequence[str], look: Look) -> dict[str, _Read]:
    """The columns that are asked for, or those that have something to say."""
    known = {
        "train_images": _Read(Column("Images", "integer"), lambda r: r.trainings[0].train_images),
        "seeds": _Read(Column("Seeds", "integer"), lambda r: len(r.records)),
    }
    several = {
        "train_images": len({one.regime for one in runs}) > 1,
        "seeds": len({len(one.records) for one in runs}) > 1,
    }
    scores = dict.fromkeys([*names, *(look.columns and SCORES)])
    for name in [one for one in SCORES if one in scores]:
        title = SCORES[name]
        known[name] = _Read(Column(title, "score", title), partial(score_of, name=name))
        delta = Column("Δ", "gain", title)
        known[f"{name}_delta"] = _Read(delta, partial(gain_of, name=name))
    if not look.columns:
        return {name: one for name, one in known.items() if several.get(name, True)}
    return {name: known[name] for name in look.columns if name in known}


def _group(one: Runs, named: Names) -> tuple[Label, ...]:
    """What the runs have in common with those that they are compared with."""
    others = (str(one.regime), one.row.size)
    return (named(one.records[0].baseline).title, *map(Label, others))


def _flat(one: Runs, names: Sequence[str]) -> dict[str, Any]:
    """In base units: scores and differences as shares."""
    row: dict[str, Any] = {"spec": one.row.spec}
    for name in names:
        row |= raw(name, "score", score_of(one, name))
        row |= raw(f"{name}_delta", "gain", gain_of(one, name))
    training = one.trainings[0]
    return row | {
        "baseline": one.records[0].baseline,
        "seeds": len(one.records),
        "data": one.regime.data,
        "recipe": one.regime.recipe,
        "changes": "; ".join(one.regime.changes),
        "share": one.regime.share,
        "train_images": training.train_images,
        "test_images": training.test_images,
    }
