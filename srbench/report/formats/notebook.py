"""A report as HTML inside another page, such as a notebook."""

from functools import cache
from typing import TYPE_CHECKING

from srbench.records.printable import all_printable
from srbench.report.formats import Report
from srbench.report.table import Table, written

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = """
{% for table, titles, rows in tables %}
<table style="border-collapse: collapse; font-variant-numeric: tabular-nums">
<caption style="text-align: left">{{ table.caption }}</caption>
<thead><tr>
{% for title in titles %}
<th style="{{ style(loop.index0, table) }}">{{ title }}</th>
{% endfor %}
</tr></thead>
<tbody>
{% for row in rows %}
<tr{% if loop.index0 in table.sections %} style="border-top: 1px solid"{% endif %}>
{% for cell in row %}
<td style="{{ style(loop.index0, table) }}">{{ cell }}</td>
{% endfor %}
</tr>
{% endfor %}
</tbody>
</table>
{% for note in table.findings + table.notes %}
<p style="font-size: smaller; margin: .2em 0">{{ note }}</p>
{% endfor %}
{% endfor %}
"""


def to_fragment(report: Report) -> str:
    """The tables with full integers, and the notes below them."""
    return _template().render(
        tables=[(table, *written(table, scaled=False)) for table in report.tables],
        style=_style,
    )


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
