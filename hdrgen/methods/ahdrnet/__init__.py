"""Yan et al., CVPR 2019: attention-guided merging of exposures of a moving scene."""

from hdrgen.methods.ahdrnet.module import AHDRNet
from hdrgen.methods.ahdrnet.network import AHDRNetwork

__all__ = ["AHDRNet", "AHDRNetwork"]
