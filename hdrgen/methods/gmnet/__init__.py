"""Liao et al. 2025: a photograph to the gain map that makes it HDR."""

from hdrgen.methods.gmnet.module import GMNet
from hdrgen.methods.gmnet.network import GainMapNetwork

__all__ = ["GMNet", "GainMapNetwork"]
