"""Comparisons of images as text, CSV and JSON."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

from hdrgen.comparison.measuring import Comparison
from hdrgen.io import complete_or_nothing
from hdrgen.metrics import Setting
from hdrgen.text_table import text_table


def as_json(result: Comparison) -> str:
    """One object on one line: the files, every number under its name, every setting."""
    return json.dumps(_record(result), ensure_ascii=False)


def as_text(results: Sequence[Comparison]) -> str:
    """A table, and the settings: all numbers of one pair, or the headlines of several with mean and deviation."""
    rows = _one(results[0]) if len(results) == 1 else _several(results)
    return "\n".join([*text_table(rows, right=range(1, len(rows[0]))), "", *_settings(results)])


def write_comparisons(results: Sequence[Comparison], path: Path) -> None:
    """Write all numbers to a `.csv` or `.json` file, whole or not at all.

    CSV has a row for each pair, with its settings as JSON in the last column; JSON has one object, with the pairs, and
    mean and standard deviation over them.

    Raises:
        InputError: The file cannot be written.
    """
    text = _csv(results) if path.suffix.lower() == ".csv" else json.dumps(_summary(results), indent=2) + "\n"
    with complete_or_nothing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def _record(result: Comparison) -> dict[str, Any]:
    files = {"reference": str(result.pair.reference), "test": str(result.pair.test)}
    return {**files, **result.values, "settings": result.settings}


def _csv(results: Sequence[Comparison]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["reference", "test", *_outputs(results), "settings"])
    writer.writeheader()
    writer.writerows(_record(result) | {"settings": json.dumps(result.settings)} for result in results)
    return text.getvalue()


def _summary(results: Sequence[Comparison]) -> dict[str, Any]:
    columns = {name: [one.values[name] for one in results if name in one.values] for name in _outputs(results)}
    return {
        "pairs": [_record(result) for result in results],
        "mean": {name: fmean(values) for name, values in columns.items()},
        "std": {name: pstdev(values) for name, values in columns.items()},
    }


def _outputs(results: Iterable[Comparison]) -> list[str]:
    return list(dict.fromkeys(name for result in results for name in result.values))


def _one(result: Comparison) -> list[list[str]]:
    rows = [["metric", "value", "unit", "better"]]
    for metric in result.metrics:
        for name in metric.outputs:
            rows.append([name, _number(result.values[name]), metric.unit, _arrow(metric.better_higher(name))])
    return rows


def _several(results: Sequence[Comparison]) -> list[list[str]]:
    metrics = {metric.outputs[0]: metric for result in results for metric in result.metrics}
    marks = [f"{metric.unit} {_arrow(metric.higher_is_better)}".strip() for metric in metrics.values()]
    rows = [["", *metrics], ["", *marks]]
    rows += [[one.pair.test.stem, *(_number(one.values.get(name)) for name in metrics)] for one in results]
    columns = [[one.values[name] for one in results if name in one.values] for name in metrics]
    rows.append(["mean", *(_number(fmean(values)) for values in columns)])
    rows.append(["std", *(_number(pstdev(values)) for values in columns)])
    return rows


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _arrow(higher: bool) -> str:
    """Up where higher is better; in letters where the terminal has no arrows."""
    try:
        "↑↓".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "higher" if higher else "lower"
    return "↑" if higher else "↓"


def _settings(results: Sequence[Comparison]) -> list[str]:
    """How the numbers were made: what the pairs share, then each metric's parameters."""
    lines = list(dict.fromkeys(_treatment(result.settings) for result in results))
    parameters = {name: own for result in results for name, own in result.settings["metrics"].items()}
    for name, own in parameters.items():
        if own:
            lines.append(f"{name}: {', '.join(f'{key} {_plain(value)}' for key, value in own.items())}")
    return lines


def _treatment(settings: dict[str, Any]) -> str:
    parts = [settings["images"]]
    if settings["align_scale"] is not None:
        parts += [f"encoding {settings['encoding']}", f"align-scale {settings['align_scale']}"]
        parts.append(f"1 = {settings['luminance']:g} cd/m2")
    return ", ".join([*parts, settings["dtype"], f"hdrgen {settings['versions']['hdrgen']}"])


def _plain(value: Setting) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
