"""Peak signal-to-noise ratio of each image: of display values, and of radiance as it is or under the mu-law."""

import math

from torch import Tensor

from hdrgen.metrics.image_metric import ImageMetric
from hdrgen.metrics.peak import PEAK_QUANTILE, BeyondPeak, relative_rows
from hdrgen.metrics.precision import full_precision
from hdrgen.tiling import mean_over_rows
from hdrgen.tonemap import mu_law

PSNR_CEILING = 100.0
"""dB reported for images that are equal, so that a mean over images stays finite."""


@full_precision
def psnr(image: Tensor, target: Tensor, data_range: float = 1.0) -> Tensor:
    r"""PSNR of each image, :math:`10 \log_{10}(\text{range}^2 / \text{MSE})`, at most `PSNR_CEILING`.

    The mean squared error is taken over one image; average the result over images, never the errors.

    Args:
        image: `(B, 3, H, W)`.
        target: Same shape.
        data_range: Largest possible difference.

    Returns:
        `(B,)` in dB.

    >>> import torch
    >>> psnr(torch.zeros(1, 3, 4, 4), torch.full((1, 3, 4, 4), 0.1))
    tensor([20.])
    """
    return decibels(mean_over_rows(_squared, image, target), data_range)


def _squared(image: Tensor, target: Tensor) -> Tensor:
    return (image - target).square()


def decibels(error: Tensor, data_range: float = 1.0) -> Tensor:
    """PSNR of mean squared errors, see `psnr`."""
    # 1e-30 lies below the ceiling for any range above 1e-10, and keeps the logarithm finite.
    # The two logarithms apart: the gradient of a quotient would overflow where the error is 0.
    return (20 * math.log10(data_range) - 10 * error.clamp_min(1e-30).log10()).clamp_max(PSNR_CEILING)


@full_precision
def psnr_l(
    radiance: Tensor, target: Tensor, peak_quantile: float = PEAK_QUANTILE, beyond_peak: BeyondPeak = "score"
) -> Tensor:
    """PSNR of linear radiance, with the target's `peak_quantile` at 1.

    No alignment of scale happens here, see `hdrgen.metrics.alignment`.

    Args:
        radiance: `(B, 3, H, W)`, linear.
        target: Same shape.
        peak_quantile: Share of the target's values that lie below the peak; 1 divides by the maximum, as papers do.
        beyond_peak: See `hdrgen.metrics.peak.relative_to_peak`.

    Returns:
        `(B,)` in dB.
    """
    relative = relative_rows(target, peak_quantile, beyond_peak)
    return decibels(mean_over_rows(lambda *pair: _squared(*relative(*pair)), radiance, target))


@full_precision
def psnr_mu(
    radiance: Tensor,
    target: Tensor,
    mu: float = 5000.0,
    peak_quantile: float = PEAK_QUANTILE,
    beyond_peak: BeyondPeak = "score",
) -> Tensor:
    """PSNR of radiance after the mu-law, with the target's `peak_quantile` at 1.

    No alignment of scale happens here, see `hdrgen.metrics.alignment`.

    Args:
        radiance: `(B, 3, H, W)`, linear.
        target: Same shape.
        mu: Compression of the mu-law (Kalantari and Ramamoorthi 2017).
        peak_quantile: Share of the target's values that lie below the peak.
        beyond_peak: See `hdrgen.metrics.peak.relative_to_peak`.

    Returns:
        `(B,)` in dB.
    """
    relative = relative_rows(target, peak_quantile, beyond_peak)

    def error_of(image: Tensor, true_image: Tensor) -> Tensor:
        coded, true_code = (mu_law(x, mu) for x in relative(image, true_image))
        return _squared(coded, true_code)

    return decibels(mean_over_rows(error_of, radiance, target))


class PSNR(ImageMetric):
    """PSNR of display values in dB, see `psnr`.

    Args:
        data_range: Largest possible difference.
    """

    domain = "display"
    higher_is_better = True
    bounds = (-math.inf, PSNR_CEILING)
    reference = "mean squared error against the peak; no paper"
    outputs = ("psnr",)
    unit = "dB"

    def __init__(self, data_range: float = 1.0) -> None:
        super().__init__()
        self.data_range = data_range

    def measure(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        """See `ImageMetric.measure`."""
        return {"psnr": psnr(image, target, self.data_range)}


class PSNRL(ImageMetric):
    """PSNR of linear radiance in dB, see `psnr_l`.

    Args:
        peak_quantile: Share of the truth's values below the peak.
        beyond_peak: `score` what is brighter than peak and truth as an error, or `clip` it away.
    """

    domain = "radiance"
    higher_is_better = True
    bounds = (-math.inf, PSNR_CEILING)
    reference = 'Kalantari, Ramamoorthi: "Deep High Dynamic Range Imaging of Dynamic Scenes", SIGGRAPH 2017.'
    outputs = ("psnr_l",)
    unit = "dB"

    def __init__(self, peak_quantile: float = PEAK_QUANTILE, beyond_peak: BeyondPeak = "score") -> None:
        super().__init__()
        self.peak_quantile = peak_quantile
        self.beyond_peak: BeyondPeak = beyond_peak

    def measure(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        """See `ImageMetric.measure`."""
        return {"psnr_l": psnr_l(image, target, self.peak_quantile, self.beyond_peak)}


class PSNRMu(ImageMetric):
    """PSNR of radiance after the mu-law in dB, see `psnr_mu`.

    Args:
        mu: Compression of the mu-law.
        peak_quantile: Share of the truth's values below the peak.
        beyond_peak: `score` what is brighter than peak and truth as an error, or `clip` it away.
    """

    domain = "radiance"
    higher_is_better = True
    bounds = (-math.inf, PSNR_CEILING)
    reference = 'Kalantari, Ramamoorthi: "Deep High Dynamic Range Imaging of Dynamic Scenes", SIGGRAPH 2017.'
    outputs = ("psnr_mu",)
    unit = "dB"

    def __init__(
        self, mu: float = 5000.0, peak_quantile: float = PEAK_QUANTILE, beyond_peak: BeyondPeak = "score"
    ) -> None:
        super().__init__()
        self.mu = mu
        self.peak_quantile = peak_quantile
        self.beyond_peak: BeyondPeak = beyond_peak

    def measure(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        """See `ImageMetric.measure`."""
        return {"psnr_mu": psnr_mu(image, target, self.mu, self.peak_quantile, self.beyond_peak)}
