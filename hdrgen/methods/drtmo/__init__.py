"""Endo, Kanamori, Mitani: "Deep Reverse Tone Mapping", SIGGRAPH Asia 2017."""

from hdrgen.methods.drtmo.module import DeepReverseToneMapping
from hdrgen.methods.drtmo.network import ExposureNetwork

__all__ = ["DeepReverseToneMapping", "ExposureNetwork"]
