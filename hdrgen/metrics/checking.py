"""Images that no metric can judge are refused by name, before a NaN hides in a mean."""

import math
import warnings
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from hdrgen.errors import InputError

Domain = Literal["display", "radiance", "luminance"]
"""What a metric takes: display values in [0, 1]; linear radiance on any scale; absolute luminance in cd/m2."""


def check_images(image: Tensor, target: Tensor, scenes: Sequence[str], domain: Domain = "radiance") -> Tensor:
    """The images as metrics may have them, or an error that names the scene.

    Of radiance and luminance, negative values are an error in the truth. In a reconstruction, where a network may
    undershoot, they become 0, which a warning tells with their share. Display values may leave [0, 1], and a truth of
    display values may be black, as short exposures are.

    Args:
        image: What was made, `(B, 3, H, W)`.
        target: The truth, same shape.
        scenes: A name for each of the B pairs.
        domain: What the values are.

    Returns:
        `image`, without negative values unless `domain` is `display`.

    Raises:
        InputError: If the shapes differ, a value is NaN or infinite, or the truth has negative values or is all black.

    >>> check_images(torch.ones(1, 3, 1, 1), torch.zeros(1, 3, 1, 1), ["attic"])
    Traceback (most recent call last):
        ...
    hdrgen.errors.InputError: attic: expected a truth with some light, found all 3 values 0
    """
    if image.shape != target.shape:
        sizes = [f"{x.shape[-1]} x {x.shape[-2]}" for x in (image, target)]
        size, true_size = sizes if sizes[0] != sizes[1] else (tuple(x.shape) for x in (image, target))
        raise InputError(f"{', '.join(scenes)}: expected the size of the truth, {true_size}, found {size}")
    (least, most), (true_least, true_most) = (_extremes(x) for x in (image, target))
    # Both are NaN where a value is. Only where there is something to tell are the values counted.
    if not (math.isfinite(least) and math.isfinite(most)):
        _refuse("the result", "finite values", image, ~image.isfinite(), scenes, "NaN or infinite")
    if not (math.isfinite(true_least) and math.isfinite(true_most)):
        _refuse("the truth", "finite values", target, ~target.isfinite(), scenes, "NaN or infinite")
    if domain == "display":
        return image
    if true_least < 0:
        _refuse("the truth", "no negative light", target, target < 0, scenes, "negative")
    for scene, dark in zip(scenes, (target.flatten(1).amax(1) == 0).tolist(), strict=True):
        if dark:
            raise InputError(f"{scene}: expected a truth with some light, found all {target[0].numel()} values 0")
    return image if least >= 0 else _without_negatives(image, scenes)


def _extremes(values: Tensor) -> tuple[float, float]:
    least, most = values.detach().aminmax()
    return least.item(), most.item()


def _refuse(which: str, expected: str, values: Tensor, wrong: Tensor, scenes: Sequence[str], kind: str) -> None:
    for scene, count in zip(scenes, wrong.flatten(1).sum(1).tolist(), strict=True):
        if count:
            raise InputError(
                f"{scene}: expected {expected} in {which}, found {kind} {count} of {values[0].numel()} values;"
                " pass clean=True to replace them",
                argument="clean",
            )


def _without_negatives(image: Tensor, scenes: Sequence[str]) -> Tensor:
    counts = (image < 0).flatten(1).sum(1).tolist()
    for scene, count in zip(scenes, counts, strict=True):
        if count:
            share = 100 * count / image[0].numel()
            warnings.warn(f"{scene}: {share:.3g} % of the result's values are negative, taken as 0", stacklevel=3)
    return torch.relu(image)
