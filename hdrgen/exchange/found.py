"""Which files of a folder are the results of which scene, by their names."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hdrgen.errors import InputError

RADIANCE = (".exr", ".npy", ".tif", ".tiff", ".hdr")
"""Suffixes of HDR images, the most exact first: where a scene has several, the first one counts."""
DISPLAY = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
"""Suffixes of exposures, in the same order."""
_EXPOSURE = re.compile(r"(?P<scene>.+)_(?:ev(?P<stops>[+-]?\d+(?:\.\d*)?)|(?P<rank>down|up))", re.IGNORECASE)
_RANKS = {"down": float("-inf"), "up": float("inf")}


@dataclass
class Found:
    """The files of one scene: its HDR image, and its exposures by their EV."""

    radiance: Path | None = None
    exposures: dict[float, Path] = field(default_factory=dict)


def found_in(folder: Path) -> dict[str, Found]:
    """What a folder holds, by the name that a scene has in names of files.

    Args:
        folder: With `SCENE.exr`, `SCENE_ev+1.0.png` and so on, in it or in folders called `SCENE`, as `predict` writes
            them.

    Raises:
        InputError: No folder, or nothing in it that could be a result.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder of results, found {'a file' if folder.exists() else 'nothing'}")
    scenes: dict[str, Found] = defaultdict(Found)
    for path in _files(folder):
        suffix, stem = path.suffix.lower(), path.name[: len(path.name) - len(path.suffix)]
        exposure = _EXPOSURE.fullmatch(stem) if suffix in DISPLAY else None
        if exposure is not None:
            scene, stops = exposure["scene"], exposure["stops"]
            ev = float(stops) if stops else _RANKS[exposure["rank"].lower()]
            scenes[scene].exposures[ev] = _better(scenes[scene].exposures.get(ev), path, DISPLAY)
        elif suffix in RADIANCE:
            scenes[stem].radiance = _better(scenes[stem].radiance, path, RADIANCE)
    if not scenes:
        raise InputError(
            f"{folder}: expected results such as SCENE.exr, SCENE.hdr or SCENE_ev+1.0.png, found none; `hdrgen scenes`"
            " writes the names of the scenes"
        )
    return dict(scenes)


def _files(folder: Path) -> Iterator[Path]:
    """Those in the folder, and those in folders of it that are called as the scene of the file."""
    for path in sorted(folder.iterdir()):
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from (file for file in sorted(path.iterdir()) if file.is_file() and file.name.startswith(path.name))


def _better(before: Path | None, path: Path, order: tuple[str, ...]) -> Path:
    if before is None or order.index(path.suffix.lower()) < order.index(before.suffix.lower()):
        return path
    return before
