"""Numbers of scenes, and what they come to over all scenes and processes."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from math import sqrt
from statistics import fmean
from typing import Any, TypedDict, TypeVar

import torch.distributed

T = TypeVar("T")
MEAN = "mean"
"""Key of what a metric comes to over all exposures."""
Table = dict[str, dict[str, float]]
"""By metric: a number for each exposure, and one under `MEAN`."""


class Score(TypedDict):
    """One number of one scene; `ev` is None where the number is about the HDR image."""

    scene: str
    ev: float | None
    metric: str
    value: float


def gather(scores: list[Score]) -> list[Score]:
    """The scores of all processes, each counted once: a scene that two of them scored counts as one."""
    return unique(of_all_processes(scores))


def of_all_processes(items: list[T]) -> list[T]:
    """What all processes hold, the first one's first; each of them must call this."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return items
    shares: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(shares, items)
    return [item for share in shares for item in share]


def unique(scores: Sequence[Score]) -> list[Score]:
    """One score for each scene, exposure and metric, in the order of these."""
    by_key = {(score["metric"], score["scene"], score["ev"]): score for score in reversed(scores)}
    order = {metric: rank for rank, metric in enumerate(dict.fromkeys(score["metric"] for score in scores))}
    return sorted(by_key.values(), key=lambda score: (score["scene"], order[score["metric"]], score["ev"] or 0.0))


def means(scores: Sequence[Score]) -> Table:
    """Mean over scenes of every metric, at every exposure, and under `MEAN` of each scene's mean over its exposures.

    >>> scores = [Score(scene="a", ev=ev, metric="psnr", value=value) for ev, value in [(-1.0, 20.0), (1.0, 30.0)]]
    >>> means(scores)
    {'psnr': {'-1.0': 20.0, '1.0': 30.0, 'mean': 25.0}}
    """
    return _over_scenes(scores, fmean)


def deviations(scores: Sequence[Score]) -> Table:
    """Standard deviation over scenes (NumPy's `std`) of what `means` averages; 0 for a single scene.

    >>> scores = [Score(scene=name, ev=1.0, metric="psnr", value=value) for name, value in [("a", 20.0), ("b", 30.0)]]
    >>> deviations(scores)
    {'psnr': {'1.0': 5.0, 'mean': 5.0}}
    """
    return _over_scenes(scores, _deviation)


def scene_means(scores: Sequence[Score], metric: str) -> dict[str, float]:
    """The mean of one metric over the exposures of each scene."""
    by_scene: dict[str, list[float]] = defaultdict(list)
    for score in scores:
        if score["metric"] == metric:
            by_scene[score["scene"]].append(score["value"])
    return {scene: fmean(values) for scene, values in by_scene.items()}


def _deviation(values: Sequence[float]) -> float:
    """Unlike `statistics.pstdev`, NaN where a value is infinite."""
    mean = fmean(values)
    return sqrt(fmean((value - mean) ** 2 for value in values))


def _over_scenes(scores: Sequence[Score], statistic: Callable[[Sequence[float]], float]) -> Table:
    table: Table = {}
    for metric in dict.fromkeys(score["metric"] for score in scores):
        own = [score for score in scores if score["metric"] == metric]
        stops = sorted({score["ev"] for score in own if score["ev"] is not None})
        table[metric] = {str(ev): statistic([score["value"] for score in own if score["ev"] == ev]) for ev in stops}
        table[metric][MEAN] = statistic(list(scene_means(own, metric).values()))
    return table
