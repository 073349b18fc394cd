"""Eilertsen et al., "HDR image reconstruction from a single exposure using deep CNNs", SIGGRAPH Asia 2017."""

from hdrgen.methods.hdrcnn.module import HDRCNN
from hdrgen.nn import FillingNetwork

__all__ = ["HDRCNN", "FillingNetwork"]
