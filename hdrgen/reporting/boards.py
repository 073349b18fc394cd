"""Results of many tests as boards: the methods that were tested alike, their seeds put together, the best first."""

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from hdrgen.errors import InputError
from hdrgen.reporting.run_settings import class_name, part
from hdrgen.reporting.runs import MEAN, SUMMARY, Test, aside_of, comparable, read_runs
from hdrgen.reporting.score_tables import direction, metrics_of
from hdrgen.reporting.significance import ByScene, interval, leaders

SEEDS = "seeds.json"
"""In a folder whose tests are of one training with several seeds, as `hdrgen test` of several networks leaves it."""
_TESTS = 1000
"""Most tests that are read."""
_DEEPEST = 4
"""Folders below one that was named, in which tests are looked for."""


class Number(NamedTuple):
    """A mean over scenes (of means over seeds), its bootstrap interval, the spread of seeds, and whether it leads."""

    value: float
    interval: tuple[float, float] | None
    seeds: float | None
    leads: bool


class Row(NamedTuple):
    """A method, how many seeds it was tested with, and its numbers by metric."""

    name: str
    seeds: int
    numbers: dict[str, Number]


class Board(NamedTuple):
    """Methods that were tested under one protocol on the same data, the best first by the first metric.

    `higher` says of each metric whether higher is better; None is unknown.
    """

    protocol: str
    data: str
    scenes: int
    higher: dict[str, bool | None]
    rows: list[Row]


@dataclass(frozen=True)
class _Entry:
    name: str
    tests: list[Test]

    def column(self, metric: str) -> ByScene | None:
        """The mean over seeds of each scene; None where one of them lacks the metric."""
        columns = [test.scores.get(metric, {}).get(MEAN) for test in self.tests]
        if not all(columns):
            return None
        scenes = [scene for scene in columns[0] or {} if all(scene in (column or {}) for column in columns)]
        return {scene: statistics.fmean((column or {})[scene] for column in columns) for scene in scenes}

    def spread(self, metric: str) -> float | None:
        """Standard deviation of the seeds' means; None of one."""
        means = [test.means[metric][MEAN] for test in self.tests if MEAN in test.means.get(metric, {})]
        return statistics.stdev(means) if len(means) > 1 and all(map(math.isfinite, means)) else None


def read_boards(
    folders: Sequence[Path], *, metrics: Sequence[str] | None = None, same_method_is_seeds: bool = False
) -> list[Board]:
    """Boards of all tests in and below these folders.

    Args:
        folders: Of tests, or with tests below.
        metrics: Those of the boards; None: all but those that stand aside.
        same_method_is_seeds: Take tests of one method with equal arguments for seeds of one training, wherever they
            are; otherwise only those in a folder with `seeds.json`.

    Raises:
        InputError: No tests, or none with one of the metrics.
    """
    found = [test for run in read_runs(tests_below(folders)) for test in run.tests]
    boards = [_board(tests, metrics, same_method_is_seeds) for tests in comparable(found)]
    known = list(dict.fromkeys(metric for test in found for metric in test.means))
    for metric in metrics or ():
        if metric not in known:
            raise InputError(f"expected a metric that was measured, {', '.join(known)}, found {metric}", "metrics")
    return boards


def tests_below(folders: Sequence[Path]) -> list[Path]:
    """The folders with `metrics.json` among these and below them, each once.

    Raises:
        InputError: One holds none.
    """
    found: dict[Path, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            expected = "a folder with results of hdrgen test"
            raise InputError(f"{folder}: expected {expected}, found {'a file' if folder.exists() else 'nothing'}")
        patterns = ("*/" * depth + SUMMARY for depth in range(_DEEPEST + 1))
        own = [path.parent for pattern in patterns for path in islice(sorted(folder.glob(pattern)), _TESTS)]
        if not own:
            raise InputError(f"{folder}: expected {SUMMARY} of hdrgen test in it or below, found none")
        found |= {path.resolve(): path for path in own}
    if len(found) > _TESTS:
        raise InputError(f"expected at most {_TESTS} tests, found {len(found)}; name fewer folders")
    return list(found.values())


def _board(tests: Sequence[Test], metrics: Sequence[str] | None, same_method_is_seeds: bool) -> Board:
    entries = _entries(tests, same_method_is_seeds)
    aside = aside_of(tests)
    own = [metric for metric in metrics_of(tests) if metric not in aside]
    headline = part(tests[0].about, "protocol").get("headline")
    own.sort(key=lambda metric: metric != headline)
    shown = [metric for metric in metrics if any(metric in test.means for test in tests)] if metrics else own
    higher = {metric: direction(tests, metric) for metric in shown}
    columns = {metric: [entry.column(metric) for entry in entries] for metric in shown}
    leading = {metric: leaders(columns[metric], higher[metric]) for metric in shown}
    rows = [
        Row(
            entry.name,
            len(entry.tests),
            {
                metric: _number(entry, metric, column, at in leading[metric])
                for metric in shown
                if (column := columns[metric][at])
            },
        )
        for at, entry in enumerate(entries)
    ]
    scenes = max((len(test.scenes) for test in tests), default=0)
    about = tests[0].about
    protocol = str(part(about, "protocol").get("name", "unnamed"))
    return Board(protocol, class_name(about.get("data")), scenes, higher, _ranked(rows, higher))


def _number(entry: _Entry, metric: str, column: ByScene, leads: bool) -> Number:
    values = list(column.values())
    return Number(statistics.fmean(values), interval(values), entry.spread(metric), leads)


def _ranked(rows: list[Row], higher: Mapping[str, bool | None]) -> list[Row]:
    """By the first metric; those without it, and where its direction is unknown, as they came."""
    first = next(iter(higher), None)
    if first is None or higher[first] is None:
        return rows
    sign = -1 if higher[first] else 1

    def place(row: Row) -> float:
        value = row.numbers[first].value if first in row.numbers else math.nan
        return math.inf if math.isnan(value) else sign * value

    return sorted(rows, key=place)


def _entries(tests: Sequence[Test], same_method_is_seeds: bool) -> list[_Entry]:
    groups: dict[str, list[Test]] = {}
    for test in tests:
        seeds = (test.folder.parent / SEEDS).is_file()
        place = "" if same_method_is_seeds else str(test.folder.parent if seeds else test.folder)
        groups.setdefault(json.dumps([place, test.about.get("method")], sort_keys=True), []).append(test)
    names = [_method_name(group[0]) for group in groups.values()]
    return [
        _Entry(name if names.count(name) == 1 else f"{name} ({_called(group)})", group)
        for name, group in zip(names, groups.values(), strict=True)
    ]


def _called(group: Sequence[Test]) -> str:
    """What tells a group from another of the same method."""
    return group[0].name if len(group) == 1 else group[0].folder.parent.name


def _method_name(test: Test) -> str:
    """Of results that another program wrote, their own; otherwise that of the class."""
    arguments = part(part(test.about, "method"), "init_args")
    name = class_name(test.about.get("method"))
    if name != "WrittenResults":
        return name
    folder: Any = arguments.get("folder", "")
    return str(arguments.get("name") or Path(str(folder)).name or name)
