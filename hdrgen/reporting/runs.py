"""Runs as they lie on disk: a training with its curves, a test with its numbers and pictures."""

import csv
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from hdrgen.errors import InputError

MEAN = "mean"
"""Key of what a metric comes to over all exposures, in `metrics.json`."""
CONFIG, NUMBERS, SUMMARY, SCENE = "config.yaml", "metrics.csv", "metrics.json", "scene.json"
SOFTWARE = "software.json"
_SCORES = {"scene", "ev", "metric", "value"}
_STAGES = ("test", "validate")
"""Folders within the one of a training, in which its tests are."""

Numbers = dict[str, dict[str, float]]
"""By metric, then by exposure or `MEAN`."""
Curve = list[tuple[float, float]]
"""Step and value."""


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


@dataclass(frozen=True)
class Run:
    """A training, a test, or a training with its tests.

    `config` is the text of its `config.yaml`, `software` what a training was made with; of older ones, empty.
    """

    name: str
    folder: Path
    config: str
    curves: dict[str, Curve]
    tests: list[Test]
    software: Mapping[str, Any] = field(default_factory=dict)


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """Read what is needed of every run but the pictures.

    Raises:
        InputError: A folder that holds no run, one that is given twice, or a file whose content does not fit its name.
    """
    twice = [path for path, count in Counter(folder.resolve() for folder in folders).items() if count > 1]
    if twice:
        raise InputError(f"{twice[0]}: the run is given twice")
    return [_read(folder, name) for folder, name in zip(folders, short_names(folders), strict=True)]


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


def _read(folder: Path, name: str) -> Run:
    if not folder.is_dir():
        raise InputError(f"{folder}: expected the folder of a run, found {'a file' if folder.exists() else 'nothing'}")
    if not _is_run(folder):
        raise InputError(
            f"{folder}: expected the folder of a run, with {SUMMARY} of a test, or {CONFIG} and {NUMBERS} of a"
            f" training, found {_listing(folder)}{_hint(folder)}"
        )
    config = folder / CONFIG
    text = config.read_text(encoding="utf-8", errors="replace") if config.is_file() else ""
    is_test = (folder / SUMMARY).is_file()
    places = [(folder, name)] if is_test else [(folder / stage, f"{name} ({stage})") for stage in _STAGES]
    tests = [_test(place, title) for place, title in places if (place / SUMMARY).is_file()]
    if len(tests) == 1:
        tests = [_test(tests[0].folder, name)]
    software = _json(folder / SOFTWARE) if (folder / SOFTWARE).is_file() else {}
    return Run(name, folder, text, {} if is_test else _curves(folder / NUMBERS), tests, software)


def _is_run(folder: Path) -> bool:
    trained = (folder / CONFIG).is_file() and any(
        (folder / name).exists() for name in (NUMBERS, "checkpoints", *_STAGES)
    )
    return trained or (folder / SUMMARY).is_file()


def _listing(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    return f"{', '.join(names[:4])}{' and others' if len(names) > 4 else ''}" if names else "an empty folder"


def _hint(folder: Path) -> str:
    """The first run some levels below, for those who gave the folder of all runs."""
    below = (path.parent for depth in range(1, 4) for path in sorted(folder.glob("*/" * depth + "metrics.*")))
    return next((f"; did you mean {path}?" for path in below if _is_run(path)), "")


def _test(folder: Path, name: str) -> Test:
    about = _json(folder / SUMMARY)
    means, deviations = (_numbers(folder / SUMMARY, about, key) for key in ("means", "deviations"))
    higher = about.get("higher_is_better")
    scores = folder / NUMBERS
    return Test(
        name,
        folder,
        means,
        deviations,
        higher if isinstance(higher, dict) else {},
        about,
        _by_scene(scores) if scores.is_file() else {},
        _ranked(folder / "extremes"),
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: expected JSON, {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected an object, found {type(content).__name__}")
    return content


def _numbers(path: Path, about: Mapping[str, Any], key: str) -> Numbers:
    try:
        return {
            str(metric): {str(ev): float(value) for ev, value in numbers.items()}
            for metric, numbers in about[key].items()
        }
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise InputError(f"{path}: expected numbers by metric and exposure under {key!r}; test again") from error


def _by_scene(path: Path) -> dict[str, dict[str, float]]:
    scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in _rows(path, _SCORES):
        scores[row["scene"]][row["metric"]].append(_float(path, row["value"]))
    return {
        scene: {metric: fmean(values) for metric, values in metrics.items()}
        for scene, metrics in sorted(scores.items())
    }


def _curves(path: Path) -> dict[str, Curve]:
    """What the logger wrote while training; nothing where it was another than that of CSV files."""
    curves: dict[str, Curve] = defaultdict(list)
    for row in _rows(path, {"step"}) if path.is_file() else ():
        for name, value in row.items():
            if value and name not in ("epoch", "step") and not name.startswith("test/"):
                curves[name].append((_float(path, row["step"]), _float(path, value)))
    return dict(sorted(curves.items()))


def _rows(path: Path, expected: set[str]) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = csv.DictReader(file, restkey="", restval="")
        missing = expected.difference(rows.fieldnames or ())
        if missing:
            raise InputError(
                f"{path}: expected columns {', '.join(sorted(expected))}, found no {', '.join(sorted(missing))}"
            )
        yield from rows


def _float(path: Path, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"{path}: expected a number, found {text!r}") from error


def _pictures(folder: Path) -> Iterator[Pictures]:
    for path in folder.glob(f"*/{SCENE}"):
        rank = "-".join(path.parent.name.split("-")[:2])
        yield Pictures(str(_json(path).get("scene", path.parent.name)), rank, path.parent)


def _ranked(folder: Path) -> list[Pictures]:
    """By rank, each scene once: those chosen by name first, under their rank where they have one too."""
    ranked = sorted(_pictures(folder), key=lambda pictures: _order(pictures.rank))
    return list({pictures.scene: pictures for pictures in ranked}.values())


def _order(rank: str) -> tuple[bool, float, bool, str]:
    """Chosen ones first, then worst and best alternately."""
    kind, _, number = rank.partition("-")
    return kind != "chosen", int(number) if number.isdecimal() else math.inf, kind != "worst", rank
