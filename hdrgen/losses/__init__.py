"""Losses that two or more methods share."""

from hdrgen.losses.contextual import ContextualBilateralLoss, contextual_bilateral_distance
from hdrgen.losses.histogram import histogram_loss, soft_histogram
from hdrgen.losses.perceptual import PerceptualLoss, perceptual_distance

__all__ = [
    "ContextualBilateralLoss",
    "PerceptualLoss",
    "contextual_bilateral_distance",
    "histogram_loss",
    "perceptual_distance",
    "soft_histogram",
]
