"""Kim, Lee and Kang, "Differentiable HDR Image Synthesis using Multi-exposure Images", 2020."""

from hdrgen.methods.deep_synth.module import DeepSynthHDRI
from hdrgen.methods.deep_synth.network import DeepSynthNetwork

__all__ = ["DeepSynthHDRI", "DeepSynthNetwork"]
