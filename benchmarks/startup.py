"""The times of commands, relative to a minimal program's start and to the imports they need."""

import subprocess
import sys
from pathlib import Path

from pairs import compare

BARE = str(Path(__file__).with_name("bare.py"))
SRBENCH = str(Path(sys.executable).parent / "srbench")
IMPORTS = "import torch, torchvision.models, fvcore.nn"


def command(*arguments: str) -> object:
    """A call that runs a command and discards its output."""

    def call() -> None:
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    return call


def main() -> None:
    """Compare start-up times and print the ratios."""
    for ours, peer, limit in (("--help", "--help", 1.3), ("models", "hello", 1.4)):
        compare(
            f"srbench {ours} : bare Typer program {peer}",
            command(SRBENCH, ours),
            command(sys.executable, BARE, peer),
            limit=limit,
            rounds=15,
        )
    compare(
        f"srbench flops resnet50 --sr-memories 10 : {IMPORTS}",
        command(SRBENCH, "flops", "resnet50", "--sr-memories", "10"),
        command(sys.executable, "-c", IMPORTS),
        limit=1.25,
        rounds=7,
    )


if __name__ == "__main__":
    main()
