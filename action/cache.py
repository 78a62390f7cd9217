"""Says where pip keeps what it downloads, and the key under which GitHub caches that.

The key is of the packages that srbench needs, so that it changes with them. GitHub's own caching of
pip needs a requirements file in the repository, and there may be none.
"""

import hashlib
import os
import platform
import subprocess
import sys
from pathlib import Path

KEY = "srbench-{system}-{machine}-{python}-{digest}"


def main() -> None:
    """Append the folder and the key to the outputs of the step."""
    needed = (Path(os.environ["ACTION"]) / "pyproject.toml").read_bytes()
    digest = hashlib.sha256(needed + os.environ.get("INSTALL", "").encode()).hexdigest()[:16]
    key = KEY.format(
        system=platform.system(),
        machine=platform.machine(),
        python=".".join(map(str, sys.version_info[:2])),
        digest=digest,
    )
    command = [sys.executable, "-m", "pip", "cache", "dir"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    folder = done.stdout.strip() or str(Path.home() / ".cache" / "pip")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write(f"folder={folder}\nkey={key}\n")


if __name__ == "__main__":
    main()
