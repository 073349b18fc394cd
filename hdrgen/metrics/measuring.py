"""The numbers of a batch by several metrics, under the names that a protocol gives them; and of its parts.

What a number of a whole HDR image hides is how much of it is the tone curve alone, and the pixels of which the input
knows nothing.

A global difference of tone moves PSNR, PU21 and HDR-VDP more than what a method makes of clipped pixels (Eilertsen,
Hajisharif, Hanji, Tsirikoglou, Mantiuk, Unger, "How to cheat with metrics in single-image HDR reconstruction", ICCV
workshops 2021; Hanji et al., SIGGRAPH 2022).
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from hdrgen.errors import InputError
from hdrgen.metrics.image_metric import ImageMetric
from hdrgen.metrics.precision import promote, without_autocast
from hdrgen.metrics.scores import Score

Numbers = dict[str, Tensor]
"""`(B,)`, or maps `(B, 1, H, W)`, by name."""
Metrics = dict[str, ImageMetric | None]
"""Metrics by the name of their headline number; None switches one off."""
CORRECTED = "_crf"
"""Ends the name of a number after the result's global tone and colour have been fitted to the truth's."""
CLIPPED, UNCLIPPED = "_clipped", "_unclipped"
"""End the names of numbers of the pixels that are clipped in the input, and of the others."""
WHITE = 0.998
"""Display value from which a pixel is clipped: between the two brightest codes of 8 bits."""


def named_outputs(key: str, metric: ImageMetric) -> dict[str, str]:
    """The names under which a protocol reports a metric's numbers, and the metric's own names."""
    headline, *others = metric.outputs
    return {key: headline, **{name: name for name in others}}


def names_of(metrics: Metrics) -> set[str]:
    """All numbers that these give."""
    return {name for key, metric in metrics.items() if metric is not None for name in named_outputs(key, metric)}


def measured(
    metrics: Metrics, image: Tensor, target: Tensor, scenes: Sequence[str], prefix: str = ""
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Numbers `(B,)` and maps `(B, 1, H, W)` by name, in float32 or better."""
    numbers, maps = dict[str, Tensor](), dict[str, Tensor]()
    with without_autocast(image.device.type), naming(scenes):
        for key, metric in metrics.items():
            if metric is None:
                continue
            outputs, metric_maps = metric.to(image.device).examine(promote(image), promote(target))
            numbers |= {f"{prefix}{name}": outputs[output] for name, output in named_outputs(key, metric).items()}
            maps |= {f"{prefix}{name}": each for name, each in metric_maps.items()}
    return numbers, maps


def listed(numbers: Mapping[str, Tensor], scenes: Sequence[str], ev: Sequence[float | None]) -> list[Score]:
    """A score for each scene (and exposure) and number."""
    return [
        {"scene": scene, "ev": stops, "metric": metric, "value": value}
        for metric, column in numbers.items()
        for scene, stops, value in zip(scenes, ev, column.tolist(), strict=True)
    ]


@contextlib.contextmanager
def naming(scenes: Sequence[str]) -> Iterator[None]:
    """Put the scenes before an error that does not say which image it is about."""
    try:
        yield
    except InputError as error:
        about = ", ".join(scenes)
        if str(error).startswith(about):
            raise
        raise InputError(f"{about}: {error}") from error


def clipped_pixels(source: Tensor) -> Tensor:
    """Where any channel of the input is white, booleans `(B, 1, H, W)`.

    Args:
        source: Display values in [0, 1], `(B, 3, H, W)`.
    """
    return source.amax(1, keepdim=True) >= WHITE


def parts_of(image: Tensor, target: Tensor, clipped: Tensor) -> Iterator[tuple[str, Tensor, Tensor]]:
    """The result where the input is clipped with the truth elsewhere, and the other way round.

    What a metric sums over pixels adds up to what it is of the whole: squared errors do, and colour differences.

    Args:
        image: `(B, 3, H, W)`.
        target: Same shape.
        clipped: Booleans `(B, 1, H, W)`.

    Returns:
        The end of the numbers' names, the image, and which of the B images have any such pixel.
    """
    for name, where in ((CLIPPED, clipped), (UNCLIPPED, ~clipped)):
        yield name, torch.where(where, image, target), where.flatten(1).any(1)
