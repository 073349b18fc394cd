"""Kong et al., ECCV 2024: selective alignment fusion of three exposures of a moving scene."""

from hdrgen.methods.safnet.module import SAFNet
from hdrgen.methods.safnet.network import SAFNetwork

__all__ = ["SAFNet", "SAFNetwork"]
