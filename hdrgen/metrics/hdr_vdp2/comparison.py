"""HDR-VDP 2.2 of pairs of images: the model's parts in order."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import torch
from torch import Tensor

from hdrgen.camera import uniform_linear
from hdrgen.errors import InputError
from hdrgen.metrics.hdr_vdp2.chunks import chunks
from hdrgen.metrics.hdr_vdp2.displays import encoding_named, primaries_of
from hdrgen.metrics.hdr_vdp2.geometry import checked_ppd
from hdrgen.metrics.hdr_vdp2.masking import common_contrast, visible_difference
from hdrgen.metrics.hdr_vdp2.model import Viewing, VisualModel, model
from hdrgen.metrics.hdr_vdp2.observer import Observer
from hdrgen.metrics.hdr_vdp2.photoreceptors import table_position
from hdrgen.metrics.hdr_vdp2.pooling import (
    band_error,
    contrast_map,
    detection_probability,
    mean_opinion_220,
    quality,
)
from hdrgen.metrics.hdr_vdp2.sensitivity import filter_base
from hdrgen.metrics.precision import full_precision
from hdrgen.tiling import by_strips

_SMALLEST = 8  # the 15 x 15 high-pass filter needs 7 pixels to mirror
_CHANGE = 0.001  # of the reference: what blur in the eye brings to unchanged pixels does not count in quality


@dataclass(frozen=True)
class HDRVDP2Result:
    """What HDR-VDP 2.2 says about each of B pairs."""

    q: Tensor
    """Quality of release 2.2.1, `(B,)`: 100 for equal images, less the more they differ, without lower bound."""
    q_mos_220: Tensor
    """Predicted mean opinion score of release 2.2.0, `(B,)`, 0 to 100."""
    p_det: Tensor
    """Probability that a difference is seen anywhere: the map's maximum, `(B,)`."""
    c_max: Tensor
    """Largest visible contrast, `(B,)`, 1 at the threshold."""
    p_map: Tensor
    """Probability that a difference is seen at each pixel, `(B, 1, H, W)`."""


class _Retina(NamedTuple):
    """Images behind the receptors."""

    bands: list[Tensor]
    """`(B, K, h, w)` of each band, in JND; `_differ` uses them up."""
    adaptation: Tensor
    """`(B, H, W)` in cd/m2."""


@full_precision
def hdr_vdp2(
    test: Tensor,
    reference: Tensor,
    ppd: float,
    *,
    encoding: str = "rgb-bt.709",
    display: str | None = None,
    observer: Observer | None = None,
) -> HDRVDP2Result:
    """Compare pairs of images as a human observer would, in absolute luminance.

    HDR-VDP 2.2.1: Mantiuk, Kim, Rempel, Heidrich, "HDR-VDP-2: a calibrated visual metric for visibility and quality
    predictions in all luminance conditions", SIGGRAPH 2011, with the quality weights of Narwaria, Mantiuk, Da Silva,
    Le Callet, "HDR-VDP-2.2: a calibrated method for objective quality prediction of high-dynamic range and standard
    images", 2015. Nothing aligns the pair: a wrong exposure is a difference, while pixels that change by at most 0.1 %
    do not count in Q. Every output can be differentiated by both images. It is computed in float64 if one of the images
    is, else in float32, with the eye's optics in float64 all the same.

    Args:
        test: `(B, C, H, W)`, in the encoding's units, C its number of channels; at least 8 pixels a side.
        reference: Same shape.
        ppd: Pixels per degree of visual angle, see `pixels_per_degree`.
        encoding: What the values are, one of `ENCODINGS`.
        display: Whose spectra, one of `DISPLAYS`; by default `ccfl-lcd`, and `d65` for one channel.
        observer: By default `Observer()`.

    Raises:
        InputError: If shapes, encoding and display do not fit each other, or `ppd` is not positive.

    >>> reference = torch.full((1, 1, 32, 32), 100.0)
    >>> hdr_vdp2(reference, reference, 30.0, encoding="luminance").q
    tensor([100.])
    """
    observer = observer or Observer()
    decoder = encoding_named(encoding)
    primaries = primaries_of(display, decoder.channels)
    _check(test, reference, ppd, encoding, decoder.channels)
    dtype = torch.promote_types(torch.promote_types(test.dtype, reference.dtype), torch.float32)
    test, reference = (decoder.decode(image.to(dtype)) for image in (test, reference))
    parts = model(Viewing.of(test, float(ppd), primaries, observer), dtype, test.device)
    pairs = (chunks(image, 4 * image[0, 0].numel()) for image in (test, reference))
    return _joined([_compare(parts, observer, *pair) for pair in zip(*pairs, strict=True)])


def _joined(results: Sequence[HDRVDP2Result]) -> HDRVDP2Result:
    names = [field.name for field in fields(HDRVDP2Result)]
    return HDRVDP2Result(*(torch.cat([getattr(result, name) for result in results]) for name in names))


