"""The report of a comparison's counts, and of where the inserted blocks' counts are."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from srbench.records import ModuleCounts, Record
from srbench.report.formats import Report
from srbench.report.notes import MARK, measured_with, problems, sections, settings_note
from srbench.report.table import Column, Table
from srbench.results import COMPARED, Results

TITLES = {"params": "Params", "macs": "MACs", "flops": "FLOPs"}
MODULE_COLUMNS = (
    *("spec", "params", "macs", "flops", "stage", "module", "block"),
    *("channels", "height", "width"),
)


def counts_report(results: Results, per_module: bool = False) -> Report:
    """Each row beside its baseline; with ``per_module`` the inserted blocks as well.

    CSV has one kind of row: with ``per_module`` the blocks'. JSON always has both.
    """
    inserted = [_by_stage(results)] if per_module and _inserted(results) else []
    tables = (_comparison(results), *inserted)
    rows = _module_rows(results) if per_module else results.to_rows()
    columns = MODULE_COLUMNS if per_module else tuple(rows[0])
    return Report(tables, columns, rows, results.to_json())


def _comparison(results: Results) -> Table:
    columns = [Column("Model", "name")]
    for metric in COMPARED:
        title = TITLES[metric]
        columns += [
            Column(title, "count", title),
            Column("Δ", "delta", title),
            Column("Δ %", "percent", title),
        ]
    return Table(
        "counts",
        tuple(columns),
        tuple(_comparison_row(results, record) for record in results),
        "Parameters, MACs and FLOPs of each model beside its baseline.",
        tuple(_notes(results)),
        sections(record.baseline for record in results),
    )


def _comparison_row(results: Results, record: Record) -> tuple[Any, ...]:
    doubtful = record.warnings or record.status != "ok"
    row: list[Any] = [record.spec + (MARK if doubtful else "")]
    for metric in COMPARED:
        value = getattr(record.counts, metric) if record.counts else None
        row += [value, results.delta(record, metric), results.percent(record, metric)]
    return tuple(row)


def _notes(results: Results) -> Iterable[str]:
    yield from problems(results)
    counted = [(record, record.counts) for record in results if record.counts]
    if not counted:
        return
    first = results[0]
    channels, height, width = first.input
    yield (
        f"Per image of {channels}×{height}×{width}, {first.num_classes} classes, "
        "in evaluation mode. Δ is to the row's baseline."
    )
    if settings := settings_note(results):
        yield settings
    agreed = all(counts.macs == counts.macs_torch for _, counts in counted)
    yield (
        "MACs: multiply-adds of convolutions, linear layers and matrix products, counted by fvcore"
        + (" and, with the same result, by torch's FlopCounterMode" if agreed else "")
        + ". FLOPs: fvcore's total, which adds batch norm and adaptive average pooling."
    )
    operators = {op.rstrip("_") for _, counts in counted for op in counts.uncounted}
    yield (
        "Not counted, by convention (elementwise operators, pooling, softmax): "
        f"{', '.join(sorted(operators)) or 'nothing'}."
    )
    yield measured_with("Counted", first.environment)


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


def _by_stage(results: Results) -> Table:
    columns = (
        Column("Model", "name"),
        Column("Stage", "name"),
        Column("Block", "name"),
        Column("N", "integer"),
        Column("C×H×W", "name"),
        *(Column(title, "count", title) for title in TITLES.values()),
    )
    stages = groupby(_inserted(results), key=lambda at: (at[0].spec, at[1].stage, at[1].block))
    rows = [_stage_row(spec, [m for _, m in members]) for (spec, _, _), members in stages]
    return Table(
        "modules",
        columns,
        tuple(rows),
        "What the inserted blocks, N in each stage, add to parameters, MACs and FLOPs.",
        sections=sections(row[0] for row in rows),
    )


def _stage_row(spec: str, modules: list[ModuleCounts]) -> tuple[Any, ...]:
    first = modules[0]
    return (
        spec,
        first.stage,
        first.block,
        len(modules),
        "×".join(str(side) for side in first.shape),
        *(sum(getattr(module, metric) for module in modules) for metric in COMPARED),
    )
