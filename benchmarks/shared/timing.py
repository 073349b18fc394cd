"""How long calls take, side by side: alternately in the same run, so that other work on the machine hits all alike."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch


class Costs(NamedTuple):
    """Seconds of the clock, and of the processor, of all threads together."""

    seconds: float
    processor: float


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of one call, an accelerator's work included, and its result."""
    start = time.perf_counter()
    result = work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()  # calls return before the device has finished
    return time.perf_counter() - start, result


def median_seconds(jobs: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Median seconds of each job over `repeats` rounds.

    A first round does not count: it fills caches, starts threads and compiles kernels.
    """
    rounds = [{name: timed(job)[0] for name, job in jobs.items()} for _ in range(repeats + 1)][1:]
    return {name: statistics.median(each[name] for each in rounds) for name in jobs}


def median_costs(jobs: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, Costs]:
    """Median seconds of each job by clock and processor, as `median_seconds`."""
    rounds = [{name: _cost(job) for name, job in jobs.items()} for _ in range(repeats + 1)][1:]
    return {name: Costs(*map(statistics.median, zip(*(each[name] for each in rounds), strict=True))) for name in jobs}


def _cost(work: Callable[[], Any]) -> Costs:
    used = time.process_time()
    return Costs(timed(work)[0], time.process_time() - used)
