"""PU21: luminance so encoded that equal differences look about equal, which lets PSNR and SSIM judge HDR images."""

import math
from typing import Literal, NamedTuple

from torch import Tensor

from hdrgen.errors import InputError
from hdrgen.metrics.colour import luminance
from hdrgen.metrics.crf_correction import correct_response
from hdrgen.metrics.image_metric import ImageMetric
from hdrgen.metrics.precision import full_precision
from hdrgen.metrics.psnr import PSNR_CEILING, decibels, psnr
from hdrgen.metrics.ssim import ssim
from hdrgen.metrics.windows import Border
from hdrgen.tiling import both_by_rows, mean_over_rows

PU21_PEAK = 256.0
"""Peak of PSNR and range of SSIM: the code of about 100 cd/m2, the white of a display of standard dynamic range."""
DARKEST, BRIGHTEST = 0.005, 10_000.0
"""Luminance in cd/m2 that the encoding holds for; other values are cut to it."""
MANTIUK_2021 = 'Mantiuk, Azimi: "PU21: A Novel Perceptually Uniform Encoding for Adapting Existing Quality Metrics for HDR", PCS 2021.'  # noqa: E501

PU21Encoding = Literal["banding", "banding_glare", "peaks", "peaks_glare"]
"""What the curve was fitted to: thresholds of banding or the peaks of contrast sensitivity, with or without glare in
the eye. The authors recommend `banding_glare`."""


class _Curve(NamedTuple):
    p1: float
    p2: float
    p3: float
    p4: float
    p5: float
    p6: float
    p7: float

    def rational(self, light: Tensor) -> Tensor:
        power = light.pow(self.p4)
        return (self.p1 + self.p2 * power) / (1 + self.p3 * power)


# p1 to p7 as the authors' code has them (pu21_encoder.m), which the paper refers to.
_CURVES = {
    "banding": _Curve(1.070275272, 0.4088273932, 0.153224308, 0.2520326168, 1.063512885, 1.14115047, 521.4527484),
    "banding_glare": _Curve(
        0.353487901, 0.3734658629, 8.277049286e-05, 0.9062562627, 0.09150303166, 0.9099517204, 596.3148142
    ),
    "peaks": _Curve(1.043882782, 0.6459495343, 0.3194584211, 0.374025247, 1.114783422, 1.095360363, 384.9217577),
    "peaks_glare": _Curve(
        816.885024, 1479.463946, 0.001253215609, 0.9329636822, 0.06746643971, 1.573435413, 419.6006374
    ),
}


def _curve(encoding: str) -> _Curve:
    if encoding not in _CURVES:
        raise InputError(f"no PU21 encoding {encoding!r}; expected one of {', '.join(_CURVES)}")
    return _CURVES[encoding]


@full_precision
def pu21_encode(light: Tensor, encoding: PU21Encoding = "banding_glare") -> Tensor:
    r"""Codes of luminance, :math:`V = p_7 [((p_1 + p_2 Y^{p_4}) / (1 + p_3 Y^{p_4}))^{p_5} - p_6]`.

    Args:
        light: Luminance, or linear colour, in cd/m2; any shape; cut to [0.005, 10000].
        encoding: See `PU21Encoding`.

    Returns:
        0 for 0.005 cd/m2, about 256 for 100 cd/m2, about 600 for 10000 cd/m2.

    Raises:
        InputError: If there is no such encoding.

    Source: Mantiuk and Azimi, "PU21: A novel perceptually uniform encoding for adapting existing quality metrics for
    HDR", 2021.

    >>> import torch
    >>> round(pu21_encode(torch.tensor(100.0, dtype=torch.float64)).item(), 2)
    256.38
    """
    curve = _curve(encoding)
    power = curve.rational(light.clamp(DARKEST, BRIGHTEST)).pow(curve.p5)
    return (curve.p7 * (power - curve.p6)).clamp_min(0)


@full_precision
def pu21_decode(codes: Tensor, encoding: PU21Encoding = "banding_glare") -> Tensor:
    """Luminance in cd/m2 of codes, the inverse of `pu21_encode`; codes outside its range are cut to it.

    >>> import torch
    >>> round(pu21_decode(torch.tensor(256.0, dtype=torch.float64)).item(), 1)
    99.4
    """
    curve = _curve(encoding)
    lowest, highest = curve.rational(codes.new_tensor([DARKEST, BRIGHTEST]))
    ratio = (codes / curve.p7 + curve.p6).clamp_min(0).pow(1 / curve.p5).clamp(lowest, highest)
    return ((ratio - curve.p1) / (curve.p2 - curve.p3 * ratio)).pow(1 / curve.p4)