def _check(test: Tensor, reference: Tensor, ppd: float, encoding: str, channels: int) -> None:
    if test.shape != reference.shape or test.ndim != 4 or test.shape[1] != channels or not len(test):
        raise InputError(
            f"HDR-VDP expects two batches (B, {channels}, H, W) of encoding {encoding},"
            f" found {tuple(test.shape)} and {tuple(reference.shape)}"
        )
    if min(test.shape[-2:]) < _SMALLEST:
        raise InputError(
            f"HDR-VDP needs images of at least {_SMALLEST} x {_SMALLEST} pixels,"
            f" found {test.shape[-1]} x {test.shape[-2]}"
        )
    checked_ppd(ppd)


def _compare(parts: VisualModel, observer: Observer, test: Tensor, reference: Tensor) -> HDRVDP2Result:
    """Of decoded images."""
    surround = _surround(reference, observer.surround)
    # One after the other: both at once would hold twice the light and its canvas.
    retinas = [_see(parts, observer, image, surround) for image in (test, reference)]
    _filter_bases(parts, *retinas)
    bands, adaptations = zip(*retinas, strict=True)
    del retinas
    position = table_position((adaptations[0] + adaptations[1]) / 2)[:, None]
    del adaptations
    local = torch.cat([position, _changed(test, reference)], 1)
    del position
    differences, errors = _differ(parts, observer.masking, bands, local)
    contrast = contrast_map(parts.pyramid.join(differences), observer.spatial_pooling)
    p_map = detection_probability(contrast)
    return HDRVDP2Result(
        quality(errors, parts.weights.quality),
        mean_opinion_220(errors, parts.weights.dissimilarity),
        p_map.amax((1, 2, 3)),
        contrast.amax((1, 2, 3)),
        p_map,
    )


def _see(parts: VisualModel, observer: Observer, image: Tensor, surround: Tensor) -> _Retina:
    """Eye, receptors and pyramid."""
    response, adaptation = parts.photoreceptors(parts.optics(image, surround) if observer.optics else image)
    return _Retina(parts.pyramid.split(response), adaptation)


def _filter_bases(parts: VisualModel, test: _Retina, reference: _Retina) -> None:
    """The sensitivity to the last bands, each surrounded by the reference's mean."""
    outside = reference.bands[-1][:, 0].mean((1, 2), keepdim=True)
    for retina in (test, reference):
        base, luminance = retina.bands[-1][:, 0], retina.adaptation.mean((1, 2))
        retina.bands[-1] = filter_base(base, luminance, parts.base_frequencies, outside)[:, None]


def _surround(reference: Tensor, value: float | None) -> Tensor:
    """cd/m2 around each image, `(B, C, 1, 1)`."""
    if value is not None:
        return reference.new_full((*reference.shape[:2], 1, 1), value)
    # The darkest that the eye resolves, lest one black pixel makes all black.
    return reference.clamp_min(1e-5).log().mean((2, 3), keepdim=True).exp()


def _changed(test: Tensor, reference: Tensor) -> Tensor:
    """1 where a channel differs by more than 0.1 % of the reference, else 0, `(B, 1, H, W)`; without a gradient."""

    def rows_of(start: int, stop: int) -> Tensor:
        image, target = (x[..., start:stop, :].detach() for x in (test, reference))
        return ((image - target).abs() > _CHANGE * target).any(1, keepdim=True).to(test.dtype)

    return by_strips(rows_of, test.shape[-2:])


def _differ(
    parts: VisualModel, masking: bool, bands: Sequence[list[Tensor]], local: Tensor
) -> tuple[list[Tensor], list[Tensor]]:
    """Visible differences of each band `(B, K, h, w)`, and the errors of their planes `(B, K)`.

    Args:
        parts: Of the model.
        masking: Whether contrast hides contrast.
        bands: Of the tests and of the references; used up, for they are most of what is held.
        local: Position of the adaptation in the tables, and whether a pixel changed, `(B, 2, H, W)`.
    """
    differences, contrast = [], []
    while bands[0]:
        test, reference = (each.pop(0) for each in bands)
        difference, common = _compared(test, reference)
        differences.append(difference)
        contrast.append(common)
    errors = []
    for band, difference in enumerate(differences):
        own = parts.from_image[band](local)
        sensitivity = _sensitivity(parts, band, own[:, :1])
        neighbours = parts.neighbours[band]
        differences[band] = visible_difference(
            difference, sensitivity, contrast if masking else None, neighbours, band, out=difference
        )
        errors.append(band_error(differences[band], own[:, 1:]))
    return differences, errors


def _compared(test: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    """Difference and common contrast of two bands, which are overwritten by them unless gradients are asked for."""
    if test.requires_grad or reference.requires_grad:
        return test - reference, common_contrast(test, reference)
    for first, second in zip(test.unbind(1), reference.unbind(1), strict=True):
        common = common_contrast(first, second)
        first.sub_(second)
        second.copy_(common)
    return test, reference


def _sensitivity(parts: VisualModel, band: int, position: Tensor) -> Tensor:
    """Contrast sensitivity of a band at every pixel; of the last, which was filtered, 1."""
    if band == parts.sensitivity.shape[0]:
        return torch.ones_like(position)
    table = parts.sensitivity[band]
    return by_strips(
        lambda start, stop: uniform_linear(position[..., start:stop, :].clamp(0, 1), table), position.shape[-2:]
    )
