"""A report as HTML inside another page, such as a notebook."""

from functools import cache
from typing import TYPE_CHECKING, Any

from srbench.records.printable import all_printable
from srbench.report.cells import with_titles, written
from srbench.report.formats import Report
from srbench.report.formats.html_tree import INDENT
from srbench.report.table import Table

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = """
{% for table, titles, rows, headings, caption, notes in tables %}
<table style="border-collapse: collapse; font-variant-numeric: tabular-nums">
<caption style="text-align: left">{{ caption }}</caption>
<thead><tr>
{% for title in titles %}
<th style="{{ style(loop.index0, table) }}">{{ title }}</th>
{% endfor %}
</tr></thead>
<tbody>
{% for row in rows %}
{% set number = loop.index0 %}
{% if loop.index0 in headings %}
<tr><td colspan="{{ titles | length }}" style="text-align: left; font-style: italic">
{{ headings[loop.index0] }}</td></tr>
{% endif %}
<tr{% if loop.index0 in table.sections %} style="border-top: 1px solid"{% endif %}>
{% for cell in row %}
{% set branch = table.rows[number][0] if table.is_tree and not loop.index0 %}
<td style="{{ style(loop.index0, table) }}
{%- if branch %}; padding-left: {{ indent * branch.depth }}ch{% endif %}">
{{- branch.label if branch else cell }}</td>
{% endfor %}
</tr>
{% endfor %}
</tbody>
</table>
{% for note in notes %}
<p style="font-size: smaller; margin: .2em 0">{{ note }}</p>
{% endfor %}
{% endfor %}
"""


def to_fragment(report: Report) -> str:
    """The tables with full integers, and the notes below them."""
    return _template().render(tables=map(_parts, report.tables), style=_style, indent=INDENT)


def _parts(table: Table) -> tuple[Any, ...]:
    """The table, its titles, rows and headings, its caption and what is below it."""
    table = table.for_lines
    said = {"full": table.notes, "short": table.brief}.get(table.look.notes, ())
    notes = [*table.findings, *table.words, *(with_titles(table, note) for note in said)]
    caption = with_titles(table, table.caption)
    return table, *written(table, scaled=False), dict(table.headings), caption, notes


def _style(column: int, table: Table) -> str:
    side = "right" if table.columns[column].is_number else "left"
    return f"text-align: {side}; padding: .15em .6em; white-space: nowrap"


@cache
def _template() -> "Template":
    from jinja2 import Environment

    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=all_printable
    )
    return environment.from_string(TEMPLATE)
