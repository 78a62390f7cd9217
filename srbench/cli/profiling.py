"""Profiles one model and shows where its time goes."""

import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from srbench.cli.messages import tell
from srbench.cli.output import Output, destination, require_beside
from srbench.cli.progress import status
from srbench.cli.unused import tell_of_unused
from srbench.errors import BuildError, SrbenchError, require_failure, told
from srbench.report.plots.matplotlib import plot_roofline, require_picture
from srbench.report.profile import profile_report
from srbench.spec.cases import case_of
from srbench.spec.parse import parse


def profile_and_show(
    text: str,
    size: str | None,
    num_classes: int | None,
    device: str | None,
    setup: Mapping[str, Any],
    *,
    rounds: int,
    trace: Path | None,
    plot: Path | None,
    output: Output,
) -> None:
    """The whole of ``srbench profile``."""
    case = case_of(parse(text), size, num_classes)
    if plot:
        require_picture(plot)
    beside = [path for path in (trace, plot) if path]
    require_beside(output, beside)
    target = destination(output)
    with status("loading torch") as say, redirect_stdout(sys.stderr):
        os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # its chatter is nobody's data
        from srbench.measure.devices import opened, require_dtype, resolve_one  # loads torch
        from srbench.runner.profiling import profile
        from srbench.runner.timing import setup_for

        name = resolve_one(device)
        tell_of_unused(device)
        with opened(name) as ready:
            chosen = setup_for(ready, **setup)
            require_dtype(ready, chosen, ("forward",))
            say(f"timing {case.spec} on {ready.name}")
            try:
                found = profile(case, chosen, ready, rounds, trace)
            except SrbenchError:
                raise
            except BaseException as error:  # a network of someone else's may raise anything
                require_failure(error)
                raise BuildError(
                    f"{case.spec} does not run: {told(error)}",
                    "try a smaller --batch-size or --input-size",
                ) from error
    if plot:
        plot_roofline(found, plot)
    target.write(profile_report(found))
    for path in beside:
        tell(f"wrote {path}")
