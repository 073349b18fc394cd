"""The bracketed images of DrTMO, in the layout of Le et al.'s public code, and their lists of pairs."""

import csv
import io
import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from hdrgen.data.dataset import StackDataset, local_reference
from hdrgen.data.datasets.layout import wrong_layout
from hdrgen.data.datasets.photographed import PhotographedStacks, StackFiles, sample_of
from hdrgen.data.reading import read_frame
from hdrgen.data.sample import Sample
from hdrgen.data.splits import part_of
from hdrgen.data.virtual.stack_camera import HALF_STOPS
from hdrgen.errors import InputError
from hdrgen.io import Exposure, Frame, write_complete

LETTERS = "abcdefghi"
REFERENCE_TIME = 2.0**-8
"""Seconds at EV 0, as the lists of pairs of Le et al.'s public code have them."""
COLUMNS = ("x", "x_exp", "y", "y_exp")
Split = Literal["Train", "Test", "train", "test"]


class DrTMO(PhotographedStacks):
    """Stacks of nine 8-bit exposures in half stops: `<root>/training_data/<split>/Bracketed_images/<name>/{a..i}.png`.

    `a` is the darkest with 2^-10 s (EV -2), `e` the reference with 2^-8 s, `i` the brightest with 2^-6 s (EV +2).
    From Endo et al., "Deep Reverse Tone Mapping", 2017, as packaged for Le et al., WACV 2023.

    Args:
        root: The folder with `training_data`, or `training_data` itself.
        split: "Train" or "Test", as the folders are called; other data sets have small letters, which mean the same.
        scenes: Part of the HDR images, sorted by name, e.g. (0, 0.95) and (0.95, 1) for training and validation. All
            views and responses of an image stay together.

    Raises:
        InputError: Another layout.
    """

    def __init__(self, root: str, split: Split = "Train", scenes: tuple[float, float] = (0.0, 1.0)) -> None:
        folders = stack_folders(Path(root).expanduser(), split)
        images = set(part_of(sorted({_image(folder) for folder in folders}), scenes))
        super().__init__([folder for folder in folders if _image(folder) in images])

    def group(self, index: int) -> str:
        """The HDR image that it was rendered from."""
        return _image(self.folders[index])

    def frames_of(self, index: int) -> list[Frame]:
        """`a.png` to `i.png`; no header is read."""
        folder = self.folders[index]
        pairs = zip(LETTERS, HALF_STOPS, strict=True)
        return [Frame(folder / f"{letter}.png", Exposure(ev=stops)) for letter, stops in pairs]


class DrTMOPairs(StackDataset):
    """The pairs that a CSV file lists, each a stack of its own with two exposures.

    Columns `x,x_exp,y,y_exp`: two images, relative to `root`, and their exposure times in seconds; EV is relative to
    2^-8 s. Where neither has EV 0, the darker is the reference. Both frames are always needed, so use it with methods
    that draw pairs without identity, or take the whole stack.

    Args:
        root: The folder that the paths are relative to.
        pairs: The CSV file; `write_pairs` makes one.

    Raises:
        InputError: Not such a file.
    """

    def __init__(self, root: str, pairs: str) -> None:
        self.pairs = read_pairs(Path(root).expanduser(), Path(pairs).expanduser())

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.pairs)

    def scene(self, index: int) -> str:
        """Names of the folder and of both images."""
        dark, bright = self.pairs[index].paths
        return f"{dark.parent.name}_{dark.stem}-{bright.stem}"

    def group(self, index: int) -> str:
        """The HDR image that both were rendered from."""
        return _image(self.pairs[index].paths[0].parent)

    def exposures(self, index: int) -> Tensor:
        """(2,) in stops."""
        return self.pairs[index].ev

    def reference(self, index: int) -> int:
        """Index of EV 0, or of the darker."""
        return self.pairs[index].reference

    def load(self, index: int, frames: Sequence[int], *, generator: torch.Generator) -> Sample:
        """Read these frames."""
        pair = self.pairs[index]
        ldr = torch.stack([read_frame(pair.paths[frame]).display for frame in frames])
        return sample_of(ldr, pair.ev, pair.reference, frames, self.scene(index))


def _image(folder: Path) -> str:
    """The HDR image that a folder `<name>_<a>_<b>_<c>_<response>` was rendered from."""
    return folder.name.rsplit("_", 4)[0]


def stack_folders(root: Path, split: str) -> list[Path]:
    """The folders of all stacks of a split, sorted.

    Raises:
        InputError: There are none; the message shows the expected tree beside what was found.
    """
    split = split.capitalize()
    for base in (root / "training_data", root):
        folders = sorted((base / split / "Bracketed_images").glob("*/"))
        folders = [folder for folder in folders if folder.is_dir()]
        if folders:
            return folders
    expected = f"<root>/training_data/{split}/Bracketed_images/<name>/{{a..i}}.png"
    raise wrong_layout(root, expected, "pass the folder that holds training_data")


def write_pairs(root: str | Path, path: str | Path, split: Split = "Train", identity: bool = False) -> int:
    """List every unordered pair of exposures of every stack in a CSV file, the darker first.

    Args:
        root: As for `DrTMO`; the listed paths are relative to it.
        path: The file to write.
        split: "Train" or "Test".
        identity: Also pair each exposure with itself, as the public lists do: 45 pairs per stack instead of 36.

    Returns:
        The number of pairs.
    """
    root = Path(root).expanduser()
    choose = itertools.combinations_with_replacement if identity else itertools.combinations
    rows = [
        (_listed(folder, x, root), _time(x), _listed(folder, y, root), _time(y))
        for folder in stack_folders(root, split)
        for x, y in choose(range(len(LETTERS)), 2)
    ]
    listed = io.StringIO()
    writer = csv.writer(listed)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    write_complete(Path(path), listed.getvalue())
    return len(rows)


def read_pairs(root: Path, path: Path) -> list[StackFiles]:
    """The pairs that a CSV file lists, each sorted dark to bright.

    Raises:
        InputError: No such file, other columns, or an exposure that is no positive number.
    """
    try:
        with path.open(newline="") as file:
            reader = csv.DictReader(file)
            rows, columns = list(reader), reader.fieldnames or []
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: expected a CSV file with the columns {','.join(COLUMNS)}, found {error}") from error
    if not set(COLUMNS) <= set(columns) or not rows:
        header = ",".join(columns) or "an empty file"
        raise InputError(
            f"{path}: expected rows with the columns {','.join(COLUMNS)}, found {header} ({len(rows)} rows)"
        )
    return [_pair(root, path, number, row) for number, row in enumerate(rows, start=2)]


def _pair(root: Path, path: Path, line: int, row: dict[str, str]) -> StackFiles:
    try:
        sides = sorted((math.log2(float(row[f"{key}_exp"]) / REFERENCE_TIME), row[key]) for key in ("x", "y"))
    except (TypeError, ValueError) as error:
        times = f"{row['x_exp']!r} and {row['y_exp']!r}"
        raise InputError(f"{path}, line {line}: expected exposure times above 0 seconds, found {times}") from error
    (dark, first), (bright, second) = sides
    # Times written with few digits must not miss the reference by a hair.
    ev = [round(dark, 6) + 0.0, round(bright, 6) + 0.0]
    return StackFiles([root / first, root / second], torch.tensor(ev), local_reference(ev, 0))


def _listed(folder: Path, frame: int, root: Path) -> str:
    return (folder.relative_to(root) / f"{LETTERS[frame]}.png").as_posix()


def _time(frame: int) -> float:
    return REFERENCE_TIME * 2 ** HALF_STOPS[frame]
