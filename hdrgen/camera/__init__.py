"""How cameras see: exposure arithmetic in EV, response curves, image formation, calibration, exposure masks."""

from hdrgen.camera.clustering import representative_curves
from hdrgen.camera.curve_files import emor_curve, inverse_emor, load_curves, load_response, save_curve, save_response
from hdrgen.camera.curve_prior import CurvePrior
from hdrgen.camera.debevec import calibrate_debevec, calibrated_tables, triangle
from hdrgen.camera.estimated import EstimatedResponse
from hdrgen.camera.exposure import expose, exposure_ratio, relative_ev
from hdrgen.camera.formation import form_image, quantise
from hdrgen.camera.interpolation import piecewise_linear, uniform_linear
from hdrgen.camera.luminance import BT601_LUMA, BT709_LUMINANCE, luma_of, luminance_of
from hdrgen.camera.masks import over_exposed_mask, under_exposed_mask, well_exposed_mask
from hdrgen.camera.named import response_named
from hdrgen.camera.noise import add_noise
from hdrgen.camera.residual import frame_deviations, response_residual
from hdrgen.camera.response import SRGB, CameraResponse, Gamma, Sigmoid, power, raised
from hdrgen.camera.robertson import calibrate_robertson, robertson_bell
from hdrgen.camera.sampling import HistogramSampling, PixelGrid
from hdrgen.camera.tabulated import TabulatedResponse, stack_curves

__all__ = [
    "BT601_LUMA",
    "BT709_LUMINANCE",
    "SRGB",
    "CameraResponse",
    "CurvePrior",
    "EstimatedResponse",
    "Gamma",
    "HistogramSampling",
    "PixelGrid",
    "Sigmoid",
    "TabulatedResponse",
    "add_noise",
    "calibrate_debevec",
    "calibrate_robertson",
    "calibrated_tables",
    "emor_curve",
    "expose",
    "exposure_ratio",
    "form_image",
    "frame_deviations",
    "inverse_emor",
    "load_curves",
    "load_response",
    "luma_of",
    "luminance_of",
    "over_exposed_mask",
    "piecewise_linear",
    "power",
    "quantise",
    "raised",
    "relative_ev",
    "representative_curves",
    "response_named",
    "response_residual",
    "robertson_bell",
    "save_curve",
    "save_response",
    "stack_curves",
    "triangle",
    "under_exposed_mask",
    "uniform_linear",
    "well_exposed_mask",
]
