"""Losses that two or more methods share."""

from hdrgen.losses.perceptual import PerceptualLoss, perceptual_distance

__all__ = ["PerceptualLoss", "perceptual_distance"]
