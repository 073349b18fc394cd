"""HDR-VDP 2.2: visibility of differences and quality, for pairs of images in absolute luminance."""

from hdrgen.metrics.hdr_vdp2.comparison import HDRVDP2Result, hdr_vdp2
from hdrgen.metrics.hdr_vdp2.displays import DISPLAYS, ENCODINGS
from hdrgen.metrics.hdr_vdp2.geometry import pixels_per_degree
from hdrgen.metrics.hdr_vdp2.metric import HDRVDP2
from hdrgen.metrics.hdr_vdp2.observer import Observer

__all__ = ["DISPLAYS", "ENCODINGS", "HDRVDP2", "HDRVDP2Result", "Observer", "hdr_vdp2", "pixels_per_degree"]
