"""Losses that two or more methods share."""

from hdrgen.losses.adversarial import judged_by_a_fixed, least_squares
from hdrgen.losses.census import census_distance
from hdrgen.losses.contextual import ContextualBilateralLoss, contextual_bilateral_distance
from hdrgen.losses.histogram import HistogramKind, histogram_loss, soft_histogram, value_histogram
from hdrgen.losses.perceptual import PerceptualLoss, perceptual_distance
from hdrgen.losses.sphere import sphere_moments
from hdrgen.losses.tone_mapped import mu_law_l1, mu_law_square

__all__ = [
    "ContextualBilateralLoss",
    "HistogramKind",
    "PerceptualLoss",
    "census_distance",
    "contextual_bilateral_distance",
    "histogram_loss",
    "judged_by_a_fixed",
    "least_squares",
    "mu_law_l1",
    "mu_law_square",
    "perceptual_distance",
    "soft_histogram",
    "sphere_moments",
    "value_histogram",
]
