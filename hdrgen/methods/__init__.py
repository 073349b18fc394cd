"""The methods. One import line each; tests, the zoo table and `hdrgen methods` enumerate `__all__`."""

from hdrgen.methods.adaptive_itm import AdaptiveITM
from hdrgen.methods.base import HDRModule
from hdrgen.methods.baselines import LinearGain, PlainMerge, ReferenceExposure, UnchangedInput
from hdrgen.methods.cevr import CEVR
from hdrgen.methods.deep_synth import DeepSynthHDRI
from hdrgen.methods.hdr_gan import HDRGAN
from hdrgen.methods.multi_exposure import MultiExposureGeneration

__all__ = [
    "CEVR",
    "HDRGAN",
    "AdaptiveITM",
    "DeepSynthHDRI",
    "HDRModule",
    "LinearGain",
    "MultiExposureGeneration",
    "PlainMerge",
    "ReferenceExposure",
    "UnchangedInput",
]
