"""Do-nothing baselines that stand beside every method in a results table."""

from hdrgen.methods.baselines.module import LinearGain, UnchangedInput

__all__ = ["LinearGain", "UnchangedInput"]
