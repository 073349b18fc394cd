"""Runs as they lie on disk: a training with its curves, a test with its numbers and pictures."""

import json
import math
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from hdrgen.errors import InputError, InputWarning
from hdrgen.plain_files import yaml_in
from hdrgen.reporting.other_logs import Curve, curves_of_other_loggers, has_other_log
from hdrgen.reporting.run_files import NUMBERS as MOST_NUMBERS
from hdrgen.reporting.run_files import object_in, or_warn, rows_in, text_in

MEAN = "mean"
"""Key of what a metric comes to over all exposures, in `metrics.json`."""
CONFIG, NUMBERS, SUMMARY, SCENE = "config.yaml", "metrics.csv", "metrics.json", "scene.json"
SOFTWARE = "software.json"
_SCORES = {"scene", "ev", "metric", "value"}
_STAGES = ("test", "validate")
"""Folders within the one of a training, in which its tests are."""
_METRICS, _EXPOSURES, _FOLDERS, _RUNS = 200, 500, 10_000, 50
"""Most of each that are read: a page could not show more."""

Numbers = dict[str, dict[str, float]]
"""By metric, then by exposure or `MEAN`."""
Scores = dict[str, dict[str, dict[str, float]]]
"""By metric, then by exposure or `MEAN`, then by scene."""


@dataclass(frozen=True)
class Pictures:
    """The folder in which a test wrote one scene's input, result, truth and maps."""

    scene: str
    rank: str
    """Such as `worst-1`."""
    folder: Path


@dataclass(frozen=True)
class Test:
    """What `hdrgen test` or `validate` wrote.

    Attributes:
        name: Of its run in the report.
        means: Over scenes.
        deviations: Over scenes.
        higher: Whether higher is better, by metric; of older tests, empty.
        about: All of `metrics.json`.
        scenes: By scene and metric, the mean over exposures.
        pictures: Of the worst and best scenes.
        scores: By metric, then by exposure or `MEAN`: the number of each scene.
    """

    __test__ = False  # what pytest looks for are others

    name: str
    folder: Path
    means: Numbers
    deviations: Numbers
    higher: dict[str, bool]
    about: dict[str, Any]
    scenes: dict[str, dict[str, float]]
    pictures: list[Pictures]
    scores: Scores = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """A training, a test, or a training with its tests.

    `config` is the text of its `config.yaml`, `settings` what that says, `software` what a training was made with; of
    older ones, empty.
    """

    name: str
    folder: Path
    config: str
    curves: dict[str, Curve]
    tests: list[Test]
    software: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


def aside_of(tests: Sequence[Test]) -> set[str]:
    """Numbers that are not the headline of their metric, which tables leave out."""
    listed = [test.about.get("aside") for test in tests]
    return {str(name) for names in listed if isinstance(names, list) for name in names}


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """Read what is needed of every run but the pictures.

    Warns:
        InputWarning: A file that cannot be read, or a run of which nothing can be; the others are read all the same.

    Raises:
        InputError: A folder that holds no run, one that is given twice, or nothing that can be read.
    """
    twice = [path for path, count in Counter(folder.resolve() for folder in folders).items() if count > 1]
    if twice:
        raise InputError(f"{twice[0]}: the run is given twice")
    for folder in folders:
        _check_is_run(folder)
    runs, unread = list[Run](), list[InputError]()
    for folder, name in zip(folders, short_names(folders), strict=True):
        try:
            runs.append(_read(folder, name))
        except InputError as error:
            unread.append(error)
    if not runs:
        raise unread[0]
    for reason in unread:
        warnings.warn(InputWarning(f"{reason}; the run is left out"), stacklevel=2)
    return runs


def comparable(tests: Sequence[Test]) -> list[list[Test]]:
    """The tests whose numbers may stand in one table: same protocol with all its settings, same data."""
    groups: dict[str, list[Test]] = {}
    for test in tests:
        key = json.dumps([test.about.get(key) for key in ("protocol", "data", "scenes")], sort_keys=True)
        groups.setdefault(key, []).append(test)
    return list(groups.values())


