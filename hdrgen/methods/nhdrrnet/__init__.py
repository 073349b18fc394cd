"""Yan et al., TIP 2020: three exposures of a moving scene to an HDR image, with attention between distant places."""

from hdrgen.methods.nhdrrnet.module import NHDRRNet
from hdrgen.methods.nhdrrnet.network import NHDRRNetwork

__all__ = ["NHDRRNet", "NHDRRNetwork"]
