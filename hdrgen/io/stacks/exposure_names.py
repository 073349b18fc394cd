"""Exposures that file names give."""

import re
from pathlib import Path

from hdrgen.io.exposure import Exposure

_BEFORE = re.compile(r"(?<![\d.A-Za-z+-])([+-]?\d+(?:\.\d+)?)[ _]?EV(?![A-Za-z])", re.IGNORECASE)
_AFTER = re.compile(r"(?<![A-Za-z])EV[ _]?([+-]\d+(?:\.\d+)?)(?![\d.]*\d)", re.IGNORECASE)
_DRTMO_LETTERS = "abcdefghi"
_DRTMO_FOLDER = re.compile(r".+_-?\d+_-?\d+_-?\d+_[^_]+")
_DRTMO_FIRST_STOP = -10.0


def exposure_from_name(path: Path) -> Exposure:
    """The exposure in a file's name, unknown (all `None`) if there is none or more than one.

    - `<scene>_-3EV_true.jpg.png` (VDS) and the like: a number before `EV`, or a signed one after it.
    - `a.png` to `i.png`, all nine, in a folder named like DrTMO's (`<hdr>_<n>_<n>_<n>_<crf>`): 2^-10 to 2^-6 s in
      half stops.

    >>> exposure_from_name(Path("t12_-3EV_true.jpg.png")).ev
    -3.0
    """
    numbers = [*_BEFORE.findall(path.name), *_AFTER.findall(path.name)]
    if len(numbers) == 1:
        return Exposure(ev=float(numbers[0]))
    return _drtmo(path)


def _drtmo(path: Path) -> Exposure:
    """A single letter alone says too little: the folder must look like DrTMO's, too."""
    index = _DRTMO_LETTERS.find(path.stem) if len(path.stem) == 1 else -1
    if index < 0 or not _DRTMO_FOLDER.fullmatch(path.resolve().parent.name):
        return Exposure()
    if not all(path.with_stem(letter).exists() for letter in _DRTMO_LETTERS):
        return Exposure()
    return Exposure(time=2.0 ** (_DRTMO_FIRST_STOP + index / 2))