def short_names(folders: Sequence[Path]) -> list[str]:
    """As many of the last parts of the paths as tell the runs apart.

    >>> short_names([Path("runs/CEVR/version_0"), Path("runs/HDRGAN/version_0")])
    ['CEVR/version_0', 'HDRGAN/version_0']
    """
    parts = [folder.resolve().parts for folder in folders]
    names = ["/".join(each[-1:]) for each in parts]
    for length in range(2, max(map(len, parts)) + 1):
        if len(set(names)) == len(names):
            break
        names = ["/".join(each[-length:]) for each in parts]
    return names


def _check_is_run(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(f"{folder}: expected the folder of a run, found {'a file' if folder.exists() else 'nothing'}")
    if not _is_run(folder):
        raise InputError(
            f"{folder}: expected the folder of a run, with {SUMMARY} of a test, or {CONFIG} and {NUMBERS} of a"
            f" training, found {_listing(folder)}{_hint(folder)}"
        )


def _read(folder: Path, name: str) -> Run:
    config, software = folder / CONFIG, folder / SOFTWARE
    is_test = (folder / SUMMARY).is_file()
    tests = [_test(folder, name, folder)] if is_test else _tests(folder, name)
    curves = {} if is_test else or_warn(dict[str, Curve](), _curves, folder / NUMBERS, folder)
    text = or_warn("", text_in, config, folder) if config.is_file() else ""
    settings = or_warn(None, yaml_in, text, str(config))
    if not is_test and not (folder / NUMBERS).is_file() and (not tests or has_other_log(folder)):
        curves = or_warn(curves, curves_of_other_loggers, folder)
    elif not (curves or tests):
        told = f"{folder}: no numbers in {NUMBERS}, and no test; the page has settings alone"
        warnings.warn(InputWarning(told), stacklevel=2)
    curves = _with_those_before(curves, folder, settings)
    if not (text or curves or tests):
        raise InputError(f"{folder}: nothing of this run can be read")
    return Run(
        name,
        folder,
        text,
        curves,
        tests,
        or_warn(dict[str, Any](), object_in, software, folder) if software.is_file() else {},
        settings if isinstance(settings, Mapping) else {},
    )


def _went_on_from(folder: Path, settings: Any) -> Path | None:
    """The run beside this one whose checkpoint it went on from; None where it began by itself."""
    checkpoint = settings.get("ckpt_path") if isinstance(settings, Mapping) else None
    parts = Path(checkpoint).parts if isinstance(checkpoint, str) and "\0" not in checkpoint else ()
    if len(parts) < 3 or parts[-2] != "checkpoints" or parts[-3] in ("..", folder.resolve().name):
        return None
    run = folder.resolve().parent / parts[-3]
    return run if (run / NUMBERS).is_file() else None


def _with_those_before(curves: dict[str, Curve], folder: Path, settings: Any, later: int = 0) -> dict[str, Curve]:
    """The curves of a run, after those of the runs that it went on from, one from the other."""
    before = _went_on_from(folder, settings)
    if not curves or before is None or later > _RUNS:
        return curves
    config = before / CONFIG
    text = or_warn("", text_in, config, before) if config.is_file() else ""
    earlier = or_warn(dict[str, Curve](), _curves, before / NUMBERS, before)
    earlier = _with_those_before(earlier, before, or_warn(None, yaml_in, text, str(config)), later + 1)
    return _in_one_piece(earlier, curves)


def _in_one_piece(before: Mapping[str, Curve], curves: Mapping[str, Curve]) -> dict[str, Curve]:
    """The curves of a run that went on, with what the other had logged until there in front."""
    start = min((point[0] for curve in curves.values() for point in curve), default=0.0)
    names = sorted({*before, *curves})
    return {
        name: [*(point for point in before.get(name, ()) if point[0] < start), *curves.get(name, ())] for name in names
    }


def _tests(folder: Path, name: str) -> list[Test]:
    """Those of a training, called by their stage where there are two."""
    stages = [stage for stage in _STAGES if (folder / stage / SUMMARY).is_file()]
    found = [or_warn(None, _test, folder / stage, f"{name} ({stage})", folder) for stage in stages]
    tests = [test for test in found if test is not None]
    return [replace(tests[0], name=name)] if len(tests) == 1 else tests


def _is_run(folder: Path) -> bool:
    trained = (folder / CONFIG).is_file() and any(
        (folder / name).exists() for name in (NUMBERS, "checkpoints", *_STAGES)
    )
    return trained or (folder / SUMMARY).is_file() or has_other_log(folder)


def _listing(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    return f"{', '.join(names[:4])}{' and others' if len(names) > 4 else ''}" if names else "an empty folder"


def _hint(folder: Path) -> str:
    """The first run some levels below, for those who gave the folder of all runs."""
    below = (path.parent for depth in range(1, 4) for path in sorted(folder.glob("*/" * depth + "metrics.*")))
    return next((f"; did you mean {path}?" for path in below if _is_run(path)), "")


def _test(folder: Path, name: str, run: Path) -> Test:
    summary, scores = folder / SUMMARY, folder / NUMBERS
    about = object_in(summary, run)
    higher = about.get("higher_is_better")
    found = or_warn(Scores(), _scores, scores, run)
    return Test(
        name,
        folder,
        _numbers(summary, about, "means"),
        or_warn(Numbers(), _numbers, summary, about, "deviations"),
        {metric: value for metric, value in higher.items() if isinstance(value, bool)}
        if isinstance(higher, dict)
        else {},
        about,
        by_scene(found),
        _ranked(folder / "extremes", run),
        found,
    )


def _numbers(path: Path, about: Mapping[str, Any], key: str) -> Numbers:
    try:
        numbers = {
            str(metric): {str(ev): float(value) for ev, value in numbers.items()}
            for metric, numbers in about[key].items()
        }
    except (KeyError, AttributeError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{path}: expected numbers by metric and exposure under {key!r}; test again") from error
    if len(numbers) > _METRICS or any(len(one) > _EXPOSURES for one in numbers.values()):
        raise InputError(f"{path}: expected at most {_METRICS} metrics at {_EXPOSURES} exposures under {key!r}")
    return numbers


def _scores(path: Path, run: Path) -> Scores:
    """By metric, exposure and scene; under `MEAN` that of each scene's exposures."""
    found: Scores = defaultdict(lambda: defaultdict(dict))
    exposures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows_in(path, run, _SCORES):
        metric, scene, value = row["metric"], row["scene"], _float(path, row["value"])
        exposures[metric][scene].append(value)
        if row["ev"]:
            found[metric][row["ev"]][scene] = value
    for metric, scenes in exposures.items():
        found[metric][MEAN] = {scene: sum(each / len(values) for each in values) for scene, values in scenes.items()}
    return {metric: dict(columns) for metric, columns in found.items()}


def by_scene(scores: Scores) -> dict[str, dict[str, float]]:
    """The means over exposures, by scene and metric."""
    scenes: dict[str, dict[str, float]] = defaultdict(dict)
    for metric, columns in scores.items():
        for scene, value in columns[MEAN].items():
            scenes[scene][metric] = value
    return dict(sorted(scenes.items()))


def _curves(path: Path, run: Path) -> dict[str, Curve]:
    """What the logger of CSV files wrote while training; nothing where it was another."""
    curves: dict[str, Curve] = defaultdict(list)
    count = 0
    for row in rows_in(path, run, {"step"}) if path.is_file() else ():
        for name, value in row.items():
            if value and name not in ("", "epoch", "step") and not name.startswith("test/"):
                curves[name].append((_float(path, row["step"]), _float(path, value)))
                count += 1
        if count > MOST_NUMBERS:
            raise InputError(f"{path}: expected at most {MOST_NUMBERS} numbers, found more")
    return dict(sorted(curves.items()))


def _float(path: Path, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"{path}: expected a number, found {text[:80]!r}") from error


def _pictures(folder: Path, run: Path) -> Iterator[Pictures]:
    for path in islice(folder.glob(f"*/{SCENE}"), _FOLDERS):
        rank = "-".join(path.parent.name.split("-")[:2])
        about = or_warn(None, object_in, path, run)
        if about is not None:
            yield Pictures(str(about.get("scene", path.parent.name)), rank, path.parent)


def _ranked(folder: Path, run: Path) -> list[Pictures]:
    """By rank, each scene once: those chosen by name first, under their rank where they have one too."""
    ranked = sorted(_pictures(folder, run), key=lambda pictures: _order(pictures.rank))
    return list({pictures.scene: pictures for pictures in ranked}.values())


def _order(rank: str) -> tuple[bool, float, bool, str]:
    """Chosen ones first, then worst and best alternately."""
    kind, _, number = rank.partition("-")
    return kind != "chosen", float(number) if number.isdecimal() else math.inf, kind != "worst", rank
