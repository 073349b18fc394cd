"""Tone mapping for notebooks and programs."""

from __future__ import annotations

from typing import Any, overload

import torch
from numpy.typing import NDArray
from torch import Tensor

from hdrgen.api.arrays import Array, as_float, to_array, to_tensor
from hdrgen.commands.operators import operator_named
from hdrgen.errors import InputError
from hdrgen.io import BT709, Image
from hdrgen.io.colour import converted
from hdrgen.tonemap import ToneMapper


@overload
def tone_map(radiance: Tensor, operator: str | ToneMapper = ..., **parameters: object) -> Tensor: ...
@overload
def tone_map(radiance: Image | Array, operator: str | ToneMapper = ..., **parameters: object) -> NDArray[Any]: ...
def tone_map(
    radiance: Image | Array | Tensor, operator: str | ToneMapper = "reinhard2002", **parameters: object
) -> Array | Tensor:
    """A picture of an HDR image.

    Args:
        radiance: Linear; an array or an image `(H, W, 3)`, or a tensor `(..., 3, H, W)`.
        operator: Name of an operator, see `hdrgen tonemap --operators`, or one of `hdrgen.tonemap`.
        parameters: Of an operator given by name.

    Returns:
        Display values in [0, 1], float32, in the same shape and kind. An image in other colours is converted to those
        of sRGB; arrays and tensors are taken to be in them.

    Raises:
        InputError: display values, no such operator, or a parameter that it does not have.

    >>> import numpy as np
    >>> radiance = np.linspace(0, 8, 4 * 4 * 3, dtype=np.float32).reshape(4, 4, 3)
    >>> shown = tone_map(radiance, "drago2003", bias=0.85)
    >>> shown.shape, bool(shown.min() >= 0), bool(shown.max() <= 1)
    ((4, 4, 3), True, True)
    """
    chosen = operator_named(operator, parameters) if isinstance(operator, str) else operator
    if parameters and not isinstance(operator, str):
        raise InputError("expected parameters with an operator's name only; give them to the operator itself")
    with torch.inference_mode():
        if isinstance(radiance, Tensor):
            return chosen(radiance.float())
        if isinstance(radiance, Image) and not radiance.linear:
            raise InputError("expected an HDR image, found display values, which can be looked at as they are")
        pixels = _in_bt709(radiance) if isinstance(radiance, Image) else radiance
        return to_array(chosen(to_tensor(as_float(pixels))))


def _in_bt709(image: Image) -> Array:
    return converted(image.as_float(), image.chromaticities or BT709.chromaticities, BT709.chromaticities)
