"""Conversion between the images that a caller has and the tensors that methods take."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hdrgen.array_kinds import Values, is_tensor, namespace
from hdrgen.errors import InputError, InputWarning
from hdrgen.io import MOST_STOPS, Image

if TYPE_CHECKING:
    from torch import Tensor

ROUNDING = 1e-3
"""Display values beyond 0 and 1 that are taken for them: resizing rounds, half floats to a thousandth."""

Array: TypeAlias = NDArray[Any]
Picture: TypeAlias = "str | PathLike[str] | Image | Array"
"""A file, an image that `hdrgen.read` returned, or an array (H, W, 3)."""


def photograph(picture: Picture) -> Tensor:
    """Display values `(1, 3, H, W)` of a photograph.

    Arrays of uint8 and uint16 hold codes, those of floats display values in [0, 1]. Linear images are encoded with the
    sRGB curve, see `hdrgen.data.reading.read_photograph`.

    Raises:
        InputError: Another shape or type, or values outside [0, 1]; something else.

    >>> photograph(np.full((2, 4, 3), 51, np.uint8))[0, :, 0, 0]
    tensor([0.2000, 0.2000, 0.2000])
    """
    from hdrgen.data import photograph_of, read_photograph  # not before a network is used: merges do without

    if isinstance(picture, Image):
        if picture.linear and picture.pixels.dtype.kind == "f":
            message = "an HDR image already, of which one exposure is taken here as the photograph"
            warnings.warn(InputWarning(f"{message}; tone-map it to see it"), stacklevel=3)
        return photograph_of(picture)[None]
    if isinstance(picture, np.ndarray):
        return displayed(to_tensor(as_float(picture)))[None]
    if not isinstance(picture, str | PathLike):
        raise InputError(
            f"expected a file, an image that hdrgen.read returned, or an array (H, W, 3), found {kind_of(picture)};"
            " numpy.asarray makes an array of most images, torch.stack one tensor of several"
        )
    from pathlib import Path

    return read_photograph(Path(picture))[None]


def displayed(values: Values) -> Values:
    """The same display values in float32; what rounding put beyond 0 and 1 is brought back.

    Raises:
        InputError: Values outside [0, 1], NaN, codes, or no pixels at all.
    """
    floats = values.dtype.kind == "f" if isinstance(values, np.ndarray) else values.is_floating_point()
    if not floats or 0 in values.shape:
        raise InputError(
            f"expected floats from 0 to 1, found {kind_of(values)}; divide 8-bit codes by 255, as tensor / 255 does"
        )
    values = values.astype(np.float32, copy=False) if isinstance(values, np.ndarray) else values.float()
    low, high = float(values.min()), float(values.max())
    if math.isnan(low):
        count = int(namespace(values).isnan(values).sum())
        raise InputError(f"expected display values from 0 to 1, found {count} NaN; replace them first")
    if not (low >= -ROUNDING and high <= 1 + ROUNDING):
        raise InputError(
            f"expected display values from 0 to 1, found {low:g} to {high:g}; divide 8-bit codes by 255, and expose"
            " radiance first"
        )
    return values if low >= 0 and high <= 1 else values.clip(0, 1)


def as_float(pixels: Array) -> NDArray[np.float32]:
    """Pixels `(H, W, 3)` as float32, codes scaled to [0, 1] by their largest value.

    Raises:
        InputError: Another shape or type.
    """
    check_pixels(pixels)
    if pixels.dtype.kind == "u":
        return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    return pixels.astype(np.float32, copy=False)


def check_pixels(pixels: Array) -> None:
    """Check that an array is an image of codes or floats, without looking at its values.

    Raises:
        InputError: Another shape or type.
    """
    if pixels.ndim != 3 or pixels.shape[-1] != 3 or 0 in pixels.shape:
        first = pixels.ndim == 3 and pixels.shape[0] == 3
        hint = "; image.transpose(1, 2, 0) puts the channels last" if first else ""
        raise InputError(f"expected an image of shape (H, W, 3), found {pixels.shape}{hint}")
    if pixels.dtype.newbyteorder("=") not in (np.uint8, np.uint16) and pixels.dtype.kind != "f":
        raise InputError(f"expected uint8, uint16 or float pixels, found {pixels.dtype}")


def check_channels(tensor: Tensor, kinds: str, dimensions: tuple[int, int]) -> None:
    """Check the shape of a tensor of photographs.

    Args:
        tensor: `(..., 3, H, W)`.
        kinds: The expected shapes, for the error.
        dimensions: How many dimensions it may have, fewest and most.

    Raises:
        InputError: Another shape.
    """
    fewest, most = dimensions
    if fewest <= tensor.ndim <= most and tensor.shape[-3] == 3 and tensor.numel():
        return
    last = tensor.ndim >= 3 and tensor.shape[-1] == 3
    hint = "; image.movedim(-1, -3) puts the channels before height and width" if last else ""
    raise InputError(f"expected a tensor {kinds}, found {tuple(tensor.shape)}{hint}")


def kind_of(value: object) -> str:
    """A short description of a value, for an error.

    >>> kind_of(None), kind_of(np.zeros((2, 3), np.uint8)), kind_of([1, 2])
    ('None', 'uint8 (2, 3)', 'list of 2')
    """
    if value is None:
        return "None"
    if isinstance(value, np.ndarray) or is_tensor(value):
        return f"{value.dtype} {tuple(value.shape)}"
    return f"list of {len(value)}" if isinstance(value, list) else type(value).__name__


def to_tensor(pixels: NDArray[np.float32]) -> Tensor:
    """`(H, W, 3)` to `(3, H, W)`."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1).contiguous()


def to_array(image: Tensor) -> NDArray[np.float32]:
    """`(..., 3, H, W)` to `(..., H, W, 3)`, float32."""
    return np.ascontiguousarray(image.detach().float().cpu().movedim(-3, -1).numpy())


def stops(ev: float | Sequence[float] | Array | Tensor) -> NDArray[np.float32]:
    """EVs as an array `(K,)`.

    Raises:
        InputError: None, no numbers, or more stops than any exposure differs by.
    """
    try:
        given = np.asarray(ev.detach().cpu() if is_tensor(ev) else ev)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"expected EVs as numbers, found {ev!r}") from error
    if given.size and given.dtype.kind not in "biuf":
        raise InputError(f"expected EVs as numbers, found {ev!r}")
    values = given.astype(np.float32)
    if values.ndim > 1 or not values.size or np.isnan(values).any():
        raise InputError(f"expected one EV or a list of them, found {ev!r}")
    if (np.isfinite(values) & (np.abs(values) > MOST_STOPS)).any():
        raise InputError(f"expected EVs from -{MOST_STOPS} to {MOST_STOPS} stops, found {ev!r}", "ev")
    return values.reshape(-1)
