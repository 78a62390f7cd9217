"""Prints a summary of a trace of `srbench profile --trace`, and compresses the trace.

python benchmarks/gpu/trace.py trace.json
"""

import gzip
import json
import sys
from collections import Counter
from pathlib import Path

path = Path(sys.argv[1])
events = json.loads(path.read_text())["traceEvents"]
print("events by category:", dict(Counter(event.get("cat") for event in events)))
annotations = {e["name"] for e in events if "user_annotation" in str(e.get("cat"))}
print("parts:", ", ".join(sorted(annotations)[:20]))
kernels = [event for event in events if event.get("cat") == "kernel"]
if kernels:
    busy = sum(kernel["dur"] for kernel in kernels)
    end = max(kernel["ts"] + kernel["dur"] for kernel in kernels)
    span = end - min(kernel["ts"] for kernel in kernels)
    print(f"{len(kernels)} kernels, busy for {busy:.0f} of {span:.0f} µs, {busy / span:.0%}")
with gzip.open(f"{path}.gz", "wt") as file:
    file.write(path.read_text())
path.unlink()
