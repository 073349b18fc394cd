"""What a verb takes for each pixel beyond what it takes for a small image: the numbers by which images are refused."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.shared.environment import print_environment
from benchmarks.shared.whole_command import cost_of
from hdrgen.io import write_image

MERGED = ("--align", "none", "--response", "linear", "-o", "OUT/m.exr", "--overwrite")
VERBS = {
    "info": ("info", "a.exr"),
    "tonemap": ("tonemap", "a.exr", "-o", "OUT/t.jpg", "--overwrite"),
    "tonemap, layer_decomposition": (
        *("tonemap", "a.exr", "--operator", "layer_decomposition"),
        *("-o", "OUT/t.jpg", "--overwrite"),
    ),
    "compare": ("compare", "a.exr", "b.exr"),
    "expose": ("expose", "a.exr", "--ev=-2,0,2", "-o", "OUT/exposures", "--overwrite"),
    "merge of 3 JPEG": ("merge", "a.jpg", "b.jpg", "c.jpg", "--ev", "0,0.1,0.2", *MERGED),
    "merge of 2 OpenEXR": ("merge", "a.exr", "b.exr", "--ev", "0,0.1", *MERGED),
    "predict, without a network": (
        *("predict", "--model", "LinearGain", "--data.predict", "a.jpg"),
        *("--trainer.enable_progress_bar=false", "-o", "OUT/predictions", "--overwrite"),
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=4, help="megapixels (%(default)s)")
    parser.add_argument("--large", type=int, default=16, help="megapixels (%(default)s)")
    parser.add_argument("--only", action="append", choices=VERBS, help="this one; may be repeated")
    options = parser.parse_args()
    print_environment()
    print("| verb | bytes for each pixel | peak of the larger |\n|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="hdrgen-verbs-") as name:
        folders = [photographs(Path(name) / str(size), size) for size in (options.small, options.large)]
        for verb in options.only or VERBS:
            small, large = (peak(folder, VERBS[verb]) for folder in folders)
            each = (large - small) / ((options.large - options.small) * 1e6)
            print(f"| {verb} | {each:.0f} | {large / 1e9:.2f} GB |", flush=True)
    return 0


def photographs(folder: Path, megapixels: int) -> Path:
    """Three of each kind, in blocks: every value of a file differs from its neighbours'."""
    generator = np.random.default_rng(0)
    side = round((megapixels * 1e6) ** 0.5 / 8)
    for name in "abc":
        blocks = generator.random((side, side, 3), np.float32)
        picture = blocks.repeat(8, 0).repeat(8, 1)
        write_image(folder / f"{name}.jpg", picture)
        write_image(folder / f"{name}.exr", 4 * picture)
    return folder


def peak(folder: Path, arguments: tuple[str, ...]) -> float:
    """Bytes that a process of its own takes at most."""
    given: Callable[[str], str] = lambda word: str(folder / word) if word.endswith((".jpg", ".exr")) else word  # noqa: E731
    return cost_of(*(given(word.replace("OUT", str(folder / "out"))) for word in arguments)).memory * 2**30


if __name__ == "__main__":
    sys.exit(main())
