"""What scores of a few scenes can tell: intervals of means, and which of several methods lead.

Source of the tests: Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1945; Holm, "A simple
sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 1979; Efron, "Bootstrap methods:
another look at the jackknife", Annals of Statistics 1979.
"""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np

LEVEL = 0.05
"""Chance at most, over all comparisons of a column, that methods which do not differ are told apart."""
RESAMPLES = 10_000
_AT_ONCE = 2**22
"""Numbers that are drawn at a time: bounds the memory for many scenes."""

ByScene = Mapping[str, float]
"""One number of each scene."""


def interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float] | None:
    """Bootstrap interval of the mean over scenes, by percentiles of 10,000 means; the same on every call.

    >>> low, high = interval([1.0, 2.0, 3.0, 4.0])
    >>> low < 2.5 < high
    True

    Args:
        values: Of each scene.
        confidence: Share of the resampled means that lie within.

    Returns:
        None of fewer than two scenes, or of values that are not finite.
    """
    scenes = np.asarray(values, np.float64)
    if len(scenes) < 2 or not np.isfinite(scenes).all():
        return None
    generator, count = np.random.default_rng(0), len(scenes)
    part = max(1, min(RESAMPLES, _AT_ONCE // count))
    shares = [min(part, RESAMPLES - done) for done in range(0, RESAMPLES, part)]
    means = [scenes[generator.integers(count, size=(share, count))].mean(1) for share in shares]
    low, high = np.quantile(np.concatenate(means), [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def paired_p(one: Sequence[float], other: Sequence[float]) -> float:
    """Two-sided p of Wilcoxon's signed-rank test on scenes that both have scored; 1 where all are equal.

    >>> paired_p([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.0, 0.5, 1.2, 1.8, 2.5, 2.0])
    0.03125
    """
    differences = np.asarray(one, np.float64) - np.asarray(other, np.float64)
    if not np.isfinite(differences).all() or not differences.any():
        return 1.0
    from scipy.stats import wilcoxon  # takes a second to import

    # Differences of equal size share their rank only if rounding does not tell them apart.
    return float(wilcoxon(differences.round(12)).pvalue) if differences.round(12).any() else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrected for their number after Holm: as many comparisons, one chance of an error.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    corrected, least = [0.0] * len(order), 0.0
    for rank, at in enumerate(order):
        least = max(least, min(1.0, (len(order) - rank) * float(p_values[at])))
        corrected[at] = least
    return corrected


def comparisons(columns: Sequence[ByScene]) -> dict[tuple[int, int], float]:
    """Holm-corrected p of each pair of methods, by their positions, on the scenes that both have."""
    pairs = list(itertools.combinations(range(len(columns)), 2))
    p_values = []
    for left, right in pairs:
        shared = [scene for scene in columns[left] if scene in columns[right]]
        p_values.append(paired_p(*([columns[at][scene] for scene in shared] for at in (left, right))))
    return dict(zip(pairs, holm(p_values), strict=True))


def leaders(columns: Sequence[ByScene | None], higher: bool | None) -> set[int]:
    """Which methods lead: the one with the best mean, and those that the scenes do not show to be worse than it.

    >>> scenes = [{str(at): at + offset * (at + 1) for at in range(8)} for offset in (0.0, 0.1, 1.0)]
    >>> leaders(scenes, higher=True), leaders(scenes[:1], higher=True)
    ({2}, set())

    Args:
        columns: Numbers of each method by scene; None, or numbers that are none, take no part.
        higher: Whether higher is better; None is unknown.

    Returns:
        Positions; none where no method is shown to be worse than another one.
    """
    known = {at: column for at, column in enumerate(columns) if column and all(map(_is_number, column.values()))}
    if len(known) < 2 or higher is None:
        return set()
    places = list(known)
    means = [float(np.mean(list(known[at].values()))) for at in places]
    top = int(np.argmax(means) if higher else np.argmin(means))
    p_values = comparisons([known[at] for at in places])
    worse = {at for at in range(len(places)) if at != top and p_values[min(at, top), max(at, top)] < LEVEL}
    return {places[at] for at in range(len(places)) if at not in worse} if worse else set()


def _is_number(value: float) -> bool:
    return not math.isnan(value)
