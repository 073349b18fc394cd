"""Guo and Jiang 2022: a small network for photographs that are noisy, compressed and over-exposed at once."""

from hdrgen.methods.lhdr.module import LHDR
from hdrgen.methods.lhdr.network import LegacyNetwork

__all__ = ["LHDR", "LegacyNetwork"]
