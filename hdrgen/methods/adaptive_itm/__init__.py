"""Zhang et al., "Revisiting the Stack-Based Inverse Tone Mapping", CVPR 2023."""

from hdrgen.methods.adaptive_itm.discriminator import MaskAwareDiscriminator
from hdrgen.methods.adaptive_itm.fusion import FusionNetwork
from hdrgen.methods.adaptive_itm.module import AdaptiveITM
from hdrgen.methods.adaptive_itm.network import ExposureNetwork

__all__ = ["AdaptiveITM", "ExposureNetwork", "FusionNetwork", "MaskAwareDiscriminator"]
