"""Liu et al., ECCV 2022: a context-aware vision transformer for three exposures of a moving scene."""

from hdrgen.methods.hdr_transformer.module import HDRTransformer
from hdrgen.methods.hdr_transformer.network import HDRTransformerNetwork

__all__ = ["HDRTransformer", "HDRTransformerNetwork"]
