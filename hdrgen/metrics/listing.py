"""What metrics there are, for people who choose among them."""

import inspect
import math
import sys
from typing import Any, TypedDict

from hdrgen.metrics.image_metric import ImageMetric
from hdrgen.plugins import class_named

DOMAINS = {"display": "display values", "radiance": "radiance", "luminance": "cd/m2"}
"""The domains of metrics, in words."""


class MetricEntry(TypedDict):
    """What is known of one metric."""

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
    takes: str
    """What the domain holds, in words."""
    arguments: dict[str, object]
    """Parameters and their defaults."""
    differentiable: bool
    needs: str
    reference: str


def all_metrics() -> dict[str, type[ImageMetric]]:
    """Every metric that `hdrgen.metrics` exports, by name; those of display values first, of luminance last."""
    face: Any = sys.modules[__package__]  # not imported: it imports this file
    exported = [getattr(face, name) for name in face.__all__]
    classes = [
        one for one in exported if inspect.isclass(one) and issubclass(one, ImageMetric) and one is not ImageMetric
    ]
    domains = list(DOMAINS)
    return {one.name(): one for one in sorted(classes, key=lambda one: (domains.index(one.domain), one.name()))}


def metric_named(name: str) -> type[ImageMetric] | None:
    """A metric of hdrgen, or else of another installed package; None where neither has it."""
    return all_metrics().get(name) or class_named("metrics", name, ImageMetric)


def describe_metric(metric: type[ImageMetric]) -> MetricEntry:
    """An entry from the class, its docstring and its arguments."""
    parameters = inspect.signature(metric).parameters.values()
    arguments = [one for one in parameters if one.kind is not one.VAR_KEYWORD]  # what a base class takes for itself
    return {
        "name": metric.name(),
        "class_path": f"hdrgen.metrics.{metric.__name__}",
        "summary": (inspect.getdoc(metric) or "").partition("\n")[0],
        "outputs": list(metric.outputs),
        "better": {name: "higher" if metric.better_higher(name) else "lower" for name in metric.outputs},
        "range": [end if math.isfinite(end) else None for end in metric.bounds],
        "unit": metric.unit,
        "domain": metric.domain,
        "takes": DOMAINS[metric.domain],
        "arguments": {argument.name: argument.default for argument in arguments},
        "differentiable": bool(metric.is_differentiable),
        "needs": metric.needs,
        "reference": metric.reference,
    }
