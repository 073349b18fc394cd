"""Santos et al., SIGGRAPH 2020: radiance of over-exposed parts, by features that leave out what is clipped."""

from hdrgen.methods.santos2020.module import Santos2020
from hdrgen.methods.santos2020.network import MaskedNetwork

__all__ = ["MaskedNetwork", "Santos2020"]
