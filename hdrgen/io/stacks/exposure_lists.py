"""Exposure lists beside the images: CSV, JSON, and the text files of published data sets."""

import csv
import itertools
import json
import math
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hdrgen.errors import InputError, InputWarning
from hdrgen.io.exposure import Exposure
from hdrgen.io.stacks.ordering import natural_key
from hdrgen.plain_files import read_text

_FIELDS = ("time", "fnumber", "iso", "ev")
_LEAST_STEP = 0.3  # stops between two exposures of a bracket: a third, rounded
_MOST_STOPS = 24  # from the darkest to the brightest: what lies farther apart is no bracket
_UNEVEN = 0.3  # stops between the steps of seconds as cameras round them: 1/15, 1/8, 1/4
_SHOWN = 4  # numbers that a warning names
_SECONDS, _STOPS = ("ms", "s", "sec", "secs", '"'), ("ev", "stop", "stops")
_UNITS = "|".join((*_SECONDS, *_STOPS))
_NUMBER_AND_UNIT = re.compile(rf"(.*\d\.?)({_UNITS})?", re.IGNORECASE)
_UNIT = re.compile(rf"(?<=[\d.])[ \t]+({_UNITS})(?!\w)", re.IGNORECASE)
"""Behind its number and a space."""
_NAMED = re.compile(
    r"\s*([\"']?)(?P<file>\S.*\.(?:[a-z]\w{1,4}|3fr))\1[\s:;=,]+(?P<number>\S*[^\s,])[\s,]*", re.IGNORECASE
)
"""A file and its number in a line of text."""
_DECIMAL_COMMA = re.compile(rf"[-+]?\d+,\d+({_UNITS})?", re.IGNORECASE)
_COMMENT = re.compile(r"#.*")
_DISPLAY_SUFFIXES = (".tif", ".tiff", ".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class ListedExposure:
    """What a list says of one file; `exif_time` is what the list's maker found in the file itself."""

    exposure: Exposure
    exif_time: float | None = None


ExposureList = dict[Path, ListedExposure]


def read_exposure_list(path: str | Path) -> ExposureList:
    """Exposures by image file, from a list in the folder that its names are relative to.

    - CSV with a header: `file` and `time` (seconds, also `1/250`) or `ev` (stops); `fnumber`, `iso`, `exif_time` where
      known.
    - CSV of DrTMO: `x,x_exp,y,y_exp`, two files and their times per row.
    - JSON: `{"a.jpg": 0.25, ...}`, `{"a.jpg": {"time": 0.25, "iso": 100}, ...}` or
      `[{"file": "a.jpg", "ev": -2}, ...]`.
    - Text `<name>_exp.txt` (DeepHDR): log2 exposures for `<name>_1.tif`, `<name>_2.tif`, ... in order.
    - Text with a file and its log2 exposure in each line: `a.jpg -2`.
    - Other text (Kalantari's `exposure.txt`): log2 exposures for the images of the folder in natural order; the TIFF
      files if there are any. Seconds are recognised: by a unit or a fraction (`1/60`, `4s`, `250 ms`), or since only as
      seconds they are evenly spaced (`0.25 1 4`), which is told. `#` begins a comment; stops may be called `EV`.

    Files need not exist, except where a list goes by their order.

    Warns:
        InputWarning: The numbers of a text were taken for seconds, though nothing but their sizes says so.

    Raises:
        InputError: No such file, another layout, a value that is no positive number, a file given twice with different
            exposures, a count that differs from that of the images.
    """
    path = Path(path)
    readers: Mapping[str, Callable[[Path, str], ExposureList]] = {".csv": _read_csv, ".json": _read_json}
    text = read_text(path)
    if "\0" in text:
        raise InputError(f"{path}: expected text, found zero bytes, as of UTF-16 without its mark; save it as UTF-8")
    return readers.get(path.suffix.lower(), _read_log2)(path, text)


def exposure_list_for(folder: Path) -> Path | None:
    """The exposure list of a folder, if it has one.

    `exposures.csv`, `exposures.json`, `exposures.txt`, `exposure.txt`, `input_exp.txt`, in this order; else the only
    CSV file with the columns of `read_exposure_list`.

    Raises:
        InputError: Several such CSV files, none under a known name.
    """
    names = ("exposures.csv", "exposures.json", "exposures.txt", "exposure.txt", "input_exp.txt")
    for name in names:
        if (folder / name).is_file():
            return folder / name
    tables = sorted(path for path in folder.glob("*.csv") if _has_exposure_columns(path))
    if len(tables) > 1:
        shown = ", ".join(path.name for path in tables)
        raise InputError(f"{folder}: expected one exposure list, found {shown}; name the right one exposures.csv")
    return tables[0] if tables else None


def exposure_list_of_series(image: Path) -> Path | None:
    """The list `<name>_exp.txt` of an image `<name>_<number>.*` (DeepHDR's `ref_exp.txt` beside `input_exp.txt`)."""
    beside = image.with_name(f"{image.stem.rpartition('_')[0]}_exp.txt")
    return beside if beside.is_file() else None


def _has_exposure_columns(path: Path) -> bool:
    try:
        text = read_text(path, errors="replace")
    except InputError:  # a large table, or a pipe, that nobody has named
        return False
    columns = {name.strip() for name in text.partition("\n")[0].split(_separator(text))}
    return {"x", "x_exp"} <= columns or ("file" in columns and bool({"time", "ev"} & columns))


def _read_csv(path: Path, text: str) -> ExposureList:
    rows = csv.DictReader(text.splitlines(), delimiter=_separator(text), skipinitialspace=True)
    columns = [name.strip() for name in rows.fieldnames or []]
    rows.fieldnames = columns
    result: ExposureList = {}
    try:
        for number, row in enumerate(rows, start=2):
            where = f"{path}, line {number}"
            if any(word.isdecimal() for word in row.get(None) or ()):
                raise InputError(
                    f"{where}: expected {len(columns)} columns, found a number beyond; write decimal commas as points"
                )
            cells = {name: value for name, value in row.items() if isinstance(name, str) and isinstance(value, str)}
            for file, entry in _csv_rows(cells, columns, path, where):
                _add(result, path.parent, file, entry, where)
    except csv.Error as error:
        raise InputError(f"{path}: not a CSV table ({error})") from error
    return _not_empty(result, path)


def _separator(text: str) -> str:
    """Of a table: a comma, or the semicolon of spreadsheets in languages whose numbers have commas."""
    header = text.partition("\n")[0]
    return ";" if ";" in header and "," not in header else ","


def _csv_rows(cells: dict[str, str], columns: list[str], path: Path, where: str) -> list[tuple[str, ListedExposure]]:
    if {"x", "x_exp"} <= set(columns):
        pairs = [
            (cells.get(name, ""), {"time": cells.get(f"{name}_exp", "")}) for name in ("x", "y") if name in columns
        ]
        return [(file, _listed_exposure(values, where)) for file, values in pairs]
    if "file" not in columns or not {"time", "ev"} & set(columns):
        expected = "columns file,time or file,ev or x,x_exp,y,y_exp"
        raise InputError(f"{path}: expected {expected}, found {','.join(columns) or 'none'}")
    return [(cells.get("file", ""), _listed_exposure(cells, where))]


def _read_json(path: Path, text: str) -> ExposureList:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON ({error})") from error
    items = list(content.items()) if isinstance(content, dict) else content
    if not isinstance(items, list):
        raise InputError(f"{path}: expected an object or a list of exposures, found {type(content).__name__}")
    result: ExposureList = {}
    for number, item in enumerate(items, start=1):
        where = f"{path}, entry {number}"
        file, values = item if isinstance(content, dict) else _json_row(item, where)
        settings = values if isinstance(values, dict) else {"time": values}
        _add(result, path.parent, file, _listed_exposure(settings, where), where)
    return _not_empty(result, path)


def _json_row(item: object, where: str) -> tuple[str, object]:
    if not isinstance(item, dict) or not isinstance(item.get("file"), str):
        raise InputError(f'{where}: expected {{"file": ..., "time": ...}}, found {item!r}')
    return item["file"], item


def _read_log2(path: Path, text: str) -> ExposureList:
    plain = _plain(text)
    if _has_names(plain):
        return _read_named(path, plain)
    words = plain.replace(",", " ").split()
    images = _images_in_order(path)
    if len(words) != len(images) == len(plain.split()):
        _refuse_decimal_commas(path, plain)
    exposures = _exposures_in(words, path)
    if not exposures or len(exposures) != len(images):
        shown = ", ".join(image.name for image in images) or "none"
        raise InputError(
            f"{path}: {len(exposures)} exposures for {len(images)} images ({shown}); one number per image expected"
        )
    return {image: ListedExposure(exposure) for image, exposure in zip(images, exposures, strict=True)}


def _plain(text: str) -> str:
    """A text list without comments, each unit beside its number."""
    return _UNIT.sub(r"\1", _COMMENT.sub("", text).replace("\u2212", "-"))


def _refuse_decimal_commas(path: Path, plain: str) -> None:
    """Raise for the first number that is written with a comma, where this is no list of numbers between commas."""
    for number, line in enumerate(plain.splitlines(), 1):
        for word in filter(_DECIMAL_COMMA.fullmatch, line.split()):
            _number(word, "the stops or seconds of an image", f"{path}, line {number}")


def _has_names(plain: str) -> bool:
    return any(map(_NAMED.fullmatch, plain.splitlines()))


def names_files(path: Path) -> bool:
    """Whether a list says which files it means, and not how many there are in their order."""
    return path.suffix.lower() in (".csv", ".json") or _has_names(_plain(read_text(path)))


def _read_named(path: Path, text: str) -> ExposureList:
    """A list with a file and a number in each line."""
    rows = [(f"{path}, line {number}", line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    found = [_NAMED.fullmatch(line) for _, line in rows]
    for (where, line), row in zip(rows, found, strict=True):
        if row is None:
            raise InputError(f"{where}: expected a file and its exposure as in other lines, found {line.strip()!r}")
    named = [row for row in found if row is not None]
    for (where, _), row in zip(rows, named, strict=True):
        if _DECIMAL_COMMA.fullmatch(row["number"]):
            _number(row["number"], "the stops or seconds of an image", where)
    result: ExposureList = {}
    exposures = _exposures_in([row["number"] for row in named], path)
    for (where, _), row, exposure in zip(rows, named, exposures, strict=True):
        _add(result, path.parent, row["file"], ListedExposure(exposure), where)
    return result


def _exposures_in(words: list[str], path: Path) -> list[Exposure]:
    """Stops, or seconds where they are written like those or can be nothing else.

    Raises:
        InputError: No numbers; some in seconds and others not above 0.
    """
    values, units = zip(*(_with_unit(word, path) for word in words), strict=True) if words else ((), ())
    written = any("/" in word for word in words) or any(unit in _SECONDS for unit in units)
    if written and min(values) <= 0:
        raise InputError(f"{path}: expected seconds above 0, as some are written, found {min(values):g}; give one kind")
    in_stops = any(word[0] in "+-" for word in words) or any(unit in _STOPS for unit in units)
    if not (written or (_like_seconds(values) and not in_stops)):
        return [Exposure(ev=value) for value in values]
    if not written:
        shown = ", ".join(words[:_SHOWN]) + (", .." if len(words) > _SHOWN else "")
        message = f"{path}: {shown} are taken for seconds, as which they are evenly spaced; stops have a sign (+1)"
        warnings.warn(InputWarning(message), stacklevel=4)
    return [Exposure(time=value) for value in values]


def _with_unit(word: str, path: Path) -> tuple[float, str]:
    """A number, and the unit behind it in lower case: `4s` is 4 in "s", `250ms` 0.25 in "ms"."""
    found = _NUMBER_AND_UNIT.fullmatch(word)
    number, unit = (word, "") if found is None else (found[1], (found[2] or "").lower())
    value = _number(number, "the stops or seconds of an image (-2, 1/60, 4s)", str(path))
    return value / 1000 if unit == "ms" else value, unit


def _like_seconds(values: Sequence[float]) -> bool:
    """Whether numbers without a sign are evenly spaced as seconds, but not as stops.

    >>> _like_seconds([0.25, 1, 4]), _like_seconds([0, 2, 4]), _like_seconds([1, 2, 3]), _like_seconds([1 / 60, 0.25])
    (True, False, False, True)
    """
    if len(values) < 2 or min(values) <= 0:
        return False
    ordered = sorted(values)
    steps = [b - a for a, b in itertools.pairwise(ordered)]
    ratios = [math.log2(b / a) for a, b in itertools.pairwise(ordered)]
    if min(steps) <= 0:
        return False
    if max(ordered) - min(ordered) > _MOST_STOPS or min(steps) < _LEAST_STEP <= min(ratios):
        return True
    return len(values) > 2 and _even(ratios) and not _even(steps)


def _even(steps: Sequence[float]) -> bool:
    """Whether steps in stops are equal, but for how shutter times are rounded."""
    return min(steps) >= _LEAST_STEP and max(steps) - min(steps) <= _UNEVEN


def _images_in_order(path: Path) -> list[Path]:
    """`input_exp.txt` belongs to `input_*`; any other list to the TIFF files of its folder, or to all its images."""
    prefix = path.stem.removesuffix("_exp") + "_" if path.stem.endswith("_exp") else ""
    images = [
        image
        for image in path.parent.iterdir()
        if image.suffix.lower() in _DISPLAY_SUFFIXES and image.name.startswith(prefix) and image.name[0] != "."
    ]
    tiffs = [image for image in images if image.suffix.lower() in (".tif", ".tiff")]
    return sorted(tiffs or images, key=natural_key)


def _number(value: object, name: str, where: str) -> float:
    """A finite number, given as one or written as a decimal or a fraction."""
    try:
        number = _parsed(value) if isinstance(value, str) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number):
        comma = isinstance(value, str) and _DECIMAL_COMMA.fullmatch(value)
        point = f"; write it with a point: {value.replace(',', '.')}" if comma else ""  # type: ignore[attr-defined]
        raise InputError(f"{where}: expected a number as {name}, found {value!r}{point}")
    return number


def _parsed(text: str) -> float:
    numerator, _, denominator = text.partition("/")
    return float(numerator) / float(denominator) if denominator else float(numerator)


def _listed_exposure(values: Mapping[str, object], where: str) -> ListedExposure:
    given = {name: values.get(name) for name in (*_FIELDS, "exif_time")}
    numbers = {name: _number(value, name, where) for name, value in given.items() if value not in (None, "")}
    for name, number in numbers.items():
        if name != "ev" and number <= 0:
            raise InputError(f"{where}: expected a positive {name}, found {number:g}")
    if not {"time", "ev"} & numbers.keys():
        raise InputError(f"{where}: expected a time (seconds) or an ev (stops), found neither")
    return ListedExposure(
        replace(Exposure(), **{name: numbers[name] for name in _FIELDS if name in numbers}), numbers.get("exif_time")
    )


def _add(result: ExposureList, folder: Path, file: str, entry: ListedExposure, where: str) -> None:
    if not file.strip():
        raise InputError(f"{where}: expected a file name, found none")
    path = folder / file.strip()
    if result.setdefault(path, entry) != entry:
        raise InputError(f"{where}: expected one exposure per file, found {file!r} again with another")


def _not_empty(result: ExposureList, path: Path) -> ExposureList:
    if not result:
        raise InputError(f"{path}: expected exposures of at least one file, found none")
    return result
