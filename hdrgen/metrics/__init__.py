"""Image quality, per image: a mean over scenes is the caller's."""

from hdrgen.metrics.psnr import PSNR_CEILING, match_scale, peak_of, psnr, psnr_mu
from hdrgen.metrics.ssim import ssim

__all__ = ["PSNR_CEILING", "match_scale", "peak_of", "psnr", "psnr_mu", "ssim"]
