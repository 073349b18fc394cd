"""Do-nothing baselines that stand beside every method in a results table."""

from hdrgen.methods.baselines.module import LinearGain, PlainMerge, ReferenceExposure, UnchangedInput

__all__ = ["LinearGain", "PlainMerge", "ReferenceExposure", "UnchangedInput"]
