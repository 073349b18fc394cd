"""Points of contrast in one exposure, followed into another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from hdrgen.fusion.grey import Grey, Pyramid
from hdrgen.fusion.motions import MotionModel, Values
from hdrgen.fusion.transforms import Matrix, applied, rescaled

CELLS = 20000  # points are wanted: one from each cell of a grid, finer where much is flat or clipped
SEEN = (0.03, 0.97)
"""Display values that count as not clipped."""
WEAKEST = 0.004  # per pixel: flatter points tell nothing
FEWEST = 60  # points seen in both exposures: fewer hold eight parameters of a homography too loosely
TURNS = 25  # iterations at most
SETTLED = 0.003  # pixels: the motion is found when an iteration moves no point farther
BORDER = 2  # pixels at the edge, whose blur and slope have been made of repeated ones
QUANTILES = 512  # of brightness, two to an 8-bit code


@dataclass(frozen=True)
class Matching:
    """The brightness that pixels of one exposure have in another, by their place in the order of all pixels.

    Attributes:
        far: Display values of the exposure that is looked up, rising.
        near: The display values that they have in the first.
    """

    far: Values
    near: Values

    @classmethod
    def between(cls, near: Pyramid, far: Pyramid, matrix: Matrix | None = None) -> Matching:
        """From equal quantiles of both pictures, of the size nearest to a quarter of a megapixel.

        Args:
            near: The first exposure.
            far: The one that is looked up.
            matrix: The motion between their largest images, where it is known: only what both show is compared then.
        """
        level = next((i for i, image in enumerate(near.images) if image.size <= 2**18), len(near.images) - 1)
        near_values, far_values = near.images[level].ravel(), far.images[level].ravel()
        if matrix is not None:
            factor = near.factors[level] / near.factors[0]
            motion = rescaled(matrix, 1 / factor)
            near_values, far_values = _shown_by_both(near.images[level], far.images[level], motion)
        share = np.linspace(0, 1, QUANTILES)
        quantiles = np.quantile(far_values, share), np.quantile(near_values, share)
        # A brightness that many pixels have fills several quantiles; interpolation needs rising ones.
        kept = np.append(True, np.diff(quantiles[0]) > 1e-6)
        return cls(*(values[kept].astype(np.float64) for values in quantiles))

    def __call__(self, values: Values) -> Values:
        """The brightness in the first exposure."""
        return np.interp(values, self.far, self.near)


class ContrastPoints:
    """The pixels of largest gradient, one from each cell of a grid, of those that are not clipped.

    Args:
        image: (H, W) display values.
    """

    def __init__(self, image: Grey) -> None:
        slope_y, slope_x = (np.gradient(image, axis=axis) for axis in range(2))
        size = np.hypot(slope_x, slope_y)
        size[_widened((image < SEEN[0]) | (image > SEEN[1]))] = 0
        size[:BORDER] = size[-BORDER:] = size[:, :BORDER] = size[:, -BORDER:] = 0
        cell = np.ceil(np.sqrt(np.count_nonzero(size > WEAKEST) / CELLS))
        rows, columns = _largest(size, max(1, int(cell)))
        self.places = np.column_stack([columns, rows]).astype(np.float64)
        self.values = image[rows, columns].astype(np.float64)
        self.slopes = np.column_stack([slope_x[rows, columns], slope_y[rows, columns]]).astype(np.float64)
        self.centre = np.array(image.shape[::-1], np.float64) / 2
        self.scale = max(image.shape) / 2
        self._up = np.array([[self.scale, 0, self.centre[0]], [0, self.scale, self.centre[1]], [0, 0, 1.0]])

    def track(self, image: Grey, matching: Matching, motion: MotionModel, start: Matrix) -> Matrix | None:
        """The homography of a family by which the points lie elsewhere in another exposure; None if too few do.

        Weighted least squares on brightness, a difference in gain and offset left free, until nothing moves.
        """
        columns = self.columns(motion, self.slopes)
        matrix = start
        for _ in range(TURNS):
            visible, values = sample(image, applied(matrix, self.places))
            if np.count_nonzero(visible) < FEWEST:
                return None
            change, _ = solved(columns[visible], matching(values[visible]) - self.values[visible])
            step = self._up @ motion.matrix(change[:-2]) @ np.linalg.inv(self._up)
            matrix = matrix @ np.linalg.inv(step)
            matrix /= matrix[2, 2]
            if np.abs(applied(step, self.places) - self.places).max() < SETTLED:
                break
        return matrix

    def spread(self, image: Grey, matrix: Matrix) -> float:
        """Share of the points seen in both exposures that lies in the emptiest quarter of the picture."""
        visible, _ = sample(image, applied(matrix, self.places))
        quarter = (self.places > self.centre)[visible] @ [1, 2]
        return float(np.bincount(quarter, minlength=4).min() / max(1, len(quarter)))

    def error(self, image: Grey, matching: Matching, matrix: Matrix) -> float | None:
        """Mean absolute difference in brightness, in parts of how much the brightness of these points varies.

        None where too few points are seen in both. 0 is equality but for gain and offset, 1 is chance.
        """
        visible, values = sample(image, applied(matrix, self.places))
        if np.count_nonzero(visible) < FEWEST:
            return None
        columns = np.column_stack([self.values[visible], np.ones(np.count_nonzero(visible))])
        target = matching(values[visible])
        varies = float(np.abs(target - np.median(target)).mean()) + 1e-9
        return float(np.abs(target - columns @ solved(columns, target)[0]).mean()) / varies

    def columns(self, motion: MotionModel, slopes: Values) -> Values:
        """How brightness changes with each parameter, for slopes (N, 2); and with gain and offset, (N, P + 2)."""
        at = (self.places - self.centre) / self.scale
        return np.column_stack([motion.slopes(at, slopes * self.scale), self.values, np.ones_like(self.values)])

    def centred(self, matrix: Matrix) -> Matrix:
        """A homography of pixels, for centred coordinates of unit size."""
        result = np.linalg.inv(self._up) @ matrix @ self._up
        return np.asarray(result / result[2, 2])


def _shown_by_both(near: Grey, far: Grey, matrix: Matrix) -> tuple[Grey, Grey]:
    """The pixels (N,) of the area that both exposures show, of the second one those that are nearest."""
    height, width = near.shape
    places = np.stack(np.meshgrid(np.arange(width, dtype=float), np.arange(height, dtype=float)), axis=-1)
    column, row = np.round(applied(matrix, places.reshape(-1, 2))).astype(np.int64).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return near.ravel()[inside], far[row[inside], column[inside]]


def _widened(clipped: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Those pixels and their eight neighbours, whose slope or blur has seen them."""
    wide = clipped.copy()
    wide[1:] |= clipped[:-1]
    wide[:-1] |= clipped[1:]
    result = wide.copy()
    result[:, 1:] |= wide[:, :-1]
    result[:, :-1] |= wide[:, 1:]
    return result


