"""OpenCV's pictures of exposure stacks, scored as files (`hdrgen test --results`) and without files in between.

OpenCV gets the folder that `hdrgen scenes` writes and nothing else, merges each stack, brightens and darkens each
photograph, and writes what it made in formats of its own; `hdrgen test --results` scores that. Beside it, the same
pictures as the results of a method, which `hdrgen test` gets as tensors. A table says for each scene how many numbers
there are and how far apart; the status is 1 where any differ. Frames of 8 bits, which OpenCV merges, and so a protocol
that does not resize. Needs stacks; says so and stops without them.

    python -m benchmarks.merging.opencv_results STACKS
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.shared.environment import print_environment
from hdrgen.cli.main import main as hdrgen
from hdrgen.cli.method_table import compare_methods, read_rows
from hdrgen.data import Batch
from hdrgen.exchange import MANIFEST
from hdrgen.methods import HDRModule

Codes = NDArray[np.uint8]
"""(H, W, 3) BGR."""
FORMATS = {".npy": (), ".tif": (cv2.IMWRITE_TIFF_COMPRESSION, 1), ".hdr": ()}
"""Suffixes of HDR images, and what `cv2.imwrite` is told: TIFF is not compressed."""


def merged(frames: Sequence[Codes], stops: Sequence[float]) -> NDArray[np.float32]:
    """The radiance that OpenCV merges.

    Args:
        frames: The exposures.
        stops: Their EVs. The times are powers of doubles: those of float32 are another one in the last digit.
    """
    times = np.array([2.0**ev for ev in stops], np.float32)
    return np.maximum(cv2.createMergeDebevec().process(list(frames), times), 0)


def exposed(photograph: Codes, ev: float) -> Codes:
    """The photograph, brighter or darker by a gain."""
    return np.rint(np.clip(photograph * 2.0 ** (ev / 2), 0, 255)).astype(np.uint8)


def run_opencv(inputs: Path, results: Path, suffix: str = ".npy") -> None:
    """A program that knows the folder that `hdrgen scenes` writes, and nothing of hdrgen.

    Args:
        inputs: That folder.
        results: Where its results go; made here.
        suffix: Of the HDR images, one of `FORMATS`.
    """
    results.mkdir()
    for scene in json.loads((inputs / MANIFEST).read_text(encoding="utf-8"))["scenes"]:
        stack = inputs / scene["stack"]
        listed = [line.split(",") for line in (stack / "exposures.csv").read_text().splitlines()[1:]]
        radiance = merged([cv2.imread(str(stack / file)) for file, _ in listed], [float(ev) for _, ev in listed])
        path = results / Path(scene["results"]["radiance"]).with_suffix(suffix).name
        if suffix == ".npy":
            np.save(path, radiance[..., ::-1])
        else:
            cv2.imwrite(str(path), radiance, FORMATS[suffix])
        photograph = cv2.imread(str(inputs / scene["photograph"]))
        for ev, file in scene["results"]["exposures"].items():
            cv2.imwrite(str(results / file), exposed(photograph, float(ev)))


class OfOpenCV(HDRModule):
    """The same pictures as results of a method, without files in between."""

    input = "bracket"

    def expose(self, image: Tensor, ev: Tensor) -> Tensor:
        """`(B, K, 3, H, W)` of `(B, 3, H, W)`."""
        made = [[from_bgr(exposed(codes(each), stops)) / 255 for stops in ev.tolist()] for each in image]
        return torch.stack([torch.stack(one) for one in made])

    def reconstruct(self, batch: Batch) -> Tensor:
        """`(B, 3, H, W)` radiance, merged from all exposures."""
        stacks = zip(batch["ldr"], batch["ev"], strict=True)
        return torch.stack([from_bgr(merged([codes(each) for each in stack], ev.tolist())) for stack, ev in stacks])


def codes(image: Tensor) -> Codes:
    """Of display values `(3, H, W)`."""
    return np.ascontiguousarray((image.permute(1, 2, 0).numpy()[..., ::-1] * 255).round().astype(np.uint8))


def from_bgr(image: NDArray[np.generic]) -> Tensor:
    """`(3, H, W)` float32."""
    return torch.from_numpy(image[..., ::-1].astype(np.float32)).permute(2, 0, 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stacks", nargs="?", type=Path, help="folder with a folder for each stack")
    parser.add_argument("--protocol", default="quick", help="one that does not resize (%(default)s)")
    parser.add_argument("--format", choices=FORMATS, default=".npy", help="of the HDR images (%(default)s)")
    parser.add_argument("-o", "--output", type=Path, help="new folder for inputs, results and scores (a temporary one)")
    options = parser.parse_args()
    if not options.stacks:
        print("skipped: pass a folder with a folder for each exposure stack")
        return 0
    print_environment()
    output = options.output or Path(tempfile.mkdtemp(prefix="hdrgen-opencv-"))
    scenes = ["--data.test=ExposureStackFolder", f"--data.test.root={options.stacks}"]
    protocol = [f"--evaluation={options.protocol}", "--evaluation.truth=merged"]
    if hdrgen(["scenes", "ExposureStackFolder", *scenes[1:], *protocol, f"--output={output / 'inputs'}"]):
        return 2
    run_opencv(output / "inputs", output / "opencv", options.format)
    methods = {
        "files": ["--results", str(output / "opencv")],
        # Where tiles overlap, what both show alike is rounded once more
        "tensors": [f"--model=benchmarks.merging.opencv_results.{OfOpenCV.__name__}", "--tile=none"],
    }
    compare_methods(methods, [*scenes, protocol[1], "--grid.scenes=0", "--extremes.count=0"], output, options.protocol)
    return tell_of_differences(read_rows(output / "metrics.csv"))


def tell_of_differences(rows: Sequence[dict[str, str]]) -> int:
    """Print a row for each scene; the status of the command."""
    values: dict[str, dict[tuple[str, str, str], float]] = {}
    for row in rows:
        values.setdefault(row["method"], {})[row["scene"], row["ev"], row["metric"]] = float(row["value"])
    files, tensors = values["files"], values["tensors"]
    print("\n| scene | numbers | missing | different | largest difference |\n|---|---|---|---|---|")
    for scene in dict.fromkeys(row["scene"] for row in rows):
        both = [key for key in files.keys() & tensors.keys() if key[0] == scene]
        alone = [key for key in files.keys() ^ tensors.keys() if key[0] == scene]
        apart = [abs(files[key] - tensors[key]) for key in both]
        unequal = sum(each > 0 for each in apart)
        print(f"| {scene} | {len(both)} | {len(alone)} | {unequal} | {max(apart, default=0):.2g} |")
    return int(files != tensors)


if __name__ == "__main__":
    sys.exit(main())
