"""What the file of a photograph itself knows of its radiance, and no network need guess."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from hdrgen.camera import SRGB
from hdrgen.data import GAIN_MAP, LINEAR, Batch
from hdrgen.methods.source import source_of
from hdrgen.methods.tiled import TiledModule
from hdrgen.tiling import row_slices

CLIPPED = 0.98
"""Linear value of a pixel's largest channel from which on what it was is passing into what clipping hid."""
STRIP = 256
"""Rows that are worked on at a time, to bound the memory."""


def gain_map_of(batch: Batch) -> bool:
    """Whether a photograph has a gain map, and `hdr` is the radiance that it makes."""
    return batch.get("source") == [GAIN_MAP]


@contextmanager
def known_response(method: TiledModule, batch: Batch) -> Iterator[None]:
    """Within this, a method takes linear photographs for what they are: encoded by the sRGB curve as they were read."""
    before = method.response
    if batch.get("source") == [LINEAR]:
        method.response = SRGB()
    try:
        yield
    finally:
        method.response = before


def restored_where_clipped(radiance: Tensor, batch: Batch) -> Tensor:
    """The radiance `(B, 3, H, W)` of a method, but of a linear photograph that of its file wherever it is not clipped.

    It is changed in place.
    """
    if batch.get("source") != [LINEAR]:
        return radiance
    image, response = source_of(batch), SRGB()
    for rows in row_slices(image.shape[-2], STRIP):
        linear = response.inverse(image[..., rows, :])
        clipped = ((linear.amax(1, keepdim=True) - CLIPPED) / (1 - CLIPPED)).clamp(0, 1)
        radiance[..., rows, :] = torch.lerp(linear, radiance[..., rows, :], clipped)
    return radiance
