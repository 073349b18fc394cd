"""`hdrgen merge` as a user types it, on files of large photographs: time and peak memory of the whole command."""

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.shared.large_frames import EV, make_frames
from benchmarks.shared.whole_command import cost_of
from hdrgen.io import write_image

SHAKE = 40  # pixels by which the hand-held photographs differ at most
STILL, HELD, DEEP = "still", "held", "deep"
"""Folders: JPEGs from a tripod, JPEGs from the hand, 16-bit TIFF."""


class Row(NamedTuple):
    """What to merge, and how."""

    title: str
    folder: str
    options: Sequence[str]
    suffix: str = ".exr"


KNOWN = ("--align", "none", "--response", "gamma:2.2")
ROWS = (
    Row("JPEG, no alignment, known response", STILL, KNOWN),
    Row("JPEG, no alignment, response estimated", STILL, ("--align", "none")),
    Row("JPEG, alignment, response estimated", STILL, ()),
    Row("JPEG, the same and preview", STILL, ("--preview",)),
    Row("JPEG, alignment, deghosting", STILL, ("--deghost",)),
    Row("hand-held JPEG, alignment", HELD, ()),
    Row("hand-held JPEG, alignment, deghosting", HELD, ("--deghost",)),
    Row("JPEG, exposure fusion, no alignment", STILL, ("--align", "none", "--method", "mertens"), ".png"),
    Row("hand-held JPEG, alignment, exposure fusion", HELD, ("--method", "mertens"), ".png"),
    Row("16-bit TIFF, no alignment, known response", DEEP, KNOWN),
    Row("16-bit TIFF, alignment, deghosting", DEEP, ("--deghost",)),
)


def run(height: int, width: int) -> None:
    """Write the photographs, and print a row for every way to merge them."""
    with tempfile.TemporaryDirectory(prefix="hdrgen-files-") as name:
        write_files(Path(name), height, width)
        print(f"{len(EV)} files of {width} x {height}, `hdrgen merge FOLDER ..`\n")
        print("| work | options | seconds | processor seconds | peak memory |\n|---|---|---|---|---|")
        for row in ROWS:
            output = Path(name) / f"merged{row.suffix}"
            cost = cost_of("merge", str(Path(name) / row.folder), "-o", str(output), "--overwrite", *row.options)
            shown_options = f"`{' '.join(row.options)}`" if row.options else "-"
            print(f"| {row.title} | {shown_options} | {cost} |", flush=True)


class Pair(NamedTuple):
    """The same work by both programs."""

    title: str
    options: Sequence[str]
    steps: Sequence[str]
    suffix: str = ".hdr"


BESIDE_OPENCV = (
    Pair("merge, known response", KNOWN, ()),
    Pair("merge, response estimated", ("--align", "none"), ("calibrate",)),
    Pair("alignment by shifts, known response", ("--align", "mtb", *KNOWN[2:]), ("align",)),
    Pair("alignment, response estimated; OpenCV: shifts only", (), ("align", "calibrate")),
    Pair("exposure fusion", ("--align", "none", "--method", "mertens"), ("fuse",), ".png"),
)


def run_beside_opencv(height: int, width: int, runs: int = 3) -> None:
    """Write the photographs, and print what both programs take for them: whole processes, alternately, medians."""
    with tempfile.TemporaryDirectory(prefix="hdrgen-files-") as name:
        write_files(Path(name), height, width)
        folder = str(Path(name) / STILL)
        print(f"{len(EV)} JPEGs of {width} x {height}, file to file, median of {runs}\n")
        print("| work | hdrgen, processor seconds | OpenCV | ratio | of the clock |\n|---|---|---|---|---|")
        for pair in BESIDE_OPENCV:
            output = str(Path(name) / f"merged{pair.suffix}")
            ours, theirs = [], []
            for _ in range(runs):
                ours.append(cost_of("merge", folder, "-o", output, "--overwrite", *pair.options))
                theirs.append(cost_of(folder, output, *pair.steps, module="benchmarks.shared.opencv_merge"))
            mine, other = (statistics.median(each.processor for each in costs) for costs in (ours, theirs))
            clock = statistics.median(each.seconds for each in ours) / statistics.median(
                each.seconds for each in theirs
            )
            print(f"| {pair.title} | {mine:.2f} | {other:.2f} | {mine / other:.2f} | {clock:.2f} |", flush=True)


def write_files(folder: Path, height: int, width: int) -> None:
    """Every exposure in all three folders, with lists of their exposures."""
    make_frames(folder, height + SHAKE, width + SHAKE)
    offsets = np.random.default_rng(0).integers(0, SHAKE + 1, (len(EV), 2))
    for index, (top, left) in enumerate(offsets):
        frame = np.load(folder / f"{index}.npy", mmap_mode="r")
        still = frame[:height, :width]
        write_image(folder / STILL / f"{index}.jpg", still)
        write_image(folder / HELD / f"{index}.jpg", frame[top : top + height, left : left + width])
        write_image(folder / DEEP / f"{index}.tif", still.astype(np.uint16) * np.uint16(257))
        (folder / f"{index}.npy").unlink()
    for name, suffix in {STILL: "jpg", HELD: "jpg", DEEP: "tif"}.items():
        lines = ["file,ev", *(f"{index}.{suffix},{value}" for index, value in enumerate(EV))]
        (folder / name / "exposures.csv").write_text("\n".join(lines) + "\n")
