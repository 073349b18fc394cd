"""`hdrgen metrics`: what can be measured of a pair of images."""

import inspect
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from hdrgen.cli.parser import Parser, with_config
from hdrgen.cli.tables import listing_parser, print_listing
from hdrgen.commands.methods import cited

if TYPE_CHECKING:
    from hdrgen.metrics import ImageMetric

COLUMNS = ("metric", "better", "range", "unit", "takes", "needs", "reference")
TAKES = {"display": "display values", "radiance": "radiance", "luminance": "cd/m2"}
"""The domains of metrics, in words."""


class Entry(TypedDict):
    """What the list says about one metric."""

    name: str
    class_path: str
    """For configurations of an evaluation."""
    summary: str
    outputs: list[str]
    better: dict[str, str]
    """`higher` or `lower`, for each of the outputs."""
    range: list[float | None]
    """Of the first output; None where it has no end."""
    unit: str
    domain: str
    arguments: dict[str, object]
    """Parameters and their defaults."""
    differentiable: bool
    needs: str
    reference: str


def parser(verb: str) -> Parser:
    """The arguments of this verb."""
    return listing_parser(
        verb, "List the metrics that `hdrgen compare --metrics` and evaluations of `hdrgen test` take."
    )


def run(verb: str, arguments: Sequence[str]) -> None:
    """Print one line for each metric."""
    options = parser(verb).parse_args(with_config(arguments))
    entries = [describe(metric) for metric in all_metrics().values()]
    print_listing(entries, [COLUMNS, *(_row(entry) for entry in entries)], options.json)


def all_metrics() -> "dict[str, type[ImageMetric]]":
    """Every metric that `hdrgen.metrics` exports, by name; those of display values first, of luminance last."""
    from hdrgen import metrics

    exported = (getattr(metrics, name) for name in metrics.__all__)
    found = [
        one
        for one in exported
        if inspect.isclass(one) and issubclass(one, metrics.ImageMetric) and one is not metrics.ImageMetric
    ]
    domains = list(TAKES)
    return {one.name(): one for one in sorted(found, key=lambda one: (domains.index(one.domain), one.name()))}


def describe(metric: "type[ImageMetric]") -> Entry:
    """What the class, its docstring and its arguments tell."""
    arguments = inspect.signature(metric).parameters.values()
    return {
        "name": metric.name(),
        "class_path": f"hdrgen.metrics.{metric.__name__}",
        "summary": (inspect.getdoc(metric) or "").partition("\n")[0],
        "outputs": list(metric.outputs),
        "better": {name: "higher" if metric.better_higher(name) else "lower" for name in metric.outputs},
        "range": [end if math.isfinite(end) else None for end in metric.bounds],
        "unit": metric.unit,
        "domain": metric.domain,
        "arguments": {argument.name: argument.default for argument in arguments},
        "differentiable": bool(metric.is_differentiable),
        "needs": metric.needs,
        "reference": metric.reference,
    }


def _row(entry: Entry) -> tuple[str, ...]:
    low, high = ("" if end is None else f"{end:g}" for end in entry["range"])
    return (
        entry["name"],
        entry["better"][entry["outputs"][0]],
        f"{low}..{high}",
        entry["unit"],
        TAKES[entry["domain"]],
        entry["needs"].partition(":")[0].partition(",")[0],
        cited(entry["reference"]).partition(";")[0],
    )
