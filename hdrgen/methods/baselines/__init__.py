"""Do-nothing baselines that stand beside every method in a results table."""

from hdrgen.methods.baselines.deghosted import DeghostedMerge
from hdrgen.methods.baselines.module import LinearGain, PlainMerge, ReferenceExposure, UnchangedInput

__all__ = ["DeghostedMerge", "LinearGain", "PlainMerge", "ReferenceExposure", "UnchangedInput"]
