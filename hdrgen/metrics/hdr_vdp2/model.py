"""The parts of HDR-VDP 2.2 for one image size, viewing distance, display and observer, kept from pair to pair."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hdrgen.metrics.hdr_vdp2.displays import Primaries
from hdrgen.metrics.hdr_vdp2.masking import Neighbours
from hdrgen.metrics.hdr_vdp2.observer import Observer
from hdrgen.metrics.hdr_vdp2.optics import Optics, optics
from hdrgen.metrics.hdr_vdp2.photoreceptors import Photoreceptors, photoreceptors
from hdrgen.metrics.hdr_vdp2.pooling import Weights, band_weights
from hdrgen.metrics.hdr_vdp2.pyramid import SteerablePyramid, level_sizes, steerable_pyramid
from hdrgen.metrics.hdr_vdp2.resizing import Resizer, resizer
from hdrgen.metrics.hdr_vdp2.sensitivity import base_frequencies, sensitivity_tables
from hdrgen.precision import finest


class VisualModel(NamedTuple):
    """Everything that does not depend on the images; lists are by band, from fine to coarse."""

    optics: Optics
    photoreceptors: Photoreceptors
    pyramid: SteerablePyramid
    sensitivity: Tensor
    """`(bands - 1, n)`, see `sensitivity_tables`. The last band is filtered instead."""
    base_frequencies: Tensor
    from_image: tuple[Resizer, ...]
    """From the image's size to the bands'."""
    neighbours: tuple[Neighbours, ...]
    weights: Weights


class Viewing(NamedTuple):
    """What a model is made for."""

    height: int
    width: int
    ppd: float
    primaries: Primaries
    peak_sensitivity: float
    rod_sensitivity: float

    @classmethod
    def of(cls, image: Tensor, ppd: float, primaries: Primaries, observer: Observer) -> Viewing:
        """Of images `(B, C, H, W)`."""
        height, width = image.shape[-2:]
        return cls(height, width, ppd, primaries, observer.peak_sensitivity, observer.rod_sensitivity)


@lru_cache(maxsize=4)
def model(viewing: Viewing, dtype: torch.dtype, device: torch.device) -> VisualModel:
    """The model, computed in float64; the last four are kept, at about 8 bytes for each pixel.

    Args:
        viewing: Size of the images, pixels per degree, display and observer.
        dtype: float32 or float64.
        device: Of the images.
    """
    # Tensors made in inference mode could not be kept for a later backward pass.
    with torch.inference_mode(False), torch.no_grad(), torch.device("cpu"):
        parts = _build(viewing)
        moved: VisualModel = _moved(parts, dtype, device)
        # A float32 FFT would bury dark places in the rounding of lights that are a million times brighter.
        precise = torch.promote_types(dtype, finest(device))
        return moved._replace(optics=_moved(parts.optics, precise, device))


def _build(viewing: Viewing) -> VisualModel:
    height, width, ppd = viewing[:3]
    levels = level_sizes(height, width)
    sizes = [levels[0], *levels] if len(levels) > 1 else [levels[0]] * 2
    frequencies = [ppd / 2 * 2.0**-band for band in range(len(sizes))]
    return VisualModel(
        optics(height, width, ppd),
        photoreceptors(*viewing[3:]),
        steerable_pyramid(height, width),
        sensitivity_tables(frequencies[:-1]),
        base_frequencies(*sizes[-1], frequencies[-1]),
        tuple(resizer(sizes[0], size) for size in sizes),
        _neighbours(sizes),
        band_weights(frequencies),
    )


def _neighbours(sizes: list[tuple[int, int]]) -> tuple[Neighbours, ...]:
    """The low-pass residual is masked by the level above it, but masks nothing."""
    last = len(sizes) - 1
    return tuple(
        Neighbours(
            resizer(sizes[band - 1], size) if band > 0 else None,
            resizer(sizes[band + 1], size) if band + 1 < last else None,
        )
        for band, size in enumerate(sizes)
    )


def _moved(part: Any, dtype: torch.dtype, device: torch.device) -> Any:
    """The same structure of named tuples, its tensors of another precision and on another device."""
    if isinstance(part, Tensor):
        return part.to(dtype.to_complex() if part.is_complex() else dtype).to(device)
    if not isinstance(part, tuple):
        return part
    moved = [_moved(child, dtype, device) for child in part]
    return type(part)(*moved) if hasattr(part, "_fields") else tuple(moved)
