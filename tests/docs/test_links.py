"""Every link between files of this project leads somewhere, and the README is short."""

import re
import subprocess
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest
from support.pages import DOCS, PAGES, ROOT, text

OTHERS = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md")
WITH_LINKS = (*PAGES, *(ROOT / name for name in OTHERS))
FENCE = re.compile(r"^(`{3,})[^\n]*\n.*?^\1$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
ELSEWHERE = ("http://", "https://", "mailto:")
PAGE = r"[a-zA-Z0-9_./-]*docs/[a-zA-Z0-9_./-]+\.(md|py|svg|jsonl|ipynb)"
ISSUES = "../../issues"  # of the repository's page, from its README


def links(page: Path) -> list[str]:
    """Where the links of a page lead, without those to other sites."""
    prose = re.sub(r"`[^`\n]*`", "", FENCE.sub("", text(page)))
    return [one for one in LINK.findall(prose) if not one.startswith((*ELSEWHERE, ISSUES))]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site name them."""
    found: Counter[str] = Counter()
    names = set()
    for heading in re.findall(r"^#{1,6} +(.*)$", FENCE.sub("", text(page)), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")
        names.add(slug if not found[slug] else f"{slug}-{found[slug]}")
        found[slug] += 1
    return names


def leads_nowhere(page: Path, link: str) -> bool:
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return True
    return bool(anchor) and (target.suffix != ".md" or anchor not in anchors(target))


@pytest.mark.parametrize("page", WITH_LINKS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [link for link in links(page) if leads_nowhere(page, link)] == []


def test_links_are_found_and_wrong_ones_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A `b`: c?\n[x](#a-b-c) [`y`](#d) ![z](no.svg) [o](https://x.y)\n```\n[n](m)\n```\n"
    )
    assert links(page) == ["#a-b-c", "#d", "no.svg"]
    assert anchors(page) == {"a-b-c"}
    assert leads_nowhere(page, "no.svg")


def test_every_page_is_reached_from_the_front_page() -> None:
    seen: set[Path] = set()
    following = [ROOT / "README.md"]
    while following:
        page = following.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        entries = re.findall(r"^([\w/-]+)$", "\n".join(_toctrees(page)), re.MULTILINE)
        targets = [*(link.partition("#")[0] for link in links(page)), *(f"{e}.md" for e in entries)]
        following += [
            path for one in targets if one and (path := (page.parent / one).resolve()).is_file()
        ]
    assert set(DOCS.rglob("*.md")) <= seen


def _toctrees(page: Path) -> list[str]:
    return re.findall(r"```\{toctree\}\n(.*?)```", text(page), re.DOTALL)


def test_the_readme_is_short() -> None:
    assert len(text(ROOT / "README.md").splitlines()) <= 150


def test_nothing_names_a_page_that_has_moved() -> None:
    """In the source, tests, workflows and Markdown: a path below docs/ must exist."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    found = subprocess.run(
        ["git", "grep", "-hIoE", PAGE, "--", ".", ":!tests/test_package.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    named = {name for name in found.stdout.split() if name.startswith("docs/")}
    assert len(named) > 10
    assert {name for name in named if not (ROOT / name).exists()} == set()
