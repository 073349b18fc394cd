"""SICE with the optimal exposures that Zhang et al. labelled (SICE-S)."""

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from hdrgen.data.datasets.layout import wrong_layout
from hdrgen.data.datasets.photographed import PhotographedStacks, StackFiles, StackOptions
from hdrgen.data.reading import read_radiance
from hdrgen.data.sample import Sample
from hdrgen.data.splits import part_of
from hdrgen.errors import InputError

FIRST_PART = 360
"""Scenes of the first part; the labels number those of the second on from there."""
SCENES = 589
NUMBERS = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")
LONGEST_NAME = 255
"""Bytes that file systems allow; what is longer is no file."""
LABEL = re.compile(r"(\d+)_(\d+)_(\d+)\.png")
LABELS_FILE = "best_index.txt"
IMAGES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp")
LAYOUT = "<root>/{Dataset_Part1, Dataset_Part2}/<scene>/<number>.JPG and <root>/best_index.txt"
RANKS = (-torch.inf, 0.0, torch.inf)
"""In place of exposure values, which were never published: only the order is known."""


class SICE(PhotographedStacks):
    """Three exposures of each scene of SICE: the optimal darker one, the one in the middle, the optimal brighter one.

    SICE (Cai et al., "Learning a Deep Single Image Contrast Enhancer from Multi-Exposure Images", 2018) has 589 scenes:
    `<root>/Dataset_Part1/<1..360>/<number>.JPG` and `<root>/Dataset_Part2/<1..229>/<number>.JPG`, numbered from dark to
    bright. `best_index.txt` of Zhang et al. 2023 (github.com/zhangn77/Revisiting-the-Stack-Based-Inverse-Tone-Mapping)
    labels all of them, SICE-S: `<scene>_<darker>_<brighter>.png`, one after the other, the scenes of the second part
    from 361 on. Which exposure is the input is published nowhere; here it is the middle one of the two, rounded down.

    The exposure values are not published either. `ev` is -inf, 0, inf: darker, the reference, brighter. `AdaptiveITM`
    trains on that, other methods do not.

    Args:
        root: The folder with both parts, or with one of them.
        part: Take one part only.
        scenes: Part of the scenes in the order of their numbers, e.g. (0, 0.8) and (0.8, 1) for training and test.
        exclude: Numbers of scenes to leave out before that, 1 to 589, such as "12,40-52", or a text file of them. SICE
            holds scenes of HDR-Eye and of Fairchild's survey, on which papers test; Zhang et al. keep them from
            training, and publish no list of them.
        labels: The file of labels; None: `best_index.txt` in `root`.
        truth: Folder with the HDR image of each scene, `<number>.exr` or `.hdr`, 1 to 589, in the size of the
            photographs or not. SICE has none; the authors merged them from the full stacks.
        square: Height and width, in pixels, to which photographs are resized whatever their aspect, as in the paper;
            None keeps their size.

    Raises:
        InputError: Another layout, no labels, a labelled exposure or an excluded scene that is not there.
    """

    def __init__(
        self,
        root: str,
        part: Literal[1, 2] | None = None,
        scenes: tuple[float, float] = (0.0, 1.0),
        exclude: str | None = None,
        labels: str | None = None,
        truth: str | None = None,
        square: int | None = 512,
    ) -> None:
        place = Path(root).expanduser()
        folders = dict(_scene_folders(place, (1, 2) if part is None else (part,)))
        if not folders:
            raise wrong_layout(place, LAYOUT, "pass the folder that holds both parts of SICE")
        best = read_labels(Path(labels).expanduser() if labels else place / LABELS_FILE)
        unlabelled = sorted(set(folders) - set(best))
        if unlabelled:
            raise InputError(
                f"{place}: expected a label for every scene, found none for {unlabelled[:8]}; check labels"
            )
        self.numbers = part_of(sorted(set(folders) - _excluded(exclude, folders)), scenes)
        self.triples = [triple(folders[number], *best[number]) for number in self.numbers]
        self.truths = Path(truth).expanduser() if truth else None
        super().__init__([folders[number] for number in self.numbers], StackOptions(square=square))

    def scene(self, index: int) -> str:
        """`sice_<number>`, 1 to 589."""
        return f"sice_{self.numbers[index]:03d}"

    def exposures(self, index: int) -> Tensor:
        """(3,) -inf, 0, inf."""
        return torch.tensor(RANKS)

    def truth_files(self, index: int) -> list[Path]:
        """The HDR image, if the folder of truths was given and has it."""
        path = self.truths and _existing(self.truths, str(self.numbers[index]), (".exr", ".hdr"))
        return [path] if path else []

    def truth(self, index: int) -> tuple[Path, Tensor] | None:
        """The HDR image of a scene, if the folder of truths was given."""
        if self.truths is None:
            return None
        path = next(iter(self.truth_files(index)), None)
        if path is None:
            raise InputError(f"{self.truths}: expected {self.numbers[index]}.exr or .hdr, found neither; add it")
        return path, read_radiance(path)

    def load(self, index: int, frames: Sequence[int], *, generator: torch.Generator) -> Sample:
        """Read these frames; with all of them, `optimal` says which are the labelled ones."""
        sample = super().load(index, frames, generator=generator)
        if 0 in frames and 2 in frames:
            sample["optimal"] = torch.tensor([frames.index(0), frames.index(2)])
        return sample

    def _stack(self, index: int) -> StackFiles:
        return StackFiles(self.triples[index], torch.tensor(RANKS), 1)


