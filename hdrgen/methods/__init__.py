"""The methods. One import line each; tests, the zoo table and `hdrgen methods` enumerate `__all__`."""

from hdrgen.methods.base import HDRModule
from hdrgen.methods.baselines import LinearGain, UnchangedInput
from hdrgen.methods.multi_exposure import MultiExposureGeneration

__all__ = ["HDRModule", "LinearGain", "MultiExposureGeneration", "UnchangedInput"]
