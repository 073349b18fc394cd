"""The methods, one import line each, and what all of them share.

Tests, the table of methods and `hdrgen methods` enumerate the subclasses of `HDRModule` in `__all__`.
"""

from hdrgen.methods.adaptive_itm import AdaptiveITM
from hdrgen.methods.ahdrnet import AHDRNet
from hdrgen.methods.base import HDRModule, Prediction
from hdrgen.methods.baselines import DeghostedMerge, LinearGain, PlainMerge, ReferenceExposure, UnchangedInput
from hdrgen.methods.cevr import CEVR
from hdrgen.methods.clipping import GradientClipping
from hdrgen.methods.deep_recursive import DeepRecursiveHDRI
from hdrgen.methods.deep_synth import DeepSynthHDRI
from hdrgen.methods.deephdr import DeepHDR
from hdrgen.methods.drtmo import DeepReverseToneMapping
from hdrgen.methods.evaluation import Evaluation, true_responses
from hdrgen.methods.expandnet import ExpandNet
from hdrgen.methods.gmnet import GMNet
from hdrgen.methods.hdr_gan import HDRGAN
from hdrgen.methods.hdr_transformer import HDRTransformer
from hdrgen.methods.hdrcnn import HDRCNN
from hdrgen.methods.hdrunet import HDRUNet
from hdrgen.methods.inverse_camera import InverseCamera
from hdrgen.methods.kalantari2017 import Kalantari2017
from hdrgen.methods.lhdr import LHDR
from hdrgen.methods.loading import build, load_method, method_in, without_files
from hdrgen.methods.merging import estimate_response, merge_stack
from hdrgen.methods.multi_exposure import MultiExposureGeneration
from hdrgen.methods.nhdrrnet import NHDRRNet
from hdrgen.methods.safnet import SAFNet
from hdrgen.methods.santos2020 import Santos2020
from hdrgen.methods.schedules import logged_in_step
from hdrgen.methods.sharding import FullySharded, check_strategy
from hdrgen.methods.single_hdr import SingleHDR
from hdrgen.methods.source import source_of, truth_of

__all__ = [
    "CEVR",
    "HDRCNN",
    "HDRGAN",
    "LHDR",
    "AHDRNet",
    "AdaptiveITM",
    "DeepHDR",
    "DeepRecursiveHDRI",
    "DeepReverseToneMapping",
    "DeepSynthHDRI",
    "DeghostedMerge",
    "Evaluation",
    "ExpandNet",
    "FullySharded",
    "GMNet",
    "GradientClipping",
    "HDRModule",
    "HDRTransformer",
    "HDRUNet",
    "InverseCamera",
    "Kalantari2017",
    "LinearGain",
    "MultiExposureGeneration",
    "NHDRRNet",
    "PlainMerge",
    "Prediction",
    "ReferenceExposure",
    "SAFNet",
    "Santos2020",
    "SingleHDR",
    "UnchangedInput",
    "build",
    "check_strategy",
    "estimate_response",
    "load_method",
    "logged_in_step",
    "merge_stack",
    "method_in",
    "source_of",
    "true_responses",
    "truth_of",
    "without_files",
]
