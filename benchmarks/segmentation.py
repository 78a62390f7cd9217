"""DeepLabv3 at Cityscapes' full size: exact counts, compared with fvcore on a real forward pass.

The limits are 10 s without the imports and 8 GiB of resident memory, including SR's memories.
"""

import logging
import resource
import time

import torch

import srbench
from srbench.runner import counting
from srbench.spec.cases import cases

# Imported after srbench, which silences the deprecation warning of fvcore's import.
from fvcore.nn import FlopCountAnalysis  # isort: skip

SPEC = "deeplabv3_resnet50:classes=19"
SIZE = (1024, 2048)
SECONDS, GIB = 10, 8


def main() -> None:
    """Count both ways, and print whether the limits are kept."""
    logging.disable(logging.WARNING)
    for spec in (SPEC, f"{SPEC}+sr", f"{SPEC}+sr:after=classifier.0"):
        seconds, counts = ours(spec)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        kept = "kept" if seconds <= SECONDS and peak <= GIB else "NOT KEPT"
        print(
            f"{spec} at {SIZE[0]}x{SIZE[1]}: {counts.macs:,} MACs in {seconds:.2f} s, "
            f"peak so far {peak:.2f} GiB, asked at most {SECONDS} s and {GIB} GiB: {kept}"
        )
    seconds, counts = ours(SPEC)
    begin = time.perf_counter()
    model = srbench.build(SPEC, input_size=SIZE).eval()
    with torch.no_grad():
        flops = FlopCountAnalysis(model, torch.zeros(1, 3, *SIZE)).total()
    plain = time.perf_counter() - begin
    same = "the same" if flops == counts.flops else "ANOTHER"
    print(f"fvcore alone: {same} total in {plain:.1f} s; srbench takes {seconds / plain:.3f} of it")


def ours(spec: str) -> tuple[float, counting.Counts]:
    """Seconds and counts of one spec; the first call also fills the caches that later ones use."""
    (case,) = cases([spec], default_variants=(), size=SIZE)[-1:]
    begin = time.perf_counter()
    (record,) = counting.run([case])
    assert record.warnings == ()
    return time.perf_counter() - begin, record.counts


if __name__ == "__main__":
    main()
