"""The action of GitHub: its steps, run as scripts in a folder that holds one file of blocks."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.afresh import Afresh
from support.github import FakeGitHub, serving

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
BLOCKS = """
from torch import nn

class Scale(nn.Module):
    def __init__(self, channels: int, hidden: int = 4) -> None:
        super().__init__()
        self.scale = nn.Conv2d(channels, hidden, 1)
        self.back = nn.Conv2d(hidden, channels, 1)

    def forward(self, x):
        return x + self.back(self.scale(x))
"""
BENCH = "import time\n\ndef wait():\n    time.sleep({seconds})\n"
LAYOUT = """caption = "What a block costs."
columns = ["params", "params_delta"]
[[rows]]
models = ["cifar_resnet20"]
variants = ["blocks:Scale"]
[time]
callables = ["bench:wait"]
"""


class Job:
    """Runs the steps of the action that are scripts, one after the other, as GitHub does."""

    def __init__(self, folder: Path, files: Path, github: FakeGitHub) -> None:
        self.folder, self.files, self.github = folder, files, github
        self.environment = dict(os.environ)
        self.event: object = None

    def __call__(self, *skipped: str, **inputs: str) -> int:
        """The exit code of the first step that fails; ``skipped`` are scripts."""
        given = {name: str(one.get("default", "")) for name, one in ACTION["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        self.files.mkdir(exist_ok=True)
        for name in ("summary.md", "outputs"):
            (self.files / name).unlink(missing_ok=True)
        for step in ACTION["runs"]["steps"]:
            if "run" in step and not any(name in step["run"] for name in skipped):
                done = self._run(step, given)
                if done.returncode:
                    return done.returncode
        return 0

    def _run(self, step: dict[str, Any], inputs: dict[str, str]) -> subprocess.CompletedProcess:
        variables = {name: expanded(text, inputs) for name, text in step["env"].items()}
        if "GITHUB_TOKEN" in variables:
            variables["GITHUB_TOKEN"] = "secret"
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            env=self.environment | self.github.variables(self.files, self.event) | variables,
        )

    @property
    def outputs(self) -> dict[str, str]:
        lines = (self.files / "outputs").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def summary(self) -> str:
        return (self.files / "summary.md").read_text()


def expanded(text: str, inputs: dict[str, str]) -> str:
    """A value of the action, with its expressions filled in."""
    known = {f"inputs.{name}": value for name, value in inputs.items()}
    known |= {"github.action_path": str(ROOT), "github.token": "secret"}
    return re.sub(r"\$\{\{\s*([\w.-]+)\s*\}\}", lambda found: known[found[1]], text)


@pytest.fixture(scope="module")
def repository(afresh: Afresh, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds blocks, a table and nothing else."""
    folder = tmp_path_factory.mktemp("bare") / "repository"
    (folder / "tables").mkdir(parents=True)
    (folder / "blocks.py").write_text(BLOCKS)
    (folder / "bench.py").write_text(BENCH.format(seconds=0.001))
    (folder / "tables" / "mine.toml").write_text(LAYOUT)
    assert afresh(["table"], folder).returncode == 0
    return folder


@pytest.fixture
def job(repository: Path, tmp_path: Path) -> Iterator[Job]:
    """The job of a pull request in such a folder."""
    with serving() as github:
        folder = shutil.copytree(repository, tmp_path / "repository")
        found = Job(folder, tmp_path / "files", github)
        scripts = Path(sys.executable).parent
        found.environment["PATH"] = f"{scripts}{os.pathsep}{os.environ['PATH']}"
        yield found


@pytest.mark.catalog
def test_a_changed_block_is_red_and_accepting_it_is_green(job: Job) -> None:
    (job.folder / "blocks.py").write_text(BLOCKS.replace("= 4", "= 6"))
    assert job("install.sh", badge="badge.json") == 1
    assert job.outputs["counts"] == "1"
    assert job.outputs["times"] == ""
    (comment,) = job.github.comments
    assert "cifar_resnet20+blocks:Scale at 32×32: params" in comment["body"]
    assert comment["body"].endswith(job.summary)
    assert json.loads((job.folder / "badge.json").read_text())["color"] == "red"

    command = [sys.executable, "-m", "srbench", "table", "--update", "--reason", "wider"]
    subprocess.run(command, cwd=job.folder, check=True, capture_output=True)
    job.github.refusals["PATCH"] = [403]
    assert job("install.sh") == 0, "no permission to comment does not fail the check"
    assert "| mine | 2 | ok |" in job.summary
    assert job("install.sh", badge="badge.json") == 0
    assert "| mine | 2 | ok |" in job.github.comments[0]["body"]
    assert len(job.github.comments) == 1
    assert json.loads((job.folder / "badge.json").read_text())["message"] == "passing"


