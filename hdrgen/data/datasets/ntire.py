"""Three exposures of moving scenes as the NTIRE 2021 HDR challenge packs them, whole frames or 256 x 256 patches."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from hdrgen.data.datasets.layout import wrong_layout
from hdrgen.data.datasets.photographed import PhotographedStacks, StackOptions
from hdrgen.data.reading import read_frame
from hdrgen.data.splits import scenes_of
from hdrgen.errors import InputError
from hdrgen.io import Exposure, Frame, natural_key

LIST = "exposures.npy"
FRAMES = (("short", "0"), ("medium", "1"), ("long", "2"))
LEVELS = 65535.0
"""Of the 16-bit truth; the align ratio is given in its levels, not in display values."""


class NTIRE2021(PhotographedStacks):
    r"""Three 8-bit exposures with motion between them, and a 16-bit truth at the middle one.

    From Perez-Pellitero et al.: "NTIRE 2021 Challenge on High Dynamic Range Imaging", CVPR Workshops 2021; rendered
    from HdM-HDR-2014. A folder for each scene or all scenes in one, at any depth below the root::

        <root>/<scene>/{short,medium,long,gt}.png, exposures.npy, alignratio.npy     (frames also 0.png, 1.png, 2.png)
        <root>/<n>_{short,medium,long,gt}.png, <n>_exposures.npy, <n>_alignratio.npy

    `exposures.npy` holds three exposures in stops. The truth is a gamma-encoded PNG of 16 bits, scaled by the align
    ratio a: radiance is :math:`(z / a)^\gamma` of levels z, 1 where the middle frame reaches display 1. Scenes without
    `gt.png` have no truth.

    Args:
        root: Any folder above the scenes.
        scenes: Part of the scenes, sorted by name, such as (0, 0.9).
        only: Names of the wanted scenes, separated by commas; `*` and `?` stand for any letters.
        gamma: Of the truth; the challenge's own code takes 2.24, the true response being unknown.
        max_side: Shrink larger images to this many pixels, antialiased.

    Raises:
        InputError: Another layout. A scene that cannot be read raises when it is asked for.
    """

    def __init__(
        self,
        root: str,
        scenes: tuple[float, float] = (0.0, 1.0),
        only: str | None = None,
        gamma: float = 2.24,
        max_side: int | None = None,
    ) -> None:
        place = Path(root).expanduser()
        # Each scene by its list of exposures; what stands before `exposures.npy` stands before its other files, too.
        tables = {_scene_of(path): path for path in sorted(place.rglob(f"*{LIST}"), key=natural_key)}
        if not tables:
            expected = f"<root>/<scene>/{{short.png, medium.png, long.png, gt.png, {LIST}, alignratio.npy}}"
            raise wrong_layout(place, expected, "pass a folder above the scenes")
        super().__init__(scenes_of(list(tables), scenes, only), StackOptions(max_side=max_side))
        self.tables = [tables[folder] for folder in self.folders]
        self.gamma = gamma

    def frames_of(self, index: int) -> list[Frame]:
        """Short, medium and long, with the stops of their list.

        Raises:
            InputError: A frame is missing, or the list is no three numbers.
        """
        stops = _numbers(self.tables[index], 3)
        frames = [
            Frame(self._frame(index, names), Exposure(ev=float(ev))) for names, ev in zip(FRAMES, stops, strict=True)
        ]
        if (np.diff(stops) <= 0).any():
            raise InputError(f"{self.tables[index]}: expected stops from short to long, found {stops.tolist()}")
        return frames

    def truth_files(self, index: int) -> list[Path]:
        """`gt.png` and the number that scales it, if they are there."""
        files = [self._file(index, name) for name in ("gt.png", "alignratio.npy")]
        return files if all(path.is_file() for path in files) else []

    def truth(self, index: int) -> tuple[Path, Tensor] | None:
        """`gt.png` made linear, if it is there."""
        path = self._file(index, "gt.png")
        if not path.is_file():
            return None
        ratio = float(_numbers(self._file(index, "alignratio.npy"), 1)[0])
        return path, (read_frame(path).display * (LEVELS / ratio)) ** self.gamma

    def _frame(self, index: int, names: tuple[str, ...]) -> Path:
        paths = [self._file(index, f"{name}.png") for name in names]
        existing = next((path for path in paths if path.is_file()), None)
        if existing is None:
            raise InputError(f"{paths[0]}: expected this exposure, or {paths[1].name}, found neither; copy it again")
        return existing

    def _file(self, index: int, name: str) -> Path:
        table = self.tables[index]
        return table.with_name(table.name.removesuffix(LIST) + name)


def _scene_of(table: Path) -> Path:
    """The folder of the scene; where many scenes share one, the path that their number would have in it."""
    number = table.name.removesuffix(LIST).rstrip("_")
    return table.parent / number if number else table.parent


def _numbers(path: Path, count: int) -> NDArray[Any]:
    """That many positive or negative numbers from a NumPy file.

    Raises:
        InputError: No such file, or another content.
    """
    try:
        values = np.load(path, allow_pickle=False)
        numbers: NDArray[Any] = np.asarray(values, np.float64).reshape(-1)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path}: expected a NumPy file with {count} numbers, found {error}; copy it again") from error
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise InputError(f"{path}: expected {count} numbers, found {numbers.tolist()[:8]}; copy it again")
    return numbers
