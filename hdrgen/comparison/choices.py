"""What the numbers of a comparison depend on beside the images, and its choices; imports nothing heavy."""

from collections.abc import Sequence
from dataclasses import dataclass

ALIGNMENTS = ("none", "mean", "least-squares", "median", "percentiles", "match-percentiles", "exposure")
"""Names of `hdrgen.metrics.ALIGNMENTS`."""
ENCODINGS = ("rgb-bt.709", "luminance", "sRGB-display", "luma-display", "XYZ")
"""What the values of an image may be, as HDR-VDP-2 names it; the first is usual."""
DTYPES = ("float32", "float64")
LPIPS_NETWORKS = ("vgg", "squeeze")
PPD = 30.0
"""Pixels per degree of HDR-VDP-2 where nothing is said: about a 24-inch display of 1920 x 1080 pixels at 0.5 m."""


@dataclass(frozen=True)
class ComparisonSettings:
    """How pairs of images are compared.

    Attributes:
        metrics: Names of metrics or of their outputs; None: all that fit the images and need no weights or packages.
        align_scale: One of `ALIGNMENTS`: how both images are brought to one scale, where they hold radiance.
        luminance: cd/m2 of the value 1, after alignment.
        clean: Whether NaN, infinite and negative values of files are replaced.
        ppd: Pixels per degree of visual angle, for hdr_vdp2 and cvvdp; None: what each takes by default.
        encoding: One of `ENCODINGS`: what the values are for hdr_vdp2.
        mu: Of the mu-law.
        crf_correction: Whether a global difference of tone and colour is undone before PU21 metrics.
        lpips_network: One of `LPIPS_NETWORKS`.
        lpips_weights: File of its ImageNet weights; None: torch.hub's cache.
        dtype: One of `DTYPES`, of all arithmetic.
    """

    metrics: Sequence[str] | None = None
    align_scale: str = ALIGNMENTS[0]
    luminance: float = 1.0
    clean: bool = False
    ppd: float | None = None
    encoding: str = ENCODINGS[0]
    mu: float = 5000.0
    crf_correction: bool = False
    lpips_network: str = LPIPS_NETWORKS[0]
    lpips_weights: str | None = None
    dtype: str = DTYPES[0]
