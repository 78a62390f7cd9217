"""The notebook runs, and its cells show what it says."""

import nbformat
import tour
from nbformat import NotebookNode
from support.pages import VERSIONS

VARIES = "varies"  # the tag of a cell that measures


def shown(cell: NotebookNode) -> list[dict[str, str]]:
    """What a cell shows, by type: as text and as HTML."""
    data = [dict(one.get("data", {"text/plain": one.get("text", "")})) for one in cell.outputs]
    return [{kind: VERSIONS.sub("", text) for kind, text in one.items()} for one in data]


def test_the_notebook_shows_what_it_prints() -> None:
    kept = nbformat.read(tour.TOUR, as_version=4)
    ran = tour.executed()
    cells = [(a, b) for a, b in zip(kept.cells, ran.cells, strict=True) if a.cell_type == "code"]
    assert len(cells) > 8
    assert [a.execution_count for a, _ in cells] == [*range(1, len(cells) + 1)]
    for before, now in cells:
        if VARIES not in before.metadata.get("tags", ()):
            assert shown(before) == shown(now), now.source
        assert [one.output_type for one in before.outputs] == [
            one.output_type for one in now.outputs
        ]
