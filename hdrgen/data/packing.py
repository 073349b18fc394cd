"""Images as arrays of their smallest exact type, pixel by pixel, so that a part of one is read as whole rows."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SOME = 8
"""Rows, about, that are looked at first: most types are ruled out by them."""
STRIP = 8
"""Rows that are converted at a time."""


def as_rows(image: Tensor) -> NDArray[Any]:
    """(H, W, 3) view of an image (3, H, W)."""
    rows: NDArray[Any] = image.permute(1, 2, 0).numpy()
    return rows


def packed(image: Tensor) -> NDArray[Any]:
    """(H, W, 3) of an image (3, H, W): codes of 8 or 16 bits, or float16, where `unpacked` gives exactly it again.

    >>> packed(torch.tensor([0.0, 0.2, 1.0]).view(3, 1, 1)).dtype
    dtype('uint8')
    """
    rows = as_rows(image)
    some = rows[:: max(1, len(rows) // SOME)]
    for kind in (np.uint8, np.uint16, np.float16):
        if np.array_equal(_expanded(_reduced(some, kind)), some) and (codes := _exact(rows, kind)) is not None:
            return codes
    return np.ascontiguousarray(rows)


def unpacked(rows: NDArray[Any]) -> Tensor:
    """(3, H, W) float32 of an array (H, W, 3), which may be read-only."""
    if rows.dtype == np.uint8:  # torch converts and transposes in one pass
        return torch.from_numpy(np.array(rows)).permute(2, 0, 1).contiguous().float().div_(np.iinfo(np.uint8).max)
    floats = _expanded(rows)
    owned = floats if floats.flags.writeable else np.array(floats)
    return torch.from_numpy(owned).permute(2, 0, 1).contiguous()


def _exact(rows: NDArray[Any], kind: type[Any]) -> NDArray[Any] | None:
    """The rows in another type, if nothing is lost; a few at a time, which a processor's cache holds."""
    codes = np.empty(rows.shape, kind)
    for start in range(0, len(rows), STRIP):
        strip = slice(start, start + STRIP)
        codes[strip] = _reduced(rows[strip], kind)
        if not np.array_equal(_expanded(codes[strip]), rows[strip]):
            return None
    return codes


def _reduced(values: NDArray[Any], kind: type[Any]) -> NDArray[Any]:
    if kind is np.float16:
        with np.errstate(over="ignore"):
            return values.astype(np.float16)
    top = np.iinfo(kind).max
    codes: NDArray[Any] = np.rint(values.clip(0, 1) * np.float32(top)).astype(kind)
    return codes


def _expanded(codes: NDArray[Any]) -> NDArray[np.float32]:
    """The values of codes, as `hdrgen.io.Image.as_float` has them."""
    if codes.dtype.kind == "u":
        return codes.astype(np.float32) / np.float32(np.iinfo(codes.dtype).max)
    return codes.astype(np.float32, copy=False)