@pytest.mark.catalog
def test_slower_code_is_red_and_no_pull_request_gets_no_comment(job: Job) -> None:
    base = job.folder / "base"
    base.mkdir()
    (base / "bench.py").write_text(BENCH.format(seconds=0.0005))
    job.event = {"ref": "refs/heads/main"}
    assert job("install.sh", time_against="base") == 1
    assert (job.outputs["counts"], job.outputs["times"]) == ("0", "1")
    assert "| mine | bench:wait |" in job.summary
    assert "### Counts\n" in job.summary
    assert "### Times\n" in job.summary
    assert job.github.asked == []


def test_a_table_that_cannot_be_read_is_red(job: Job) -> None:
    (job.folder / "tables" / "mine.toml").write_text("caption = 1\n")
    assert job("install.sh", comment="false") == 2
    assert job.github.asked == []
    assert "caption" in job.summary


@pytest.mark.parametrize(
    ("inputs", "title", "why"),
    [
        ({"only": "nothing"}, "Counts", "there is no table 'nothing'"),
        ({"only": "mine; touch x"}, "Counts", "there is no table 'mine; touch x'"),
        ({"tables": "-x"}, "Counts", "-x"),
        ({"badge": "no/such/badge.json"}, "Counts", "no/such"),
        ({"time_against": "nowhere"}, "Times", "there is no code in nowhere"),
    ],
)
def test_the_comment_says_why_something_was_not_checked(
    inputs: dict[str, str], title: str, why: str, job: Job
) -> None:
    assert job("install.sh", **inputs) == 2
    (comment,) = job.github.comments
    assert f"### {title}: not checked" in comment["body"]
    assert why in comment["body"]
    assert not (job.folder / "x").exists()


def test_the_key_of_the_cache_changes_with_what_is_installed(job: Job) -> None:
    keys = []
    for install in ("", "numpy", ""):
        assert job("install.sh", "check.sh", install=install) == 0
        assert Path(job.outputs["folder"]).is_absolute()
        keys.append(job.outputs["key"])
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.catalog
def test_srbench_is_installed_from_the_action(job: Job, tmp_path: Path) -> None:
    """Into an environment that has srbench's dependencies, and not srbench."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    (site,) = environment.glob("lib/python*/site-packages")
    others = sysconfig.get_paths()["purelib"]
    (site / "others.pth").write_text(f"import sys; sys.path.append({others!r})\n")
    path = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
    job.environment["PATH"] = path
    assert job("cache.py", install="--no-deps six", comment="false") == 0
    assert (site / "srbench").is_dir()
    assert (site / "six.py").is_file()
    assert (environment / "bin" / "srbench").is_file()
    assert "| mine | 2 | ok |" in job.summary


def test_every_input_is_used_and_every_value_is_known() -> None:
    text = (ROOT / "action.yml").read_text()
    for name, one in ACTION["inputs"].items():
        assert f"inputs.{name}" in text
        assert one["description"]
    for step in ACTION["runs"]["steps"]:
        assert "uses" in step or step["shell"] == "bash"
        assert "${{" not in step.get("run", ""), "a script gets values by its environment alone"
    for output in ACTION["outputs"].values():
        name = re.search(r"outputs\.(\w+)", output["value"])[1]
        assert f"{name}=%s" in (ROOT / "action" / "check.sh").read_text()


def test_the_workflow_of_this_repository_uses_the_action() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "tables.yml").read_text())
    (step,) = [s for s in workflow["jobs"]["tables"]["steps"] if s.get("uses") == "./"]
    assert {*step["with"]} <= {*ACTION["inputs"]}


def test_the_hook_of_pre_commit_runs_the_check() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"].split() == ["srbench", "check"]
    assert hook["language"] == "python"
    for name in ("tables/mine.jsonl", "sub/tables/mine.toml", "blocks.py", "a/b.py"):
        assert re.search(hook["files"], name)
    assert not re.search(hook["files"], "notes.md")
