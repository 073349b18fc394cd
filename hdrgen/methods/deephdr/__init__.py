"""Wu et al., ECCV 2018: three exposures of a moving scene to an HDR image as a translation of images."""

from hdrgen.methods.deephdr.module import DeepHDR
from hdrgen.methods.deephdr.network import DeepHDRNetwork

__all__ = ["DeepHDR", "DeepHDRNetwork"]