def _largest(size: Grey, cell: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of the largest value of each cell, where it is large enough."""
    rows, columns = (side // cell for side in size.shape)
    cells = size[: rows * cell, : columns * cell].reshape(rows, cell, columns, cell).swapaxes(1, 2)
    flat = cells.reshape(rows, columns, -1)
    best = flat.argmax(-1)
    row, column = np.nonzero(np.take_along_axis(flat, best[..., None], -1)[..., 0] > WEAKEST)
    inner = best[row, column]
    return row * cell + inner // cell, column * cell + inner % cell


def sample(image: Grey, places: Values) -> tuple[NDArray[np.bool_], Values]:
    """Which places lie inside, between four pixels none of which is clipped; and the bilinear values at all of them."""
    height, width = image.shape
    x, y = np.ascontiguousarray(places.T)
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    # fmax first: it makes 0 of NaN.
    column, row = (np.fmin(np.fmax(v, 0), side - 1.001).astype(np.int64) for v, side in ((x, width), (y, height)))
    right, down = np.clip(x - column, 0, 1), np.clip(y - row, 0, 1)
    pixels, at = image.ravel(), row * width + column
    around = [pixels.take(at + step) for step in (0, 1, width, width + 1)]
    upper = around[0] * (1 - right) + around[1] * right
    lower = around[2] * (1 - right) + around[3] * right
    values: Values = upper * (1 - down) + lower * down
    return inside & (reduce(np.minimum, around) > SEEN[0]) & (reduce(np.maximum, around) < SEEN[1]), values


def solved(columns: Values, target: Values) -> tuple[Values, Values]:
    """Least squares, points that fit badly counting less (Tukey's weights), twice: the solution and the weights."""
    solution, weight = np.linalg.solve(_ridge(columns.T @ columns), columns.T @ target), np.ones_like(target)
    for _ in range(2):
        rest = target - columns @ solution
        # 1.4826 makes the median a standard deviation of normal errors, of which 4.685 is Tukey's 95 % efficiency.
        limit = 4.685 * 1.4826 * float(np.median(np.abs(rest))) + 1e-6
        weight = np.clip(1 - (rest / limit) ** 2, 0, None) ** 2
        weighted = columns * weight[:, None]
        solution = np.linalg.solve(_ridge(weighted.T @ columns), weighted.T @ target)
    return np.asarray(solution), weight


def _ridge(matrix: Values) -> Values:
    """Kept from being singular where the points leave a parameter free, as parallel edges do."""
    return matrix + np.eye(len(matrix)) * (1e-9 * float(np.trace(matrix)) + 1e-12)
