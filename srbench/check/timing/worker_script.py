"""Times models and callables in a separate process, with the version of the code that it imports.

The file is passed to Python as text, perhaps in another environment with an older srbench, so it
uses nothing of the package except ``srbench.build``. It reads a job from the first line of stdin
and answers with what it built. Then each line names a model or a callable, and the answer is the
seconds of one call.
"""

import importlib
import json
import os
import sys
import time
from typing import Any

FASTEST_TURN = 0.02  # seconds that the timed calls of a turn should take
MOST_CALLS = 50
SHORTEST = 0.001  # seconds; shorter calls are timed together, so that the clock's own time is small
WARM_UP = 5  # calls
UNKNOWN = "SpecError"  # how a failure begins if this version has no such model or callable


def main() -> None:
    """Answer turn by turn until stdin ends."""
    questions, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a model prints must not mix with the answers
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # and what it reads not with the questions
    job = json.loads(questions.readline())
    search(**job["search"])
    begin(job["specs"])
    tasks: dict[str, tuple[Any, int, int]] = {}
    failures: dict[str, str] = {}
    for make, names in ((model, job["specs"]), (called, job["callables"])):
        for name in names:
            try:
                tasks[name] = long_enough(make(job, name))
            except (
                Exception,
                SystemExit,
            ) as error:  # a failure of the row: an older version may not know the spec
                failures[name] = f"{type(error).__name__}: {error}".splitlines()[0]
    print(json.dumps(hello(job["modules"]) | {"failures": failures}), file=answers, flush=True)
    for line in questions:
        call, in_a_row, times = tasks[json.loads(line)]
        call()  # not timed: the caches hold another process's data
        seconds = sorted(timed(call, in_a_row) for _ in range(times))
        print(json.dumps(seconds[len(seconds) // 2]), file=answers, flush=True)


def search(here: str, there: str, path: list[str]) -> None:
    """Look for modules in one folder where this Python would look in the other, and at the end in
    those of the folder's own."""
    environments = [os.path.realpath(one) for one in (sys.prefix, sys.base_prefix)]

    def moved(entry: str) -> str:
        real = os.path.realpath(entry)
        if not is_in(real, os.path.realpath(here)) or any(is_in(real, e) for e in environments):
            return entry
        return os.path.normpath(os.path.join(there, os.path.relpath(real, os.path.realpath(here))))

    if here != there:
        sys.path[:] = [moved(entry) for entry in sys.path]
    sys.path += [entry for entry in map(moved, path) if entry not in sys.path]


def is_in(path: str, folder: str) -> bool:
    """Whether a path is a folder, or in it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def begin(specs: list[str]) -> None:
    """Load torch for models. Callables alone may not need it."""
    if specs:
        import torch

        torch.set_flush_denormal(True)


def hello(modules: list[str]) -> dict[str, Any]:
    """What this process imported."""
    import srbench

    loaded = {name: sys.modules[name] for name in modules if name in sys.modules}
    return {
        "version": srbench.__version__,
        "path": os.path.dirname(os.path.dirname(os.path.abspath(srbench.__file__))),
        "python": sys.version.split()[0],
        "files": {name: getattr(module, "__file__", None) for name, module in loaded.items()},
    }


def model(job: dict[str, Any], spec: str) -> Any:
    """A function that runs one pass of a model and returns when the device is done."""
    import torch

    import srbench

    torch.manual_seed(0)
    device = torch.device(job["device"])
    if device.type == "cuda":
        torch.cuda.set_device(device.index or 0)  # synchronize() waits for the current device
    size = tuple(job["input_size"])
    model = srbench.build(spec, input_size=size, num_classes=job["num_classes"]).to(device)
    x = torch.rand(job["batch_size"], 3, *size, device=device)
    wait = waiting(device.type)
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


def called(job: dict[str, Any], name: str) -> Any:
    """A function that calls ``module:function`` and returns when the device is done."""
    found = function(name)
    if "torch" not in sys.modules:
        return found
    sys.modules["torch"].set_flush_denormal(True)
    wait = waiting(job["device"].partition(":")[0])

    def call() -> None:
        found()
        wait()

    return call


def function(name: str) -> Any:
    """What ``module:function`` names."""
    unknown = type(UNKNOWN, (Exception,), {})(f"there is no {name}")
    module, _, path = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if f"{module}.".startswith(f"{error.name}."):
            raise unknown from error
        raise
    for attribute in path.split("."):
        if not hasattr(found, attribute):
            raise unknown
        found = getattr(found, attribute)
    return found


def waiting(kind: str) -> Any:
    """A function that waits for a device to be done."""
    import torch

    return {"cuda": torch.cuda.synchronize, "mps": torch.mps.synchronize}.get(kind, int)


def long_enough(call: Any) -> tuple[Any, int, int]:
    """A call, how often it is called in a row to be timed, and how often that is done for a turn to
    be long enough; found after a warm-up."""
    seconds = max(min(timed(call, 1) for _ in range(WARM_UP)), 1e-8)
    in_a_row = max(1, round(SHORTEST / seconds))
    return call, in_a_row, max(1, min(MOST_CALLS, round(FASTEST_TURN / (seconds * in_a_row))))


def timed(call: Any, in_a_row: int) -> float:
    """Seconds of one call, over several in a row."""
    begin = time.perf_counter()
    for _ in range(in_a_row):
        call()
    return (time.perf_counter() - begin) / in_a_row


if __name__ == "__main__":
    main()
