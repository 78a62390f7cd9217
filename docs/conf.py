"""How Sphinx makes the site from these pages: `make docs`."""

import re
from typing import Any

from srbench import __version__
from srbench._project import BRANCH, OWNER, REPOSITORY, UNKNOWN

project = "srbench"
author = "the srbench developers"
release = version = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["scripts"]
nb_execution_mode = "off"  # the tests run the notebook, and compare what it shows
myst_heading_anchors = 4
default_role = "code"
smartquotes = False  # -- begins an option
autodoc_member_order = "bysource"
copybutton_prompt_text = "$ "
suppress_warnings = ["misc.highlighting_failure"]  # transcripts hold signs that no lexer knows

html_theme = "furo"
html_title = f"srbench {version}"
html_static_path = ["site"]
html_css_files = ["site.css"]
html_show_copyright = False

# Pages of the repository that the site has as well.
INCLUDED = {
    f"{name.upper()}.md": f"project/{name}.md" for name in ("changelog", "contributing", "security")
}
# A link to a file outside this folder.
OUTSIDE = re.compile(r"\[([^\]]*)\]\((?:\.\./)+((?!\.)[\w./-]+)(#[\w-]+)?\)")
FILES = f"https://github.com/{OWNER}/{REPOSITORY}/blob/{BRANCH}" if OWNER != UNKNOWN else ""


def link_outside(app: Any, name: str, source: list[str]) -> None:
    """Let links to files outside this folder lead to the site's own page, or to the repository.

    Without a known repository only the text of such a link stays.
    """
    depth = name.count("/")

    def outside(found: re.Match[str]) -> str:
        text, path, anchor = found[1], found[2], found[3] or ""
        if found[0].count("../") <= depth:
            return found[0]
        if path in INCLUDED:
            return f"[{text}]({'../' * depth}{INCLUDED[path]}{anchor})"
        return f"[{text}]({FILES}/{path}{anchor})" if FILES else text

    source[0] = OUTSIDE.sub(outside, source[0])


def setup(app: Any) -> None:
    app.connect("source-read", link_outside)
