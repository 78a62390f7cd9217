"""Times models in a separate process, for the version of srbench that this process imports.

The file is passed to Python as text, perhaps in another environment with an older srbench, so it
uses nothing of the package except ``srbench.build``. It reads a job from the first line of stdin
and answers with what it built. Then each line names a model, and the answer is its seconds.
"""

import json
import os
import sys
import time
from typing import Any

FASTEST_TURN = 0.02  # seconds that the timed calls of a turn should take
MOST_CALLS = 50
WARM_UP = 5  # calls


def main() -> None:
    """Answer turn by turn until stdin ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a model prints must not mix with the answers
    job = json.loads(sys.stdin.readline())

    import torch

    import srbench

    torch.set_flush_denormal(True)
    models: dict[str, Any] = {}
    calls: dict[str, int] = {}
    failures: dict[str, str] = {}
    for spec in job["specs"]:
        try:
            models[spec] = task(job, spec)
            calls[spec] = calls_a_turn(models[spec])
        except (
            Exception,
            SystemExit,
        ) as error:  # a failure of the row: an older version may not know the spec
            failures[spec] = f"{type(error).__name__}: {error}".splitlines()[0]
            models.pop(spec, None)
    hello = {
        "version": srbench.__version__,
        "path": os.path.dirname(os.path.dirname(os.path.abspath(srbench.__file__))),
        "torch": torch.__version__,
        "python": sys.version.split()[0],
        "failures": failures,
    }
    print(json.dumps(hello), file=answers, flush=True)
    for line in sys.stdin:
        spec = json.loads(line)
        models[spec]()  # not timed: the caches hold another process's data
        seconds = sorted(timed(models[spec]) for _ in range(calls[spec]))
        print(json.dumps(seconds[len(seconds) // 2]), file=answers, flush=True)


def task(job: dict[str, Any], spec: str) -> Any:
    """A function that runs one pass and returns when the device is done."""
    import torch

    import srbench

    torch.manual_seed(0)
    device = torch.device(job["device"])
    if device.type == "cuda":
        torch.cuda.set_device(device.index or 0)  # synchronize() waits for the current device
    size = tuple(job["input_size"])
    model = srbench.build(spec, input_size=size, num_classes=job["num_classes"]).to(device)
    x = torch.rand(job["batch_size"], 3, *size, device=device)
    wait = {"cuda": torch.cuda.synchronize, "mps": torch.mps.synchronize}.get(device.type, int)
    if job["what"] == "forward":
        model.eval()

        def forward() -> None:
            with torch.inference_mode():
                model(x)
            wait()

        return forward
    model.train()

    def train() -> None:
        model.zero_grad(set_to_none=True)
        output = model(x)
        logits = output.values() if isinstance(output, dict) else [output]
        sum(one.sum() for one in logits).backward()
        wait()

    return train


def timed(call: Any) -> float:
    """Seconds of one call."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def calls_a_turn(call: Any) -> int:
    """How many calls make a turn long enough, found after a warm-up."""
    seconds = [timed(call) for _ in range(WARM_UP)]
    return max(1, min(MOST_CALLS, round(FASTEST_TURN / min(seconds))))


if __name__ == "__main__":
    main()
