"""Liu et al., "Single-Image HDR Reconstruction by Learning to Reverse the Camera Pipeline", CVPR 2020."""

from hdrgen.methods.single_hdr.module import SingleHDR

__all__ = ["SingleHDR"]
