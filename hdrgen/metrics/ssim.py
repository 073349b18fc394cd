"""Structural similarity of each image: of display values, and of radiance as it is or under the mu-law."""

from torch import Tensor

from hdrgen.metrics.image_metric import ImageMetric
from hdrgen.metrics.peak import PEAK_QUANTILE, BeyondPeak, relative_rows, relative_to_peak
from hdrgen.metrics.precision import full_precision
from hdrgen.metrics.windows import Border, mean_similarity
from hdrgen.tiling import both_by_rows
from hdrgen.tonemap import mu_law

WANG_2004 = 'Wang, Bovik, Sheikh, Simoncelli: "Image Quality Assessment: From Error Visibility to SSIM", TIP 2004.'


@full_precision
def ssim(image: Tensor, target: Tensor, data_range: float = 1.0, border: Border = "valid") -> Tensor:
    """SSIM of each image: the mean over pixels and channels, by default where the window lies inside the image.

    Gaussian window of sigma 1.5, 11 x 11, over each channel, as Wang et al. 2004 define it.

    Args:
        image: `(B, C, H, W)`.
        target: Same shape.
        data_range: Largest possible value.
        border: `valid` (the paper's, and scikit-image's), `replicate` (MATLAB's) or `reflect` (torchmetrics').

    Returns:
        `(B,)`, 1 for equal images.

    Raises:
        InputError: If a side is shorter than 11 pixels.

    >>> import torch
    >>> round(ssim(torch.zeros(1, 3, 11, 11), torch.full((1, 3, 11, 11), 0.5)).item(), 6)  # 1e-4 / (0.25 + 1e-4)
    0.0004
    """
    return mean_similarity(image, target, data_range, border)


def ssim_l(
    radiance: Tensor, target: Tensor, peak_quantile: float = PEAK_QUANTILE, beyond_peak: BeyondPeak = "score"
) -> Tensor:
    """SSIM of linear radiance, with the target's `peak_quantile` at 1."""
    return ssim(*relative_to_peak(radiance, target, peak_quantile, beyond_peak))


@full_precision
def ssim_mu(
    radiance: Tensor,
    target: Tensor,
    mu: float = 5000.0,
    peak_quantile: float = PEAK_QUANTILE,
    beyond_peak: BeyondPeak = "score",
) -> Tensor:
    """SSIM of radiance after the mu-law, with the target's `peak_quantile` at 1."""
    relative = relative_rows(target, peak_quantile, beyond_peak)

    def coded(image: Tensor, true_image: Tensor) -> tuple[Tensor, Tensor]:
        code, true_code = (mu_law(x, mu) for x in relative(image, true_image))
        return code, true_code

    return ssim(*both_by_rows(coded, radiance, target))


class SSIM(ImageMetric):
    """SSIM of display values, see `ssim`.

    Args:
        data_range: Largest possible value.
        border: What happens at the border of the image.
    """

    domain = "display"
    higher_is_better = True
    bounds = (-1.0, 1.0)
    reference = WANG_2004
    outputs = ("ssim",)

    def __init__(self, data_range: float = 1.0, border: Border = "valid") -> None:
        super().__init__()
        self.data_range = data_range
        self.border = border

    def measure(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        """See `ImageMetric.measure`."""
        return {"ssim": ssim(image, target, self.data_range, self.border)}


class SSIML(ImageMetric):
    """SSIM of linear radiance, see `ssim_l`.

    Args:
        peak_quantile: Share of the truth's values below the peak.
        beyond_peak: `score` what is brighter than peak and truth as an error, or `clip` it away.
    """

    domain = "radiance"
    higher_is_better = True
    bounds = (-1.0, 1.0)
    reference = WANG_2004
    outputs = ("ssim_l",)

    def __init__(self, peak_quantile: float = PEAK_QUANTILE, beyond_peak: BeyondPeak = "score") -> None:
        super().__init__()
        self.peak_quantile = peak_quantile
        self.beyond_peak: BeyondPeak = beyond_peak

    def measure(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        """See `ImageMetric.measure`."""
        return {"ssim_l": ssim_l(image, target, self.peak_quantile, self.beyond_peak)}


class SSIMMu(ImageMetric):
    """SSIM of radiance after the mu-law, see `ssim_mu`.

    Args:
        mu: Compression of the mu-law.
        peak_quantile: Share of the truth's values below the peak.
        beyond_peak: `score` what is brighter than peak and truth as an error, or `clip` it away.
    """

    domain = "radiance"
    higher_is_better = True
    bounds = (-1.0, 1.0)
    reference = WANG_2004
    outputs = ("ssim_mu",)

    def __init__(
        self, mu: float = 5000.0, peak_quantile: float = PEAK_QUANTILE, beyond_peak: BeyondPeak = "score"
    ) -> None:
        super().__init__()
        self.mu = mu
        self.peak_quantile = peak_quantile
        self.beyond_peak: BeyondPeak = beyond_peak

    def measure(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        """See `ImageMetric.measure`."""
        return {"ssim_mu": ssim_mu(image, target, self.mu, self.peak_quantile, self.beyond_peak)}
