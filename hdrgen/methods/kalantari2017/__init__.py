"""Kalantari and Ramamoorthi, SIGGRAPH 2017: exposures are aligned by optical flow, then merged by a small network."""

from hdrgen.methods.kalantari2017.module import Kalantari2017
from hdrgen.methods.kalantari2017.network import MergingNetwork

__all__ = ["Kalantari2017", "MergingNetwork"]
