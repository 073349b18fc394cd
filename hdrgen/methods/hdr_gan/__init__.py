"""Niu et al., TIP 2021: HDR images from multi-exposed images of moving scenes."""

from hdrgen.methods.hdr_gan.module import HDRGAN
from hdrgen.methods.hdr_gan.network import Discriminator, Generator

__all__ = ["HDRGAN", "Discriminator", "Generator"]
