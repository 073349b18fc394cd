"""Trained methods for other programs: weights, a card that explains them, and programs that run without hdrgen."""

from hdrgen.exporting.card import describe
from hdrgen.exporting.conversion import to_onnx, to_torch
from hdrgen.exporting.exposures import ExposureProgram, exported_exposures
from hdrgen.exporting.files import FORMATS, Exported, export, export_weights, program_of
from hdrgen.exporting.fusing import FusingProgram
from hdrgen.exporting.photograph import ExpandingProgram, PhotographProgram
from hdrgen.exporting.program import Program

__all__ = [
    "FORMATS",
    "ExpandingProgram",
    "Exported",
    "ExposureProgram",
    "FusingProgram",
    "PhotographProgram",
    "Program",
    "describe",
    "export",
    "export_weights",
    "exported_exposures",
    "program_of",
    "to_onnx",
    "to_torch",
]
