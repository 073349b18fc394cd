"""Alignment of hand-held exposures: bitmaps find the translation, contrast points the rotation and the perspective.

Neighbours in exposure are compared, which show the most in common, and their motions chained from the reference on.
Both steps look only at pixels that neither frame clips, and at brightness only through its order: nothing needs to be
known of exposures or of the camera's response. A motion is believed only where the evidence rules out that chance
made it (`evidence.py`): what a tripod held still stays as it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdrgen.fusion.bitmaps import bitmap_shift
from hdrgen.fusion.evidence import chance
from hdrgen.fusion.grey import Pyramid, first_factor, pyramid_of
from hdrgen.fusion.motions import Euclidean, Homography, MotionModel, Translation
from hdrgen.fusion.points import ContrastPoints, Matching
from hdrgen.fusion.transforms import Matrix, applied, largest_move, rescaled, shift
from hdrgen.lazy import import_meanwhile
from hdrgen.tiling import no_progress

STILL = 0.25  # pixels: a smaller motion of every corner is taken for none, which spares the photograph a resampling
CROOKED = 0.03  # of the picture's size: a homography farther than that from a rigid motion is not believed
GAIN = 0.97  # of the error of a rigid motion, below which that of a homography must be
SPREAD = 0.05  # of the points must lie in each quarter of the picture for a homography to be sought
SURE = 1e-9  # the probability of chance below which a motion is believed: six standard deviations
BETTER = 0.95  # of the error without any motion that a motion must fall below
LIKELY = 1e-4  # the same for a rotation beside a translation: a hand-held camera is turned, too
TURN = slice(2, 3)  # the rotation among the parameters of a rigid motion
FINEST = 2  # sizes at which a motion is looked for that a simpler one has come near
NARROWEST = 16  # pixels along each side of the largest grey image, below which it says nothing of motion
UNLIKE = 0.6  # of the brightness' variation: what differs more is not the same scene, or was not found again


@dataclass(frozen=True)
class Alignment:
    """How one photograph lies relative to the reference.

    Attributes:
        matrix: From pixels of the reference to its own.
        reliable: False where it shows too little in common with its neighbour to tell; it then moves with that.
    """

    matrix: Matrix
    reliable: bool = True

    @property
    def angle(self) -> float:
        """The rotation in degrees."""
        return float(np.degrees(np.arctan2(self.matrix[1, 0], self.matrix[0, 0])))

    def move(self, height: int, width: int) -> tuple[float, float]:
        """(x, y) by which the centre of a picture of this size lies elsewhere, in pixels."""
        x, y = (width - 1) / 2, (height - 1) / 2
        moved = self.matrix @ [x, y, 1.0]
        return float(moved[0] / moved[2] - x), float(moved[1] / moved[2] - y)

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
    progress: Callable[[float], None] = no_progress,
) -> list[Alignment]:
    """Find how hand-held photographs of one scene lie relative to one of them.

    A photograph whose corners all lie within a quarter of a pixel of the reference's is left alone, exactly; so are all
    that show less than `NARROWEST` pixels along a side.

    Args:
        photographs: (H, W, 3), uint8, uint16 or floats in [0, 1]; ordered by exposure.
        reference: The one that stays as it is.
        linear: Their values are linear, not display values.
        shifts_only: Find translations by whole pixels only.
        progress: Called with the fraction done.

    Returns:
        One for each photograph.

    Source: Ward, "Fast, robust image registration for compositing high dynamic range photographs from hand-held
    exposures", 2003 (bitmaps); Baker and Matthews, "Lucas-Kanade 20 years on", 2004 (inverse compositional).
    """
    size = photographs[0].shape[:2]
    if min(size) < NARROWEST * first_factor(*size):
        return [Alignment(np.eye(3), reliable=index == reference) for index in range(len(photographs))]
    pyramids: dict[int, Pyramid] = {reference: pyramid_of(photographs[reference], linear=linear)}
    alignments = {reference: Alignment(np.eye(3))}
    ways = (range(reference + 1, len(photographs)), range(reference - 1, -1, -1))
    for way, step in zip(ways, (1, -1), strict=True):
        for index in way:
            near = index - step
            pyramids[index] = pyramid_of(photographs[index], linear=linear)
            pair = align_pair(pyramids[near], pyramids[index], size, shifts_only=shifts_only)
            chained = pair.matrix @ alignments[near].matrix
            alignments[index] = _settled(Alignment(chained / chained[2, 2], pair.reliable), size)
            if not (shifts_only or alignments[index].still):
                import_meanwhile("torch")  # by which photographs are resampled
            if near != reference:
                del pyramids[near]
            progress((len(alignments) - 1) / max(1, len(photographs) - 1))
    return [alignments[index] for index in range(len(photographs))]


def align_pair(near: Pyramid, far: Pyramid, size: tuple[int, ...], *, shifts_only: bool = False) -> Alignment:
    """Find how the second photograph lies relative to the first, from their pyramids; `size` is (H, W) of both."""
    pair = _Pair(near, far)
    family = Translation() if shifts_only else Euclidean()
    match = pair.refine(family, pair.first_guess())
    match = match and pair.refine(family, pair.overlap(match), FINEST)
    if match is not None and not shifts_only:
        match = pair.perspective(pair.simplest(match))
    if match is None or (match.error > UNLIKE and not shifts_only):
        return Alignment(np.eye(3), reliable=False)
    matrix = rescaled(match.matrix, near.factors[0])
    if not pair.moves(match) or largest_move(matrix, *size) < STILL:
        return Alignment(np.eye(3))
    return Alignment(np.round(matrix) if shifts_only else matrix)


def _settled(alignment: Alignment, size: tuple[int, ...]) -> Alignment:
    moved = largest_move(alignment.matrix, *size)
    return alignment if moved >= STILL else Alignment(np.eye(3), alignment.reliable)


class _Match(NamedTuple):
    """A motion between two photographs: its model, its homography in pixels of their largest grey image, its error."""

    motion: MotionModel
    matrix: Matrix
    error: float


class _Pair:
    """Two photographs to align with each other."""

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

    def refine(self, motion: MotionModel, start: Matrix, finest: int | None = None) -> _Match | None:
        """Estimate the motion from coarse to fine; None where too few points are seen in both.

        Args:
            motion: The model.
            start: The first estimate.
            finest: Only so many of the largest sizes; None: all.
        """
        matrix = start
        for level in reversed(range(len(self.points))[:finest]):
            factor = self.near.factors[level] / self.near.factors[0]
            image = self.far.images[level]
            tracked = self.points[level].track(image, self.matching, motion, rescaled(matrix, 1 / factor))
            if tracked is None and level == 0:
                return None
            matrix = matrix if tracked is None else rescaled(tracked, factor)
        error = self.error(matrix)
        return None if error is None else _Match(motion, matrix, error)

    def overlap(self, match: _Match) -> Matrix:
        """Match brightness anew by the area that both show after a motion; returns the motion."""
        self.matching = Matching.between(self.near, self.far, match.matrix)
        return match.matrix

    def simplest(self, turned: _Match) -> _Match:
        """A translation instead of a rigid motion, where the evidence for a rotation is too weak."""
        if self._chance(turned, np.eye(3), TURN) < LIKELY:
            return turned
        centre = self.points[0].centre[None]
        start = shift(*(applied(turned.matrix, centre) - centre)[0])
        return self.refine(Translation(), start, FINEST) or turned

    def perspective(self, match: _Match) -> _Match:
        """A homography instead, if points lie all over the picture, and it is significant, better and plausible."""
        if self.points[0].spread(self.far.images[0], match.matrix) < SPREAD:
            return match
        bent = self.refine(Homography(), match.matrix, FINEST)
        if bent is None or bent.error >= GAIN * match.error:
            return match
        height, width = self.near.images[0].shape
        apart = largest_move(bent.matrix @ np.linalg.inv(match.matrix), height, width)
        near = apart < CROOKED * max(height, width)
        return bent if near and self._chance(bent, match.matrix) < SURE else match

    def moves(self, match: _Match) -> bool:
        """Whether the photographs moved at all."""
        still = self.error(np.eye(3))
        return (still is None or match.error <= BETTER * still) and self._chance(match, np.eye(3)) < SURE

    def _chance(self, match: _Match, simpler: Matrix, tested: slice = slice(None)) -> float:
        args = match.motion, match.matrix, simpler, tested
        return chance(self.points[0], self.far.images[0], self.matching, *args)
