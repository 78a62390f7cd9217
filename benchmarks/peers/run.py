"""What other tools count for twelve networks: writes `tests/data/peers.csv`.

Each tool has a folder of packages of its own, below `.peers`, that is put before the project's
environment: tools need packages that others must not see, yet all must count the same networks,
run by the same torch and torchvision. Therefore pip installs no dependencies: it would bring a
second torch of 2 GB. `tools.toml` lists what a tool lacks otherwise.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDERS = ROOT / ".peers"
RESULT = ROOT / "tests" / "data" / "peers.csv"
COLUMNS = (
    "tool",
    "version",
    "spec",
    "height",
    "width",
    "total",
    "problem",
    "torch",
    "torchvision",
)


@dataclass(frozen=True)
class Peer:
    """A tool, or one way of calling it, with the names of the totals that it returns."""

    name: str
    package: str
    totals: tuple[str, ...]
    install: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return FOLDERS / self.package


def main() -> None:
    """Count with each tool, and write the rows in the order of the table of tools."""
    networks, peers = read_table()
    rows: list[dict[str, Any]] = []
    for peer in peers:
        prepare(peer)
        counted = list(count(peer, networks))
        rows += [row for total in peer.totals for row in counted if row["tool"] == total]
        failed = [row for row in counted if row["problem"]]
        print(f"{peer.name:16} {len(counted):3} totals, {len(failed)} problems", flush=True)
    with RESULT.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_table() -> tuple[list[str], list[Peer]]:
    """The networks and the tools, in their order."""
    table = tomllib.loads((HERE / "tools.toml").read_text(encoding="utf-8"))
    networks = table.pop("networks")
    peers = [
        Peer(name, one.get("package", name), tuple(one["totals"]), tuple(one["install"]))
        for name, one in table.items()
    ]
    return networks, peers


def prepare(peer: Peer) -> None:
    """Install what the tool needs, unless its folder has just that."""
    wanted = "".join(f"{one}\n" for one in peer.install)
    installed = peer.folder / "installed.txt"
    if not wanted or (installed.is_file() and installed.read_text() == wanted):
        return
    shutil.rmtree(peer.folder, ignore_errors=True)
    # Without isolation, since deepspeed looks for torch when it is built; it compiles nothing.
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", peer.folder, *peer.install], check=True)
    installed.write_text(wanted)


def count(peer: Peer, networks: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of a tool. After a failure the next networks get a new process, since some tools
    then leave functions of torch changed, and would count the next network wrongly."""
    left = list(networks)
    while left:
        done = work(peer, left)
        yield from done
        left = left[len(done) // len(peer.totals) :]


def work(peer: Peer, networks: Sequence[str]) -> list[dict[str, Any]]:
    """The rows that one process finds, up to its first failure."""
    results = FOLDERS / f"{peer.name}.jsonl"
    results.parent.mkdir(exist_ok=True)
    results.unlink(missing_ok=True)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(peer.folder), str(ROOT)]),
        "CUDA_VISIBLE_DEVICES": "",
        "DS_ACCELERATOR": "cpu",
    }
    arguments = [peer.name, peer.package, ",".join(peer.totals), str(results), *networks]
    command = [sys.executable, str(HERE / "worker.py"), *arguments]
    ended = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    lines = results.read_text(encoding="utf-8").splitlines() if results.is_file() else []
    rows = [json.loads(line) for line in lines]
    if ended.returncode:
        spec, problem = networks[len(rows) // len(peer.totals)], f"exit code {ended.returncode}"
        rows += [{"tool": total, "spec": spec, "problem": problem} for total in peer.totals]
    return rows


if __name__ == "__main__":
    main()
