"""Runs the notebook, and keeps what its cells show.

python docs/scripts/tour.py         # updates docs/tour.ipynb
"""

import tempfile

import nbformat
from marked import DOCS
from nbclient import NotebookClient
from nbformat import NotebookNode

TOUR = DOCS / "tour.ipynb"
SECONDS = 300  # for one cell


def executed() -> NotebookNode:
    """The notebook, run from its first cell in an empty folder. Raises CellExecutionError."""
    notebook = nbformat.read(TOUR, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook, timeout=SECONDS, record_timing=False, resources={"metadata": {"path": folder}}
        )
        ran: NotebookNode = client.execute()
    ran.metadata.language_info = {"name": "python"}  # not the version that happened to run it
    return ran


if __name__ == "__main__":
    nbformat.write(executed(), TOUR)
