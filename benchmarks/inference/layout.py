"""What a network saves on one photograph by folded batch normalisation, and by the channels of a pixel side by side.

Weights are given as NAME or FILE. A generated photograph goes through `predict_step` as it was, with each of both, and
with both, one after the other in one process, on one thread; seconds are the processor's, the least of the runs. A
method says by `channels_last_inference` what this table says of it.
"""

import argparse
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

import torch
from torch import Tensor

from benchmarks.shared.environment import print_environment
from hdrgen.data import Batch
from hdrgen.methods import HDRModule
from hdrgen.methods.base import Prediction
from hdrgen.methods.loading import load_method
from hdrgen.nn import folding
from hdrgen.weights import find_checkpoint

WAYS = list(itertools.product((False, True), repeat=2))
"""Folded or not, channels last or not."""


HEAD = "| weights | as it was | folded | channels last | both | faster | codes that differ | radiance, apart at most |"


def main() -> int:
    return tabulate(str(__doc__), HEAD, row, ["multi_exposure"], runs=3)


def tabulate(about: str, head: str, row_of: Callable[..., str], weights: list[str], runs: int) -> int:
    """Print a table with a row for each network that is named, by these weights and runs unless told."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("weights", nargs="*", default=weights, help="(default: %(default)s)")
    parser.add_argument("--side", type=int, default=512, help="of the photograph in pixels (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=runs, help="of each way (default: %(default)s)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print_environment()
    print(f"{head}\n{'|---' * (head.count('|') - 1)}|", flush=True)
    for name in options.weights:
        print(row_of(name, load_method(find_checkpoint(name) or name), options.side, options.runs), flush=True)
    return 0


@torch.inference_mode()
def row(name: str, model: HDRModule, side: int, runs: int) -> str:
    """A row of the table."""
    batch, least, made = batch_for(model, side), dict.fromkeys(WAYS, float("inf")), {}
    for way in WAYS * (runs + 1):
        with worked(model, *way):
            start = time.process_time()
            prediction = model.predict_step(batch, 0)
            least[way] = min(least[way], time.process_time() - start) if way in made else float("inf")
        made[way] = prediction
    seconds = " | ".join(f"{least[way]:.2f} s" for way in ((False, False), (True, False), (False, True), (True, True)))
    faster = least[False, False] / least[True, True]
    return f"| {name} | {seconds} | {faster:.2f} | {apart(made[False, False], made[True, True])} |"


def apart(before: Prediction, after: Prediction) -> str:
    """How far two results are from each other."""
    codes = "-"
    if "stack" in before:
        codes = f"{int((before['stack'] != after['stack']).sum())} of {before['stack'].numel()}"
    hdr: Tensor = before["hdr"]
    return f"{codes} | {float(((hdr - after['hdr']).abs() / hdr.abs().clamp_min(1e-3)).max()):.1e}"


@contextmanager
def worked(model: HDRModule, folded: bool, channels_last: bool) -> Iterator[None]:
    """Within this, a method works in one of the ways."""
    folds = folding._folds
    with mock.patch.object(folding, "_folds", lambda *layers: folded and folds(*layers)):
        model.channels_last_inference = channels_last
        yield


def batch_for(model: HDRModule, side: int) -> Batch:
    """A generated photograph, or three exposures of it."""
    frames = 1 if model.input == "photograph" else 3
    coarse = torch.rand(1, 3, 13, 17, generator=torch.Generator().manual_seed(0))
    photograph = torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic").clamp(0, 1)
    ev = 2 * torch.arange(frames, dtype=torch.float32)[None]
    ldr = torch.stack([(photograph * 2 ** (stops / 2.2)).clamp(0, 1) for stops in ev[0] - ev[0, frames // 2]], 1)
    return {"scene": ["photo"], "ldr": ldr, "ev": ev, "ref": torch.tensor([frames // 2])}


if __name__ == "__main__":
    sys.exit(main())
