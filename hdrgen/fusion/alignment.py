"""Alignment of hand-held exposures: bitmaps find the shift, then points of contrast the turn and the perspective.

Neighbours in exposure are compared, which show the most in common, and their motions chained from the reference on.
Both steps look only at pixels that neither frame clips, and at brightness only through its order: nothing needs to be
known of exposures or of the camera's response.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrgen.fusion.bitmaps import bitmap_shift
from hdrgen.fusion.grey import Pyramid, pyramid_of
from hdrgen.fusion.motions import Euclidean, Homography, Motion, Translation
from hdrgen.fusion.points import ContrastPoints, Matching
from hdrgen.fusion.transforms import Matrix, largest_move, rescaled, shift

STILL = 0.25  # pixels: a smaller motion of every corner is taken for none, which spares the photograph a resampling
CROOKED = 0.03  # of the picture's size: a homography farther than that from a turn and a shift is not believed
GAIN = 0.97  # of the error of a turn and a shift that a homography must fall below
SPREAD = 0.05  # of the points must lie in each quarter of the picture for a homography to be sought
BETTER = 0.95  # of the error without any motion that a motion must fall below
UNLIKE = 0.6  # of the brightness' variation: what differs more is not the same scene, or was not found again


@dataclass(frozen=True)
class Alignment:
    """How one photograph lies relative to the reference.

    Attributes:
        matrix: from pixels of the reference to its own.
        reliable: False where it shows too little in common with its neighbour to tell; it then moves with that.
    """

    matrix: Matrix
    reliable: bool = True

    @property
    def angle(self) -> float:
        """The turn in degrees."""
        return float(np.degrees(np.arctan2(self.matrix[1, 0], self.matrix[0, 0])))

    def move(self, height: int, width: int) -> tuple[float, float]:
        """(x, y) by which the centre of a picture of this size lies elsewhere, in pixels."""
        x, y = (width - 1) / 2, (height - 1) / 2
        there = self.matrix @ [x, y, 1.0]
        return float(there[0] / there[2] - x), float(there[1] / there[2] - y)

    @property
    def still(self) -> bool:
        """Whether the photograph needs no alignment."""
        return bool(np.array_equal(self.matrix, np.eye(3)))


def align_photographs(
    photographs: Sequence[NDArray[Any]],
    reference: int,
    *,
    linear: bool = False,
    shifts_only: bool = False,
    progress: Callable[[float], None] = lambda share: None,
) -> list[Alignment]:
    """Find how hand-held photographs of one scene lie relative to one of them.

    A photograph whose corners all lie within a quarter of a pixel of the reference's is left alone, exactly.

    Args:
        photographs: (H, W, 3), uint8, uint16 or floats in [0, 1]; ordered by exposure.
        reference: the one that stays as it is.
        linear: their values are linear, not display values.
        shifts_only: find whole pixels of shift, and no turn.
        progress: called with the share that is done.

    Returns:
        One for each photograph.

    Source: Ward, "Fast, robust image registration for compositing high dynamic range photographs from hand-held
    exposures", 2003 (bitmaps); Baker and Matthews, "Lucas-Kanade 20 years on", 2004 (inverse compositional).
    """
    size = photographs[0].shape[:2]
    pyramids: dict[int, Pyramid] = {reference: pyramid_of(photographs[reference], linear=linear)}
    found = {reference: Alignment(np.eye(3))}
    ways = (range(reference + 1, len(photographs)), range(reference - 1, -1, -1))
    for way, step in zip(ways, (1, -1), strict=True):
        for index in way:
            near = index - step
            pyramids[index] = pyramid_of(photographs[index], linear=linear)
            pair = align_pair(pyramids[near], pyramids[index], size, shifts_only=shifts_only)
            chained = pair.matrix @ found[near].matrix
            found[index] = _settled(Alignment(chained / chained[2, 2], pair.reliable), size)
            if near != reference:
                del pyramids[near]
            progress((len(found) - 1) / max(1, len(photographs) - 1))
    return [found[index] for index in range(len(photographs))]


def align_pair(near: Pyramid, far: Pyramid, size: tuple[int, ...], *, shifts_only: bool = False) -> Alignment:
    """Find how the second photograph lies relative to the first, from their pyramids; `size` is (H, W) of both."""
    pair = _Pair(near, far)
    match: tuple[Matrix, float] | None = None
    for motion in (Translation(),) if shifts_only else (Euclidean(), Homography()):
        refined = pair.refine(motion, match[0] if match else pair.first_guess())
        if refined is not None and (match is None or pair.is_better(refined, match)):
            match = refined
    if match is None or (match[1] > UNLIKE and not shifts_only):
        return Alignment(np.eye(3), reliable=False)
    matrix = rescaled(match[0], near.factors[0])
    still = pair.error(np.eye(3))
    if (still is not None and match[1] > BETTER * still) or largest_move(matrix, *size) < STILL:
        return Alignment(np.eye(3))
    return Alignment(np.round(matrix) if shifts_only else matrix)


def _settled(alignment: Alignment, size: tuple[int, ...]) -> Alignment:
    moved = largest_move(alignment.matrix, *size)
    return alignment if moved >= STILL else Alignment(np.eye(3), alignment.reliable)


class _Pair:
    """Two photographs to bring together; motions are in pixels of their largest grey image."""

    def __init__(self, near: Pyramid, far: Pyramid) -> None:
        self.near, self.far = near, far
        self.points = [ContrastPoints(image) for image in near.images]
        self.matching = Matching.between(near, far)

    def first_guess(self) -> Matrix:
        """The shift that bitmaps find."""
        return rescaled(shift(*bitmap_shift(self.near, self.far)), 1 / self.near.factors[0])

    def error(self, matrix: Matrix) -> float | None:
        """How much the photographs differ after this motion."""
        return self.points[0].error(self.far.images[0], self.matching, matrix)

    def refine(self, motion: Motion, start: Matrix) -> tuple[Matrix, float] | None:
        """The motion and its error; None where too few points are seen in both.

        A homography is sought from where a simpler motion has led to, at the finer sizes, where points lie all over.
        """
        levels = len(self.points)
        if isinstance(motion, Homography):
            levels = min(2, levels)
            if self.points[0].spread(self.far.images[0], start) < SPREAD:
                return None
        matrix = start
        for level in reversed(range(levels)):
            factor = self.near.factors[level] / self.near.factors[0]
            image = self.far.images[level]
            found = self.points[level].track(image, self.matching, motion, rescaled(matrix, 1 / factor))
            if found is None and level == 0:
                return None
            matrix = matrix if found is None else rescaled(found, factor)
        error = self.error(matrix)
        return None if error is None else (matrix, error)

    def is_better(self, new: tuple[Matrix, float], old: tuple[Matrix, float]) -> bool:
        """Whether a homography is worth its freedom: clearly nearer, and not far from a rigid motion."""
        height, width = self.near.images[0].shape
        apart = largest_move(new[0] @ np.linalg.inv(old[0]), height, width)
        return new[1] < GAIN * old[1] and apart < CROOKED * max(height, width)
