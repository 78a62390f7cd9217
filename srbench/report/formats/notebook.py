"""A report as HTML inside another page, such as a notebook."""

from functools import cache
from typing import TYPE_CHECKING

from srbench.records.printable import all_printable
from srbench.report.formats import Report
from srbench.report.table import written

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = """
{% for table, titles, rows in tables %}
<table>
<caption>{{ table.caption }}</caption>
<thead><tr>
{% for title in titles %}
<th style="text-align: {{ sides[table.columns[loop.index0].is_number] }}">{{ title }}</th>
{% endfor %}
</tr></thead>
<tbody>
{% for row in rows %}
<tr{% if loop.index0 in table.sections %} style="border-top: 1px solid"{% endif %}>
{% for cell in row %}
<td style="text-align: {{ sides[table.columns[loop.index0].is_number] }}">{{ cell }}</td>
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
        sides={True: "right", False: "left"},
    )


@cache
def _template() -> "Template":
    from jinja2 import Environment

    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=all_printable
    )
    return environment.from_string(TEMPLATE)
