"""Where the pixels of a photograph lie in another: plane homographies, and photographs resampled through them."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hdrgen.fusion.rows import ROWS, Block, Rows, available_cores
from hdrgen.io import free_memory
from hdrgen.tiling import row_slices

if TYPE_CHECKING:
    from torch import Tensor

Matrix = NDArray[np.float64]
"""(3, 3) homography from pixel coordinates (x, y, 1), the first pixel's centre at 0, to those of another photograph."""


FINE = 4096  # places along a column are told apart in a pixel: about as many as 32-bit floats do
SEEN_BEHIND = 3  # rows that interpolation sees behind the last
FREE_SHARE = 0.5  # of the free memory that resampled frames may take


def applied(matrix: Matrix, points: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Points (N, 2) through a homography.

    >>> applied(shift(3, -1), np.zeros((1, 2))).tolist()
    [[3.0, -1.0]]
    """
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    result = np.empty((len(moved), 2))
    for column in range(2):  # each by itself: a division of both would be slow
        np.divide(moved[:, column], moved[:, 2], out=result[:, column])
    return result


def shift(x: float, y: float) -> Matrix:
    """The homography that adds (x, y)."""
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def rescaled(matrix: Matrix, factor: float) -> Matrix:
    """The same motion for images enlarged by `factor`, pixels being areas: x -> factor (x + 1/2) - 1/2."""
    up = np.array([[factor, 0.0, (factor - 1) / 2], [0.0, factor, (factor - 1) / 2], [0.0, 0.0, 1.0]])
    result: Matrix = up @ matrix @ np.linalg.inv(up)
    return result


def corners(height: int, width: int) -> NDArray[np.float64]:
    """The centres of the four corner pixels, (4, 2) as (x, y)."""
    right, bottom = width - 1.0, height - 1.0
    return np.array([[0.0, 0.0], [right, 0.0], [right, bottom], [0.0, bottom]])


def largest_move(matrix: Matrix, height: int, width: int) -> float:
    """How far the homography moves the corner that it moves most, in pixels."""
    places = corners(height, width)
    return float(np.linalg.norm(applied(matrix, places) - places, axis=1).max())


@dataclass(frozen=True)
class Crop:
    """A part of the reference photograph: its first row and column, and its size."""

    top: int
    left: int
    height: int
    width: int


def common_area(matrices: list[Matrix], height: int, width: int) -> Crop:
    """The part of the reference that all photographs show: cut side by side where the most is missing.

    Args:
        matrices: From the reference to each photograph, all of this size.
        height: In pixels.
        width: In pixels.
    """
    top, left, bottom, right = 0.0, 0.0, height - 1.0, width - 1.0
    for matrix in matrices:
        back = applied(np.linalg.inv(matrix).astype(np.float64), corners(height, width))
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = back.tolist()
        top, left = max(top, y0, y1), max(left, x0, x3)
        bottom, right = min(bottom, y2, y3), min(right, x1, x2)
    # The inverse is rounded: a millionth of a pixel must not cost a row.
    first_row, first_column = int(np.ceil(top - 1e-6)), int(np.ceil(left - 1e-6))
    rows, columns = int(np.floor(bottom + 1e-6)) - first_row + 1, int(np.floor(right + 1e-6)) - first_column + 1
    return Crop(first_row, first_column, rows, columns)


class Warped:
    """A photograph as the reference would show it, resampled row by row as it is asked for.

    Whole pixels are copied, so that a photograph that needs no alignment stays as it is. Else values are interpolated
    (bicubic) and handed out with 16 bits, which keeps what lies between two codes; pixels that clip stay clipped.

    Args:
        source: The photograph, (H, W, 3), all rows at hand.
        matrix: From the reference to the photograph.
        crop: The part of the reference that is wanted.
    """

    def __init__(self, source: NDArray[Any], matrix: Matrix, crop: Crop) -> None:
        self.source = source
        self.crop = crop
        self.matrix = matrix
        whole = np.round(matrix)
        self.whole = bool(np.array_equal(matrix, whole) and np.array_equal(whole[:2, :2], np.eye(2)))
        self.shape = (crop.height, crop.width, 3)
        integer = source.dtype.kind == "u"
        self.dtype = source.dtype if self.whole else np.dtype(np.uint16 if integer else np.float32)

    def __getitem__(self, rows: slice) -> Block:
        """Some rows, (n, W, 3)."""
        start, stop, _ = rows.indices(self.crop.height)
        if self.whole:
            x, y = (int(value) for value in self.matrix[:2, 2])
            left = self.crop.left + x
            below = self.crop.top + y
            return self.source[below + start : below + stop, left : left + self.crop.width]
        return self._interpolated(start, stop)

    def _interpolated(self, start: int, stop: int) -> Block:
        import torch  # not before a photograph is resampled: what stands still needs none
        from torch.nn import functional

        across, down = self._places(start, stop)
        # Bicubic interpolation reads one pixel before a place and two behind it; one more on each side for rounding.
        first = max(0, int(down.min() / FINE) - 2)
        last = min(len(self.source), math.ceil(down.max() / FINE) + 3)
        part = self._part(first, last)
        height, width = part.shape[1:]
        grid = np.empty((*across.shape, 2), np.float32)
        across *= 2 / width  # from -1 to 1, as torch wants them
        across += 1 / width - 1
        down -= first * FINE
        down *= 2 / (FINE * height)
        down += 1 / height - 1
        grid[..., 0], grid[..., 1] = across, down
        values = functional.grid_sample(
            torch.from_numpy(part)[None],
            torch.from_numpy(grid)[None],
            mode="bicubic",
            padding_mode="border",
            align_corners=False,
        )
        return self._stored(values[0].permute(1, 2, 0).contiguous())

    def _part(self, first: int, last: int) -> NDArray[np.float32]:
        """Rows of the source (3, h, W); h is a power of two, so that places in it are the same numbers in any part.

        Of the rows behind the last, which repeat it, interpolation sees no more than are filled.
        """
        count = last - first
        part = np.empty((3, 1 << (count - 1).bit_length(), self.source.shape[1]), np.float32)
        part[:, :count] = self.source[first:last].transpose(2, 0, 1)
        part[:, count : count + SEEN_BEHIND] = part[:, count - 1 : count]
        return part

    def _places(self, start: int, stop: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where the pixels of these rows lie in the source: columns, and rows in whole parts of `FINE`, (n, W) each."""
        x = np.arange(self.crop.left, self.crop.left + self.crop.width, dtype=np.float64)
        y = np.arange(self.crop.top + start, self.crop.top + stop, dtype=np.float64)[:, None]
        m = self.matrix
        depth = m[2, 0] * x + m[2, 1] * y + m[2, 2]
        across = m[0, 0] * x + (m[0, 1] * y + m[0, 2])
        across /= depth
        down = FINE * m[1, 0] * x + FINE * (m[1, 1] * y + m[1, 2])
        down /= depth
        return across, np.rint(down, out=down)

    def _stored(self, values: Tensor) -> Block:
        if self.source.dtype.kind != "u":
            return values.clamp_(0, 1).numpy()
        scale = 65535 // np.iinfo(self.source.dtype).max
        codes: Block = values.mul_(scale).round_().clamp_(0, 65535).numpy().astype(np.uint16)
        return codes


def aligned(photographs: list[NDArray[Any]], matrices: list[Matrix]) -> list[Rows]:
    """Photographs of one size as the reference would show them, cut to what all of them show."""
    crop = common_area(matrices, *photographs[0].shape[:2])
    return [Warped(photo, matrix, crop) for photo, matrix in zip(photographs, matrices, strict=True)]


def hold(frames: list[Rows]) -> None:
    """Put the rows of all frames into memory, for those who look at them several times; not where it is short.

    What would be resampled each time is resampled once, by the rows that a merge asks for, so that its result is the
    same. The list is filled anew frame by frame: a photograph that nothing else holds is then freed.
    """
    needed = sum(math.prod(frame.shape) * frame.dtype.itemsize for frame in frames if _resampled(frame))
    if needed > FREE_SHARE * free_memory():
        return

    def fill(index: int) -> None:
        frames[index] = _in_memory(frames[index])

    with ThreadPoolExecutor(available_cores()) as pool:
        list(pool.map(fill, range(len(frames))))


def _resampled(frame: Rows) -> bool:
    return isinstance(frame, Warped) and not frame.whole


def _in_memory(frame: Rows) -> Block:
    if not _resampled(frame):
        return frame[: frame.shape[0]]
    result = np.empty(frame.shape, frame.dtype)
    for rows in row_slices(len(result), ROWS):
        result[rows] = frame[rows]
    return result
