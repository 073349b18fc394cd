"""`hdrgen metrics`: what can be measured of a pair of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hdrgen.cli import (
    CommandParser,
    cited,
    kept_entries,
    listing_parser,
    plugin_entry,
    plugin_rows,
    print_listing,
    with_config,
)
from hdrgen.plugins import plugins

if TYPE_CHECKING:
    from hdrgen.metrics import MetricEntry

COLUMNS = ("metric", "better", "range", "unit", "takes", "needs", "reference")


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    return listing_parser(
        verb, "List the metrics that `hdrgen compare --metrics` and evaluations of `hdrgen test` take."
    )


def run(verb: str, arguments: Sequence[str]) -> None:
    """Print one line for each metric."""
    options = parser(verb).parse_args(with_config(arguments))
    entries = kept_entries("metrics", describe_all)
    others = plugins("metrics")
    rows = [COLUMNS, *map(_row, entries), *plugin_rows(others, len(COLUMNS) - 1)]
    print_listing([*entries, *map(plugin_entry, others)], rows, options.json)


def describe_all() -> list[MetricEntry]:
    """An entry for every metric that `hdrgen.metrics` exports."""
    from hdrgen.metrics import all_metrics, describe_metric

    return [describe_metric(metric) for metric in all_metrics().values()]


def _row(entry: MetricEntry) -> tuple[str, ...]:
    low, high = ("" if end is None else f"{end:g}" for end in entry["range"])
    return (
        entry["name"],
        entry["better"][entry["outputs"][0]],
        f"{low}..{high}",
        entry["unit"],
        entry["takes"],
        entry["needs"].partition(":")[0].partition(",")[0],
        cited(entry["reference"]).partition(";")[0],
    )
