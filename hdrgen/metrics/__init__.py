"""Image quality, per image: a function of a batch, and an `ImageMetric` that averages over images."""

from hdrgen.metrics.alignment import (
    ALIGNMENTS,
    Alignment,
    align_exposure,
    align_least_squares,
    align_mean,
    align_median,
    align_percentiles,
    match_percentiles,
    match_scale,
    unaligned,
)
from hdrgen.metrics.checking import check_images
from hdrgen.metrics.image_metric import Domain, ImageMetric, Setting
from hdrgen.metrics.lpips import LPIPS, LPIPSTrunk, PerceptualDistance, lpips, pretrained_lpips
from hdrgen.metrics.ms_ssim import MSSSIM, ms_ssim
from hdrgen.metrics.peak import peak_of
from hdrgen.metrics.psnr import PSNR, PSNR_CEILING, PSNRL, PSNRMu, psnr, psnr_l, psnr_mu
from hdrgen.metrics.pu21 import (
    PU21PSNR,
    PU21SSIM,
    PU21Encoding,
    pu21_decode,
    pu21_encode,
    pu21_psnr,
    pu21_psnr_y,
    pu21_ssim,
)
from hdrgen.metrics.ssim import SSIM, SSIML, SSIMMu, ssim, ssim_l, ssim_mu

__all__ = [
    "ALIGNMENTS",
    "LPIPS",
    "MSSSIM",
    "PSNR",
    "PSNRL",
    "PSNR_CEILING",
    "PU21PSNR",
    "PU21SSIM",
    "SSIM",
    "SSIML",
    "Alignment",
    "Domain",
    "ImageMetric",
    "LPIPSTrunk",
    "PSNRMu",
    "PU21Encoding",
    "PerceptualDistance",
    "SSIMMu",
    "Setting",
    "align_exposure",
    "align_least_squares",
    "align_mean",
    "align_median",
    "align_percentiles",
    "check_images",
    "lpips",
    "match_percentiles",
    "match_scale",
    "ms_ssim",
    "peak_of",
    "pretrained_lpips",
    "psnr",
    "psnr_l",
    "psnr_mu",
    "pu21_decode",
    "pu21_encode",
    "pu21_psnr",
    "pu21_psnr_y",
    "pu21_ssim",
    "ssim",
    "ssim_l",
    "ssim_mu",
    "unaligned",
]
