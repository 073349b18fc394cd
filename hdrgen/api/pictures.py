"""Tone mapping for notebooks and programs."""

from typing import Any, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hdrgen.api.arrays import Array, as_float, check_channels, kind_of, to_array, to_tensor
from hdrgen.errors import InputError
from hdrgen.io import BT709, Image, converted
from hdrgen.tonemap import ToneMapper, operator_named


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
        operator: An operator of `hdrgen.tonemap`, or its name: `drago2003` is `Drago2003`.
        parameters: Of an operator given by name.

    Returns:
        Display values in [0, 1], float32, in the same shape and kind. An image in other colours is converted to those
        of sRGB; arrays and tensors are taken to be in them.

    Raises:
        InputError: Display values, NaN, another shape; no such operator, or a parameter that it does not have.

    >>> import numpy as np
    >>> radiance = np.linspace(0, 8, 4 * 4 * 3, dtype=np.float32).reshape(4, 4, 3)
    >>> picture = tone_map(radiance, "drago2003", bias=0.85)
    >>> picture.shape, bool(picture.min() >= 0), bool(picture.max() <= 1)
    ((4, 4, 3), True, True)
    """
    chosen = _chosen(operator, parameters)
    with torch.inference_mode():
        if isinstance(radiance, Tensor):
            check_channels(radiance, "(..., 3, H, W)", (3, radiance.ndim))
            mapped: Tensor = chosen(_finite(radiance.float()))
            return mapped
        return to_array(chosen(_finite(to_tensor(as_float(_linear(radiance))))))


def _chosen(operator: str | ToneMapper, parameters: dict[str, object]) -> ToneMapper:
    if isinstance(operator, str):
        try:
            return operator_named(operator, parameters)
        except TypeError as error:  # text for a number, for example
            given = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
            raise InputError(f"{operator}: expected parameters as it has them, found {given} ({error})") from error
    if not callable(operator):
        raise InputError(f"expected an operator's name or an operator of hdrgen.tonemap, found {operator!r}")
    if parameters:
        raise InputError("expected parameters with an operator's name only; give them to the operator itself")
    return operator


def _linear(radiance: Image | Array) -> Array:
    if isinstance(radiance, Image):
        if not radiance.linear:
            raise InputError("expected an HDR image, found display values, which can be looked at as they are")
        return converted(radiance.as_float(), radiance.chromaticities or BT709.chromaticities, BT709.chromaticities)
    if not isinstance(radiance, np.ndarray):
        raise InputError(
            "expected an HDR image: an array (H, W, 3), a tensor, or what hdrgen.read returned, found"
            f" {kind_of(radiance)}"
        )
    if radiance.dtype.kind == "u":
        raise InputError(f"expected radiance in floats, found {radiance.dtype}, display values to look at as they are")
    return radiance


def _finite(radiance: Tensor) -> Tensor:
    if not bool(radiance.isfinite().all()):
        raise InputError(f"expected radiance, found {int((~radiance.isfinite()).sum())} values NaN or infinite")
    return radiance
