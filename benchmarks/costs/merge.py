"""What `hdrgen merge` costs as photographs grow and brackets get longer: processor seconds and peak memory.

Whole processes, each with a bracket of generated JPEG photographs: a noisy scene of a megapixel, beside and below
itself as often as it takes, one EV from each exposure to the next. Every cost is a line of the CSV file as soon as it
is known; those that are there are not measured again, so that an interrupted run goes on. `--plot` draws the file, and
`--plot-ways` all ways over megapixels.
"""

import argparse
import csv
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.costs.plot import draw, draw_ways
from benchmarks.shared.environment import print_environment
from benchmarks.shared.large_frames import photographed, radiance_at
from benchmarks.shared.whole_command import cost_of
from hdrgen.io import write_image

SIZES = {1: (1000, 1000), 6: (2000, 3000), 24: (4000, 6000), 100: (8350, 12000)}
WAYS = {
    "plain": ("--align", "none"),
    "aligned": (),
    "deghosted": ("--deghost",),
    "fused": ("--align", "none", "--method", "mertens"),
}
SIDE = 1000


class Point(NamedTuple):
    """A cost, and what it is of."""

    way: str
    megapixels: int
    frames: int
    seconds: float
    processor: float
    gigabytes: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("csv", type=Path, help="file of the costs")
    parser.add_argument("--megapixels", type=int, nargs="+", choices=SIZES, default=list(SIZES), help="(all)")
    parser.add_argument("--frames", type=int, nargs="+", default=[3, 5, 9, 15], help="(%(default)s)")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="(all)")
    parser.add_argument("--plot", type=Path, help="draw the costs into this .svg file")
    parser.add_argument("--plot-ways", type=Path, help="draw all ways into this .svg file")
    options = parser.parse_args()
    print_environment()
    print("\n| way | megapixels | frames | seconds | processor seconds | peak memory |\n|---|---|---|---|---|---|")
    for megapixels in options.megapixels:
        measure(options.csv, megapixels, options.frames, options.ways)
    if options.plot:
        draw(read(options.csv), options.plot)
    if options.plot_ways:
        draw_ways(read(options.csv), options.plot_ways)
    return 0


def measure(file: Path, megapixels: int, counts: Sequence[int], ways: Sequence[str]) -> None:
    """Print a row for each way and number of frames, and write those that are new."""
    known = {point[:3]: point for point in read(file)}
    with tempfile.TemporaryDirectory(prefix="hdrgen-growth-") as name:
        for frames in counts:
            for way in ways:
                key = (way, megapixels, frames)
                point = known.get(key) or measured(key, bracket_of(Path(name), megapixels, frames))
                if key not in known:
                    with file.open("a", newline="") as lines:
                        csv.writer(lines).writerow(point)
                print("|", " | ".join(f"{each:g}" if isinstance(each, float) else str(each) for each in point), "|")
                sys.stdout.flush()


def measured(key: tuple[str, int, int], folder: Path) -> Point:
    """The cost of one process."""
    way, megapixels, frames = key
    output = folder.parent / ("fused.png" if way == "fused" else "merged.exr")
    cost = cost_of("merge", str(folder), "-o", str(output), "--overwrite", "--max-megapixels", "200", *WAYS[way])
    gigabytes = cost.memory * 2**30 / 1e9
    return Point(way, megapixels, frames, round(cost.seconds, 1), round(cost.processor, 1), round(gigabytes, 2))


def bracket_of(folder: Path, megapixels: int, frames: int) -> Path:
    """The folder of so many exposures, written unless it is there; the same files serve longer brackets."""
    height, width = SIZES[megapixels]
    bracket = folder / str(frames)
    if bracket.exists():
        return bracket
    bracket.mkdir()
    stops = [index - frames // 2 for index in range(frames)]
    for ev in stops:
        source = folder / f"{ev}.jpg"
        if not source.exists():
            write_image(source, np.tile(exposure(ev), (-(-height // SIDE), -(-width // SIDE), 1))[:height, :width])
        (bracket / source.name).hardlink_to(source)
    (bracket / "exposures.csv").write_text("\n".join(["file,ev", *(f"{ev}.jpg,{ev}" for ev in stops), ""]))
    return bracket


def exposure(ev: int) -> np.ndarray:
    """A megapixel of the scene, codes (1000, 1000, 3)."""
    generator = np.random.default_rng(0)
    octaves = [generator.random((2**o * 3 + 2, 2**o * 3 + 2, 3), np.float32) for o in range(2, 9)]
    places = np.arange(SIDE) / SIDE
    return photographed(radiance_at(octaves, places, places), ev, np.random.default_rng(100 + ev))


def read(file: Path) -> list[Point]:
    """The costs of a file; none where there is no file."""
    if not file.exists():
        return []
    with file.open(newline="") as lines:
        return [
            Point(way, int(megapixels), int(frames), *map(float, costs))
            for way, megapixels, frames, *costs in csv.reader(lines)
        ]


if __name__ == "__main__":
    sys.exit(main())
