"""Chen et al., "Learning Continuous Exposure Value Representations for Single-Image HDR Reconstruction", ICCV 2023."""

from hdrgen.methods.cevr.module import CEVR
from hdrgen.methods.cevr.network import CEVRNetwork

__all__ = ["CEVR", "CEVRNetwork"]
