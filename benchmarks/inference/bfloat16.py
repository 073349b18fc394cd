"""What a network saves on one photograph in bfloat16 (`--trainer.precision bf16-mixed`), and what that costs.

Weights are given as NAME or FILE. A generated photograph goes through `predict_step` in float32 and under bfloat16
autocast, one after the other in one process, on one thread; seconds are the processor's, the least of the runs.
Exposures are 8-bit codes; radiance is compared relative to itself.
"""

import contextlib
import sys
import time

import torch

from benchmarks.inference.layout import batch_for, tabulate
from hdrgen.methods import HDRModule

HEAD = "| weights | float32 | bfloat16 | faster | codes: mean, 99 %, largest difference | radiance: median, 99 % |"


def main() -> int:
    return tabulate(str(__doc__), HEAD, row, ["multi_exposure", "inverse_camera"], runs=2)


@torch.inference_mode()
def row(name: str, model: HDRModule, side: int, runs: int) -> str:
    """A row of the table."""
    batch, least, made = batch_for(model, side), [float("inf")] * 2, [None] * 2
    for counted in (False, *[True] * runs):
        for way, context in enumerate((contextlib.nullcontext(), torch.autocast("cpu", torch.bfloat16))):
            with context:
                start = time.process_time()
                made[way] = model.predict_step(batch, 0)
                seconds = time.process_time() - start
            least[way] = min(least[way], seconds) if counted else least[way]
    before, after = made
    codes = "-"
    if "stack" in before:
        difference = (before["stack"].float() - after["stack"].float()).abs().flatten()
        scale = 1 if before["stack"].dtype == torch.uint8 else 255
        codes = f"{difference.mean() * scale:.2f}, {at(difference, 0.99) * scale:.1f}, {difference.max() * scale:.0f}"
    relative = ((after["hdr"] - before["hdr"]).abs() / before["hdr"].abs().clamp_min(1e-3)).flatten()
    radiance = f"{at(relative, 0.5):.2%}, {at(relative, 0.99):.1%}"
    return f"| {name} | {least[0]:.2f} s | {least[1]:.2f} s | {least[0] / least[1]:.2f} | {codes} | {radiance} |"


def at(values: torch.Tensor, share: float) -> float:
    """A quantile; `torch.quantile` refuses as many values as a photograph has."""
    return float(values.kthvalue(max(1, round(share * len(values)))).values)


if __name__ == "__main__":
    sys.exit(main())
