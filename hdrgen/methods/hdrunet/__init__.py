"""Chen et al. 2021: a U-Net whose features are modulated by conditions of the photograph itself."""

from hdrgen.methods.hdrunet.module import HDRUNet
from hdrgen.methods.hdrunet.network import ConditionedUNet

__all__ = ["ConditionedUNet", "HDRUNet"]