def read_labels(path: Path) -> dict[int, tuple[int, int]]:
    """Scene number to the numbers of the optimal darker and brighter exposure, from a run of `scene_i_j.png`.

    Separators between the entries may be there or not.

    Raises:
        InputError: No such file; something in it that is no label; a scene twice; a brighter exposure that leaves none
            between itself and the darker one.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected the labels of SICE-S (best_index.txt), found nothing; pass labels")
    text = path.read_text(encoding="utf-8", errors="replace")
    rest = LABEL.sub("", text).strip()
    if rest or not text.strip():
        raise InputError(f"{path}: expected a run of scene_darker_brighter.png, found {rest[:40] or 'an empty file'!r}")
    labels: dict[int, tuple[int, int]] = {}
    for scene, down, up in (map(int, match.groups()) for match in LABEL.finditer(text)):
        if scene in labels or up - down < 2:
            raise InputError(f"{path}: expected one label a scene, at least 2 apart, found {scene}_{down}_{up}.png")
        labels[scene] = down, up
    return labels


def read_numbers(text: str) -> set[int]:
    """The numbers and ranges of a text, or of the file that it names, separated by commas or white space.

    Raises:
        InputError: Something in it is neither a number nor a range, or there is nothing.

    >>> sorted(read_numbers("3, 7-9"))
    [3, 7, 8, 9]
    """
    source, path = "", Path(text).expanduser()
    # Numbers first: as the name of a file, a long list of them would be an error of the system.
    if not all(map(NUMBERS.fullmatch, _words(text))) and len(path.name) <= LONGEST_NAME and path.is_file():
        source, text = f"{path}: ", path.read_text(encoding="utf-8", errors="replace")
    numbers: set[int] = set()
    for word in _words(text):
        found = NUMBERS.fullmatch(word)
        scenes = range(int(found[1]), int(found[2] or found[1]) + 1) if found else ()
        if not scenes:
            raise InputError(
                f"{source}expected numbers of scenes and ranges such as 12,40-52, or a file of them,"
                f" found {word[:40]!r}",
                "exclude",
            )
        numbers.update(scenes)
    if not numbers:
        raise InputError(f"{source}expected numbers of scenes to leave out, found none; leave exclude out", "exclude")
    return numbers


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _excluded(exclude: str | None, there: Collection[int]) -> set[int]:
    """The scenes to leave out, which may lie in the other part of the data.

    Raises:
        InputError: Not numbers, or a number that no scene of SICE has.
    """
    numbers = set() if exclude is None else read_numbers(exclude)
    if unknown := sorted(numbers - set(range(1, SCENES + 1)) - set(there)):
        raise InputError(f"expected scenes of SICE, 1 to {SCENES}, to leave out, found {unknown[:8]}", "exclude")
    return numbers


def triple(folder: Path, down: int, up: int) -> list[Path]:
    """The files of the darker, the middle and the brighter exposure of a scene.

    Raises:
        InputError: One of them is not there.
    """
    numbers = (down, (down + up) // 2, up)
    paths = [_existing(folder, str(number), IMAGES) for number in numbers]
    if None in paths:
        names = sorted(path.name for path in folder.iterdir())
        missing = numbers[paths.index(None)]
        raise InputError(f"{folder}: expected exposure {missing} of {down}..{up}, found {', '.join(names[:30])}")
    return [path for path in paths if path is not None]


def _scene_folders(root: Path, parts: Sequence[int]) -> Iterator[tuple[int, Path]]:
    """Number, 1 to 589, and folder of each scene. Part2 numbers its own from 1."""
    for part in parts:
        name, before = f"Dataset_Part{part}", 0 if part == 1 else FIRST_PART
        for folder in (root if root.name == name else root / name).glob("*/"):
            if folder.name.isdecimal() and folder.is_dir():
                number = int(folder.name)
                yield (number if number > before else number + before), folder


def _existing(folder: Path, stem: str, suffixes: Sequence[str]) -> Path | None:
    candidates = sorted(folder.glob(f"{stem}.*"))
    return next((path for path in candidates if path.stem == stem and path.suffix.lower() in suffixes), None)