@full_precision
def pu21_psnr(
    image: Tensor, target: Tensor, encoding: PU21Encoding = "banding_glare", crf_correction: bool = False
) -> Tensor:
    """PSNR of the PU21 codes of colour, with a peak of 256.

    Codes reach beyond the peak: the number is relative to a white of 100 cd/m2.

    Args:
        image: `(B, 3, H, W)`, linear BT.709 in cd/m2.
        target: Same shape.
        encoding: See `PU21Encoding`.
        crf_correction: Whether a global difference of tone and colour is undone first, see `correct_response`.

    Returns:
        `(B,)` in dB.
    """
    image = correct_response(image, target) if crf_correction else image

    def error_of(*pair: Tensor) -> Tensor:
        code, true_code = (pu21_encode(x, encoding) for x in pair)
        return (code - true_code).square()

    return decibels(mean_over_rows(error_of, image, target), PU21_PEAK)


def pu21_psnr_y(
    image: Tensor, target: Tensor, encoding: PU21Encoding = "banding_glare", crf_correction: bool = False
) -> Tensor:
    """As `pu21_psnr`, of luminance alone."""
    image = correct_response(image, target) if crf_correction else image
    return psnr(*_codes_of_luminance(image, target, encoding), PU21_PEAK)


def pu21_ssim(
    image: Tensor,
    target: Tensor,
    encoding: PU21Encoding = "banding_glare",
    crf_correction: bool = False,
    border: Border = "valid",
) -> Tensor:
    """SSIM of the PU21 codes of luminance, with a range of 256.

    Args:
        image: `(B, 3, H, W)`, linear BT.709 in cd/m2.
        target: Same shape.
        encoding: See `PU21Encoding`.
        crf_correction: Whether a global difference of tone and colour is undone first, see `correct_response`.
        border: `replicate` gives the numbers of the authors' MATLAB code, see `hdrgen.metrics.ssim`.

    Returns:
        `(B,)`, 1 for equal images.
    """
    image = correct_response(image, target) if crf_correction else image
    return ssim(*_codes_of_luminance(image, target, encoding), PU21_PEAK, border)


@full_precision
def _codes_of_luminance(image: Tensor, target: Tensor, encoding: PU21Encoding) -> tuple[Tensor, Tensor]:
    def codes(*pair: Tensor) -> tuple[Tensor, Tensor]:
        first, second = (pu21_encode(luminance(x), encoding) for x in pair)
        return first, second

    return both_by_rows(codes, image, target)


class PU21PSNR(ImageMetric):
    """PSNR of PU21 codes in dB: of colour (`pu21_psnr`), and of luminance (`pu21_psnr_y`).

    Args:
        encoding: See `PU21Encoding`.
        crf_correction: Whether a global difference of tone and colour is undone first.
    """

    domain = "luminance"
    higher_is_better = True
    bounds = (-math.inf, PSNR_CEILING)
    reference = MANTIUK_2021
    outputs = ("pu21_psnr", "pu21_psnr_y")
    unit = "dB"

    def __init__(self, encoding: PU21Encoding = "banding_glare", crf_correction: bool = False) -> None:
        super().__init__()
        _curve(encoding)
        self.encoding: PU21Encoding = encoding
        self.crf_correction = crf_correction

    def measure(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        """See `ImageMetric.measure`."""
        image = correct_response(image, target) if self.crf_correction else image
        return {
            "pu21_psnr": pu21_psnr(image, target, self.encoding),
            "pu21_psnr_y": pu21_psnr_y(image, target, self.encoding),
        }


class PU21SSIM(ImageMetric):
    """SSIM of the PU21 codes of luminance, see `pu21_ssim`.

    Args:
        encoding: See `PU21Encoding`.
        crf_correction: Whether a global difference of tone and colour is undone first.
        border: What happens at the border of the image.
    """

    domain = "luminance"
    higher_is_better = True
    bounds = (-1.0, 1.0)
    reference = MANTIUK_2021
    outputs = ("pu21_ssim",)

    def __init__(
        self, encoding: PU21Encoding = "banding_glare", crf_correction: bool = False, border: Border = "valid"
    ) -> None:
        super().__init__()
        _curve(encoding)
        self.encoding: PU21Encoding = encoding
        self.crf_correction = crf_correction
        self.border = border

    def measure(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        """See `ImageMetric.measure`."""
        return {"pu21_ssim": pu21_ssim(image, target, self.encoding, self.crf_correction, self.border)}
