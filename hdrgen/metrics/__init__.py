"""Image quality, per image: a function of a batch, and an `ImageMetric` that averages over images."""

from hdrgen.metrics.alignment import (
    ALIGNMENTS,
    ScaleAlignment,
    align_exposure,
    align_least_squares,
    align_mean,
    align_median,
    align_percentiles,
    match_percentiles,
    match_scale,
    matching_scale,
    unaligned,
)
from hdrgen.metrics.checking import Domain, check_images
from hdrgen.metrics.crf_correction import correct_response
from hdrgen.metrics.cvvdp import ColorVideoVDP
from hdrgen.metrics.delta_e_itp import DeltaEITP, delta_e_itp
from hdrgen.metrics.hdr_vdp2 import HDRVDP2, HDRVDP2Result, hdr_vdp2, pixels_per_degree
from hdrgen.metrics.hdr_vdp2.displays import decode_xyz
from hdrgen.metrics.image_metric import ImageMetric, Setting
from hdrgen.metrics.l1 import L1, l1
from hdrgen.metrics.listing import DOMAINS, MetricEntry, all_metrics, describe_metric, metric_named
from hdrgen.metrics.lpips import LPIPS, LPIPSTrunk, PerceptualDistance, lpips, pretrained_lpips
from hdrgen.metrics.ms_ssim import MSSSIM, ms_ssim
from hdrgen.metrics.peak import peak_of
from hdrgen.metrics.protocol import EvaluationProtocol, Judgement
from hdrgen.metrics.protocol_files import load_protocol
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
from hdrgen.metrics.scores import MEAN, Score, Table, deviations, gather, means, of_all_processes, scene_means, unique
from hdrgen.metrics.settings import described
from hdrgen.metrics.ssim import SSIM, SSIML, SSIMMu, ssim, ssim_l, ssim_mu

__all__ = [
    "ALIGNMENTS",
    "DOMAINS",
    "HDRVDP2",
    "L1",
    "LPIPS",
    "MEAN",
    "MSSSIM",
    "PSNR",
    "PSNRL",
    "PSNR_CEILING",
    "PU21PSNR",
    "PU21SSIM",
    "SSIM",
    "SSIML",
    "ColorVideoVDP",
    "DeltaEITP",
    "Domain",
    "EvaluationProtocol",
    "HDRVDP2Result",
    "ImageMetric",
    "Judgement",
    "LPIPSTrunk",
    "MetricEntry",
    "PSNRMu",
    "PU21Encoding",
    "PerceptualDistance",
    "SSIMMu",
    "ScaleAlignment",
    "Score",
    "Setting",
    "Table",
    "align_exposure",
    "align_least_squares",
    "align_mean",
    "align_median",
    "align_percentiles",
    "all_metrics",
    "check_images",
    "correct_response",
    "decode_xyz",
    "delta_e_itp",
    "describe_metric",
    "described",
    "deviations",
    "gather",
    "hdr_vdp2",
    "l1",
    "load_protocol",
    "lpips",
    "match_percentiles",
    "match_scale",
    "matching_scale",
    "means",
    "metric_named",
    "ms_ssim",
    "of_all_processes",
    "peak_of",
    "pixels_per_degree",
    "pretrained_lpips",
    "psnr",
    "psnr_l",
    "psnr_mu",
    "pu21_decode",
    "pu21_encode",
    "pu21_psnr",
    "pu21_psnr_y",
    "pu21_ssim",
    "scene_means",
    "ssim",
    "ssim_l",
    "ssim_mu",
    "unaligned",
    "unique",
]
