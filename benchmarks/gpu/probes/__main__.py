"""What an expert would check on a card before trusting srbench's numbers there.

    python benchmarks/gpu/probes cuda               # all of them
    python benchmarks/gpu/probes cuda peaks graphs

Each probe is independent of the others and prints in words what it found.
"""

import gc
import sys
import time
import traceback

import torch
from clock import cold_cache, launching, moving, place_in_a_round, resolution
from driver import driver
from graphs import capturing, failed_capture, graphs, peaks
from memory import from_shapes, out_of_memory

from srbench.measure.devices import opened, resolve_one

# The most important come first; those that may damage the process come last.
PROBES = (
    *(resolution, peaks, from_shapes, graphs, capturing, driver, cold_cache, launching),
    *(place_in_a_round, moving, out_of_memory, failed_capture),
)


def main(name: str, wanted: set[str]) -> int:
    """Run all probes, or those in ``wanted``; returns 1 if one failed."""
    failed = False
    for probe in PROBES:
        if wanted and probe.__name__ not in wanted:
            continue
        print(f"{probe.__name__}: {probe.__doc__}", flush=True)
        begin = time.monotonic()
        try:
            with opened(name) as device:
                probe(device)
        except Exception:
            failed = True
            print("  THE PROBE FAILED:", traceback.format_exc(limit=-4))
        print(f"  ({time.monotonic() - begin:.1f} s)", flush=True)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(resolve_one(sys.argv[1]), set(sys.argv[2:])))
