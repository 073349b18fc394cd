"""Trained methods for other programs: weights, a card that explains them, and programs that run without hdrgen."""

from hdrgen.exporting.card import describe
from hdrgen.exporting.files import FORMATS, Exported, export
from hdrgen.exporting.program import ExposureProgram, exported_exposures, to_onnx, to_torch

__all__ = [
    "FORMATS",
    "Exported",
    "ExposureProgram",
    "describe",
    "export",
    "exported_exposures",
    "to_onnx",
    "to_torch",
]
