"""Does a row still train as recorded? One run's first epoch is trained again."""

from collections.abc import Iterator
from dataclasses import replace
from statistics import stdev

from srbench.check.findings import Finding
from srbench.records.record import Record
from srbench.records.training import EpochResult, Training
from srbench.runner.training import TrainingPlan, run
from srbench.spec.parse import parse
from srbench.tables.committed import Committed
from srbench.tables.layout import TrainGate
from srbench.training.recipe import changes_of

# With the same, the same bits are expected.
SAME = ("cpu", "cpu_model", "cpu_capability", "threads", "torch", "gpu")
DEVIATIONS = 3.0  # over seeds, that the first epoch may be off elsewhere
EPOCHS = 1
SEED = 0
AGAIN = "if this is intended, delete these runs from the records and train them again; or undo it"


def check_training(table: Committed) -> Iterator[Finding]:
    """A finding if the first epoch of the row that the layout names, with seed 0, does not come out
    as recorded: to the bit on the same processor with the same threads and version of torch, else
    within three standard deviations over the seeds; beyond these it is inconclusive.

    Raises SrbenchError if the data cannot be read.
    """
    gate = table.layout.train
    assert gate is not None
    spec = trained_again(table)
    recorded = _recorded(table, gate, spec)
    first = next((one for one in recorded if one.key.seed == SEED), None)
    if first is None:
        remedy = f"srbench table {table.name} --train"
        yield Finding("missing", table.name, f"has no run with seed {SEED}", (), remedy, spec)
        return
    record = next(r for r in table.records if r.training is first)
    now = _trained(gate, spec, record)
    line = {"file": table.loaded.path, "line": table.loaded.line(record)}
    if now.status != "ok" or now.training is None:
        yield Finding("failed", table.name, now.status, row=spec, **line)  # type: ignore[arg-type]
    elif found := _difference(recorded, first, record, now):
        yield replace(found, table=table.name, row=spec, **line)  # type: ignore[arg-type]


def trained_again(table: Committed) -> str:
    """The spec of the row that the layout names under [train], or of the first row."""
    gate = table.layout.train
    return str(parse(gate.check)) if gate and gate.check else table.rows[0].spec


def _recorded(table: Committed, gate: TrainGate, spec: str) -> list[Training]:
    """The runs of a row with the first share of the layout."""
    return [
        one.training
        for one in table.records
        if one.training
        and one.spec == spec
        and one.training.epochs
        and gate.trains(one.training.key.regime)
        and one.training.key.regime.share == gate.shares[0]
    ]


def _trained(gate: TrainGate, spec: str, record: Record) -> Record:
    threads = record.environment.get("threads")
    plan = TrainingPlan(
        gate.data,
        gate.recipe,
        changes_of(gate.set),
        [SEED],
        gate.shares[:1],
        threads=threads if isinstance(threads, int) else None,
        epochs=EPOCHS,
    )
    (now,) = run([parse(spec)], plan)
    return now


def _difference(
    recorded: list[Training], first: Training, record: Record, now: Record
) -> Finding | None:
    assert now.training is not None
    if now.training.data_digest != first.data_digest:
        return Finding("changed", "", "the images are other ones than it was trained on", (), AGAIN)
    if now.training.key.regime.digest != first.key.regime.digest:
        return Finding("changed", "", "the recipe is another one than it was trained by", (), AGAIN)
    was, found = first.epochs[0], now.training.epochs[0]
    if was == found:
        return None
    told = f"its first epoch comes to {_written(found)}, recorded are {_written(was)}"
    changed = [name for name in SAME if record.environment.get(name) != now.environment.get(name)]
    changed += ["processes"] if first.processes != now.training.processes else []
    if not changed:
        why = "on the same processor, threads and version of torch"
        return Finding("changed", "", f"{told}, {why}", (), AGAIN)
    if all(abs(a - b) <= DEVIATIONS * d for a, b, d in _compared(recorded, was, found)):
        return None
    others = ", ".join(changed)
    return Finding(
        "inconclusive",
        "",
        f"{told}, more than {DEVIATIONS:g} standard deviations over seeds apart; other than "
        f"recorded: {others}",
        (),
        "run it where the table was made, or look for what changed",
    )


def _compared(
    recorded: list[Training], was: EpochResult, found: EpochResult
) -> Iterator[tuple[float, float, float]]:
    """The loss and each score, recorded and now, with the deviation over seeds."""
    yield was.loss, found.loss, _deviation([one.epochs[0].loss for one in recorded])
    for name in was.scores.keys() & found.scores.keys():
        over_seeds = [one.epochs[0].scores.get(name, 0.0) for one in recorded]
        yield was.scores[name], found.scores[name], _deviation(over_seeds)


def _deviation(values: list[float]) -> float:
    return stdev(values) if len(values) > 1 else 0.0


def _written(one: EpochResult) -> str:
    scores = ", ".join(f"{name} {100 * value:.2f} %" for name, value in one.scores.items())
    return f"loss {one.loss:.15g}, {scores}"
