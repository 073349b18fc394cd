"""Samples to disk, in the layout that `ExposureStackFolder` reads."""

import csv
import io
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from hdrgen.data.sample import Sample
from hdrgen.io import write_complete, write_image


def write_stack(sample: Sample, folder: str | Path, bits: int = 8) -> Path:
    """Write a sample as a scene folder: `00.png` ... dark to bright, `exposures.csv`, and `truth.exr` if it has `hdr`.

    Read back, the frames of an 8-bit stack and their EVs are the same; the truth is stored in 32-bit float.

    Args:
        sample: One scene, not a batch.
        folder: Created if missing; files of the same names are replaced.
        bits: Of the PNG files, 8 or 16.

    Returns:
        The folder.
    """
    folder = Path(folder)
    names = [f"{index:02d}.png" for index in range(len(sample["ldr"]))]
    for name, frame in zip(names, sample["ldr"], strict=True):
        write_image(folder / name, _channels_last(frame), bits=bits)
    if "hdr" in sample:
        write_image(folder / "truth.exr", _channels_last(sample["hdr"]), float32=True)
    listed = io.StringIO()
    writer = csv.writer(listed)
    writer.writerow(("file", "ev"))
    writer.writerows(zip(names, sample["ev"].tolist(), strict=True))
    write_complete(folder / "exposures.csv", listed.getvalue())
    return folder


def _channels_last(image: Tensor) -> NDArray[Any]:
    return image.detach().cpu().permute(1, 2, 0).numpy()
