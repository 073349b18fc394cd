"""What made a number, as JSON has it."""

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hdrgen.metrics.image_metric import ImageMetric


def described(value: Any) -> Any:
    """`value` in terms of JSON: metrics and dataclasses with every parameter, functions by their import path.

    >>> from hdrgen.metrics import PSNRMu, align_median
    >>> described({"align": align_median, "metrics": [PSNRMu(mu=500.0)]})["metrics"]
    [{'class': 'PSNRMu', 'mu': 500.0, 'peak_quantile': 0.999, 'beyond_peak': 'score'}]
    """
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): described(one) for key, one in value.items()}
    if isinstance(value, Sequence | np.ndarray):
        return [described(one) for one in value]
    if isinstance(value, ImageMetric):
        return {"class": type(value).__name__, **described(value.settings())}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: described(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"class": type(value).__name__, **fields}
    if inspect.isroutine(value) or isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    return repr(value)
