"""Image quality, per image: a function of a batch, and an `ImageMetric` that averages over images."""

from hdrgen.metrics.image_metric import ImageMetric
from hdrgen.metrics.psnr import PSNR_CEILING, match_scale, peak_of, psnr, psnr_mu
from hdrgen.metrics.ssim import ssim

__all__ = ["PSNR_CEILING", "ImageMetric", "match_scale", "peak_of", "psnr", "psnr_mu", "ssim"]
