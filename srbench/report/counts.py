"""The report of a comparison's counts, and of the inserted blocks' counts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from srbench.errors import alternatives, together
from srbench.records.counts import COMPARED, TITLES, Counts, ModuleCounts
from srbench.records.join import RowIndex, rows_of
from srbench.records.memory_use import OPTIMIZERS
from srbench.records.record import Record
from srbench.records.results import Results
from srbench.records.schema import COUNTER
from srbench.report.brief import brief_problems, counts_brief
from srbench.report.columns import (
    ASKED,
    AT,
    COUNTED,
    FIELDS,
    MAX_BATCH,
    Field,
    fields,
    needs,
    with_sized,
)
from srbench.report.formats import Report
from srbench.report.labels import Name
from srbench.report.layer_memory import ALIVE, ROOM
from srbench.report.look import MODEL, PLAIN, Look
from srbench.report.names import Names
from srbench.report.notes import given, measured_with, runs_on, sections, settings_note
from srbench.report.other_tools import flat_totals, tools_tables
from srbench.report.problems import doubts, problems, remarks
from srbench.report.rows import rows_table
from srbench.report.table import Column, Table

MODULE_COLUMNS = (
    *("spec", "params", "macs", "flops", "stage", "module", "block"),
    *("channels", "height", "width"),
)
KINDS = (ASKED, COUNTED)
COLUMNS = (MODEL, *(name for name, one in FIELDS.items() if one.of in KINDS))
USUAL = tuple(f"{metric}{what}" for metric in COMPARED for what in ("", "_delta", "_percent"))
WORDS = {TITLES["params"]: "Parameters"}


def counts_report(results: Results, per_module: bool = False, look: Look = PLAIN) -> Report:
    """Each row beside its baseline; with ``per_module`` the inserted blocks as well.

    CSV has one kind of row, with ``per_module`` that of the blocks. JSON always has both. Raises
    SrbenchError if the look names a column that is not in `COLUMNS`.
    """
    look.require_known(with_sized(COLUMNS, look.columns, KINDS))
    inserted = [_by_stage(results, look)] if per_module and _inserted(results) else []
    others = tools_tables(list(results), look)
    tables = (_comparison(results, look), *inserted, *others)
    rows = _module_rows(results) if per_module else _flat(results, look)
    columns = MODULE_COLUMNS if per_module else tuple(rows[0])
    return Report(tables, columns, rows, records=tuple(results))


def _flat(results: Results, look: Look) -> list[dict[str, Any]]:
    """The rows of the CSV: all counts, and the columns asked for that have a size."""
    sized = fields((name for name in look.columns if AT in name), KINDS)
    index = RowIndex(tuple(results))
    has_conventions = _has_conventions(results)
    return [
        row
        | {name: one.read(index(record.row)) for name, one in sized.items()}
        | (flat_totals(record.counts) if has_conventions else {})
        for record, row in zip(results, results.to_rows(), strict=True)
    ]


def _has_conventions(results: Results) -> bool:
    return any(record.counts and record.counts.conventions is not None for record in results)


def _comparison(results: Results, look: Look) -> Table:
    rows = rows_of(results)
    inputs = ["input"] if len({row.row.size for row in rows}) > 1 else []
    names = look.columns or (*inputs, *USUAL)
    columns = fields((name for name in names if name != MODEL), KINDS)
    wrong = [*problems(results), *doubts(rows)]
    return rows_table(
        "counts",
        rows,
        columns,
        counts_caption(columns.values()),
        [*wrong, *counts_notes(results, columns)],
        [
            *brief_problems(list(results)),
            *doubts(rows),
            *counts_brief(results, columns, look.names),
        ],
        look=look,
    )


def counts_caption(columns: Iterable[Field]) -> str:
    """What a table with these columns shows."""
    groups = dict.fromkeys(one.column.group for one in columns if one.column.group)
    counted = together([WORDS.get(group, group) for group in groups] or ["Counts"])
    return f"{counted} of each model compared with its baseline."


def counts_notes(records: Iterable[Record], names: Iterable[str]) -> Iterator[str]:
    """What was counted, how and with what.

    ``names`` are the names of the columns: what no column shows is not explained.
    """
    names = list(names)
    records = list(records)
    counted = [(record, record.counts) for record in records if record.counts]
    if not counted:
        return
    delta = (
        " Δ: difference from the row's baseline."
        if any(name.endswith(("_delta", "_percent")) for name in names)
        else ""
    )
    per = runs_on((record for record, _ in counted), "per image", "per call")
    yield f"{per[0].upper()}{per[1:]}, in evaluation mode.{delta}"
    if objects := given(records):
        yield objects
    if settings := settings_note(records):
        yield settings
    flops = " FLOPs: fvcore's total, which adds norms, adaptive average pooling and interpolation."
    yield (
        "MACs: multiply-adds of convolutions, linear layers and matrix products, counted "
        + _counted_by([counts for _, counts in counted])
        + (flops if any(name.startswith("flops") for name in names) else "")
    )
    yield from _room(names)
    yield from _of_memory([counts for _, counts in counted], names)
    operators = {op.rstrip("_") for _, counts in counted for op in counts.uncounted}
    yield (
        "Not counted, by convention (elementwise operators, reductions, norms, pooling, softmax): "
        f"{', '.join(sorted(operators)) or 'nothing'}."
    )
    yield from remarks(records)
    yield from dict.fromkeys(measured_with("Counted", r.environment) for r, _ in counted)


def _of_memory(counted: Sequence[Counts], names: Sequence[str]) -> Iterator[str]:
    """What activations and bytes are, where a column shows them."""
    shown = needs(names)
    if "activations" in shown:
        yield (
            "Activations: elements that convolutions, linear layers and matrix products put out."
        )
    if "memory" in shown:
        optimizers = dict.fromkeys(OPTIMIZERS[c.memory.optimizer] for c in counted if c.memory)
        yield (
            f"{ALIVE} In training, gradients and the state of "
            f"{alternatives(optimizers or ['the optimiser'])} are part of it. Peaks are of one "
            "image, or of the batch in the title."
        )


def _room(names: Sequence[str]) -> Iterator[str]:
    if any(name.startswith(tuple(MAX_BATCH)) for name in names):
        yield ROOM


def _counted_by(counted: Sequence[Counts]) -> str:
    """What counted the MACs, and how far the second count agrees."""
    older = [counts.counter != COUNTER for counts in counted]
    if any(older):
        return "by fvcore." if all(older) else "by fvcore, and newer rows as torch runs them."
    by = "from the operators that torch runs"
    agreed = [counts.macs == counts.macs_fvcore for counts in counted]
    if all(agreed):
        return f"{by} and, with the same result, by fvcore."
    return f"{by}; fvcore counts the same in the rows with FLOPs." if any(agreed) else f"{by}."


def _module_rows(results: Results) -> list[dict[str, Any]]:
    return [
        {
            "spec": record.spec,
            "params": module.params,
            "macs": module.macs,
            "flops": module.flops,
            "stage": module.stage,
            "module": module.module,
            "block": module.block,
            "channels": module.shape[0],
            "height": module.shape[1],
            "width": module.shape[2],
        }
        for record, module in _inserted(results)
    ]


def _inserted(results: Results) -> list[tuple[Record, ModuleCounts]]:
    return [(r, module) for r in results if r.counts for module in r.counts.modules]


def _by_stage(results: Results, look: Look) -> Table:
    named = Names(results, look.names)
    columns = (
        Column("Model", "model"),
        Column("Stage", "name"),
        Column("Block", "name"),
        Column("N", "integer"),
        Column("C×H×W", "name"),
        *(Column(TITLES[metric], "count", TITLES[metric]) for metric in COMPARED),
    )
    stages = groupby(_inserted(results), key=lambda at: (at[0].spec, at[1].stage, at[1].block))
    rows = [_stage_row(named(spec), [m for _, m in members]) for (spec, _, _), members in stages]
    return Table(
        "modules",
        columns,
        tuple(rows),
        "Parameters, MACs and FLOPs that the inserted blocks add, N blocks in each stage.",
        sections=sections(row[0] for row in rows),
        look=replace(
            look,
            naming="title" if look.naming == "short" else look.naming,
            label=look.label and f"{look.label}-modules",
        ),
    )


def _stage_row(model: Name, modules: list[ModuleCounts]) -> tuple[Any, ...]:
    first = modules[0]
    return (
        model,
        first.stage,
        first.block,
        len(modules),
        "×".join(str(side) for side in first.shape),
        *(sum(getattr(module, metric) for module in modules) for metric in COMPARED),
    )
