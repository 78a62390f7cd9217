"""The workflow for GitHub that checks the committed tables."""

from pathlib import Path

from srbench._project import UNKNOWN
from srbench.tables import FOLDER
from srbench.tables.start.action import Action

WORKFLOW = Path(".github/workflows/srbench.yml")
TEMPLATE = Path(__file__).with_name("workflow.yml.jinja")
PROJECT_FILES = ("pyproject.toml", "setup.py")
REQUIREMENTS = "requirements.txt"


def workflow(action: Action, is_timed: bool, install: str = "") -> str:
    """The workflow, as YAML. ``install`` are pip's arguments for what the user's code needs."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",  # GitHub's own expressions are in braces
        variable_end_string="]]",
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        action=action, is_timed=is_timed, install=install, tables=FOLDER.as_posix()
    )


def own_requirements(folder: Path) -> str:
    """pip's arguments for what the code in a folder needs, as far as its files say."""
    if any((folder / name).is_file() for name in PROJECT_FILES) and (folder / "src").is_dir():
        # Its packages are importable only if they are installed; editable, so that the gate on
        # times finds those of the other version in their place.
        return "-e ."
    return f"-r {REQUIREMENTS}" if (folder / REQUIREMENTS).is_file() else ""


def line_of_owner(text: str) -> int | None:
    """The line, from 1, in which the action's owner has to be filled in; None if it is there."""
    lines = enumerate(text.splitlines(), 1)
    return next((number for number, line in lines if f"uses: {UNKNOWN}/" in line), None)
