"""Whether a motion that was found between two exposures is more than chance."""

import math

import numpy as np
from numpy.typing import NDArray

from hdrgen.fusion.grey import Grey
from hdrgen.fusion.motions import MotionModel, Values
from hdrgen.fusion.points import ContrastPoints, Matching, sample, solved
from hdrgen.fusion.transforms import Matrix, applied

PATCH = 16.0  # pixels: what is nearer may err together, such as the pixels of a block of a JPEG
TERMS = 160  # of a continued fraction: 80 give ten digits with a thousand degrees of freedom
PATCHES = 10  # along the longer side of where points are seen


def chance(
    points: ContrastPoints,
    image: Grey,
    matching: Matching,
    motion: MotionModel,
    matrix: Matrix,
    simpler: Matrix,
    tested: slice = slice(None),
) -> float:
    """How probable it is to find a motion as far from a simpler one, were the simpler one true.

    Wald's test of the parameters that lie between the two. Their covariance is that of an estimate from moments: how
    differently single patches of the picture pull, by how firmly its contrast holds the motion. For the latter the
    slopes of both exposures are multiplied, whose noise is independent: noise then does not pass for contrast. How
    much the exposures differ after either motion cannot tell: resampling smooths noise, so that any motion seems better
    than none.

    Args:
        points: Of the first exposure.
        image: The second, (H, W) display values.
        matching: Of their brightness.
        motion: The family to which the motion belongs.
        matrix: The motion, as `ContrastPoints.track` found it.
        simpler: The motion to compare it with.
        tested: Which of the family's parameters.

    Returns:
        A probability; 1 where too little is seen to tell.

    Source: White, "Maximum likelihood estimation of misspecified models", 1982; patches: Liang and Zeger,
    "Longitudinal data analysis using generalized linear models", 1986.
    """
    visible, values = sample(image, applied(matrix, points.places))
    parameters = motion.parameters(points.centred(np.linalg.inv(matrix) @ simpler))
    patches = _patches(points.places[visible])
    count = int(patches.max(initial=-1)) + 1
    if count <= len(parameters) + 2:
        return 1.0
    near_columns = points.columns(motion, points.slopes)[visible]
    far_columns = points.columns(motion, _slopes(points, image, matching, matrix))[visible]
    rest = matching(values[visible]) - points.values[visible]
    solution, weight = solved(near_columns, rest)
    score = near_columns * (weight * (rest - near_columns @ solution))[:, None]
    covariance = _covariance(score, (near_columns * weight[:, None]).T @ far_columns, patches, count)
    free = np.arange(len(parameters))[tested]
    return _wald(parameters[free], covariance[np.ix_(free, free)], count)


def _patches(places: Values) -> NDArray[np.int64]:
    """The number of the patch in which each place (N, 2) lies, from 0 without gaps."""
    if not len(places):
        return np.zeros(0, np.int64)
    low = places.min(axis=0)
    side = max(PATCH, float((places.max(axis=0) - low).max()) / PATCHES)
    _, numbers = np.unique(((places - low) // side) @ [1, PATCHES + 1], return_inverse=True)
    return np.asarray(numbers, np.int64)


def _slopes(points: ContrastPoints, image: Grey, matching: Matching, matrix: Matrix) -> Values:
    """How the second exposure's brightness, matched, changes along x and y of the first, (N, 2)."""
    ends = [
        matching(sample(image, applied(matrix, points.places + step))[1]) for step in ([1, 0], [-1, 0], [0, 1], [0, -1])
    ]
    return np.column_stack([(ends[0] - ends[1]) / 2, (ends[2] - ends[3]) / 2])


def _covariance(score: Values, sensitivity: Values, patches: NDArray[np.int64], count: int) -> Values:
    """Sandwich covariance of the parameters, from the score of every point (N, P) and the sensitivity of all (P, P)."""
    sums = np.stack([np.bincount(patches, column, count) for column in score.T], axis=1)
    inverse = np.linalg.pinv(sensitivity, rcond=1e-9)
    # count / (count - 1): the small-sample correction of clustered (sandwich) estimates.
    spread: Values = inverse @ (sums.T @ sums) @ inverse.T * (count / (count - 1))
    return spread


def _wald(parameters: Values, covariance: Values, count: int) -> float:
    """Probability of parameters that large or larger, of `count` independent patches."""
    size = len(parameters)
    statistic = float(parameters @ np.linalg.pinv(covariance, rcond=1e-12) @ parameters)
    return f_beyond(size, count - size, statistic / size)


def f_beyond(upper: float, lower: float, value: float) -> float:
    """Probability that a variable of the F distribution exceeds a value: SciPy's `fdtrc`, whose import takes as long.

    A regularised incomplete beta function by its continued fraction, from its end.

    Args:
        upper: Degrees of freedom of the numerator.
        lower: Of the denominator.
        value: 0 or more.

    Source: NIST Digital Library of Mathematical Functions, 8.17.22.

    >>> round(f_beyond(3, 20, 4.0), 6)
    0.022077
    """
    a, b, x = lower / 2, upper / 2, lower / (lower + upper * value)
    if not 0 < x < 1:
        return float(x) if x == x else 1.0
    if x > (a + 1) / (a + b + 2):  # there the fraction of the other end arrives sooner
        return 1 - _beta_below(b, a, 1 - x)
    return _beta_below(a, b, x)


def _beta_below(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, of an x that is not above its mean by much."""
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    fraction = 1.0
    for term in reversed(range(1, TERMS)):
        m = term // 2
        above = -(a + m) * (a + b + m) if term % 2 else m * (b - m)
        fraction = 1 + above * x / ((a + term - 1) * (a + term)) / fraction
    return math.exp(front) / (a * fraction)
