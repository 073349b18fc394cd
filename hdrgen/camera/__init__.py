"""How cameras see: exposure arithmetic in EV, response curves, image formation, calibration, exposure masks.

The names are imported on first use, since photographs are merged without torch.
"""

from typing import TYPE_CHECKING

from hdrgen.lazy import lazy_face

if TYPE_CHECKING:
    from hdrgen.camera.clustering import representative_curves as representative_curves
    from hdrgen.camera.curve_files import emor_curve as emor_curve
    from hdrgen.camera.curve_files import inverse_emor as inverse_emor
    from hdrgen.camera.curve_files import load_curves as load_curves
    from hdrgen.camera.curve_files import load_response as load_response
    from hdrgen.camera.curve_files import save_curve as save_curve
    from hdrgen.camera.curve_files import save_response as save_response
    from hdrgen.camera.curve_prior import CurvePrior as CurvePrior
    from hdrgen.camera.debevec import calibrate_debevec as calibrate_debevec
    from hdrgen.camera.debevec import calibrated_tables as calibrated_tables
    from hdrgen.camera.debevec import triangle as triangle
    from hdrgen.camera.estimated import EstimatedResponse as EstimatedResponse
    from hdrgen.camera.exposure import expose as expose
    from hdrgen.camera.exposure import exposure_ratio as exposure_ratio
    from hdrgen.camera.exposure import relative_ev as relative_ev
    from hdrgen.camera.formation import form_image as form_image
    from hdrgen.camera.formation import quantise as quantise
    from hdrgen.camera.interpolation import piecewise_linear as piecewise_linear
    from hdrgen.camera.interpolation import uniform_linear as uniform_linear
    from hdrgen.camera.luminance import BT601_LUMA as BT601_LUMA
    from hdrgen.camera.luminance import BT709_LUMINANCE as BT709_LUMINANCE
    from hdrgen.camera.luminance import luma_of as luma_of
    from hdrgen.camera.luminance import luminance_of as luminance_of
    from hdrgen.camera.masks import over_exposed_mask as over_exposed_mask
    from hdrgen.camera.masks import under_exposed_mask as under_exposed_mask
    from hdrgen.camera.masks import well_exposed_mask as well_exposed_mask
    from hdrgen.camera.named import checked_response as checked_response
    from hdrgen.camera.named import response_named as response_named
    from hdrgen.camera.noise import add_noise as add_noise
    from hdrgen.camera.residual import frame_deviations as frame_deviations
    from hdrgen.camera.residual import response_residual as response_residual
    from hdrgen.camera.response import SRGB as SRGB
    from hdrgen.camera.response import CameraResponse as CameraResponse
    from hdrgen.camera.response import Gamma as Gamma
    from hdrgen.camera.response import Sigmoid as Sigmoid
    from hdrgen.camera.response import power as power
    from hdrgen.camera.response import raised as raised
    from hdrgen.camera.robertson import calibrate_robertson as calibrate_robertson
    from hdrgen.camera.robertson import robertson_bell as robertson_bell
    from hdrgen.camera.sampling import HistogramSampling as HistogramSampling
    from hdrgen.camera.sampling import PixelGrid as PixelGrid
    from hdrgen.camera.tabulated import TabulatedResponse as TabulatedResponse
    from hdrgen.camera.tabulated import stack_curves as stack_curves

_PUBLIC = {
    "BT601_LUMA": "hdrgen.camera.luminance:BT601_LUMA",
    "BT709_LUMINANCE": "hdrgen.camera.luminance:BT709_LUMINANCE",
    "CameraResponse": "hdrgen.camera.response:CameraResponse",
    "CurvePrior": "hdrgen.camera.curve_prior:CurvePrior",
    "EstimatedResponse": "hdrgen.camera.estimated:EstimatedResponse",
    "Gamma": "hdrgen.camera.response:Gamma",
    "HistogramSampling": "hdrgen.camera.sampling:HistogramSampling",
    "PixelGrid": "hdrgen.camera.sampling:PixelGrid",
    "SRGB": "hdrgen.camera.response:SRGB",
    "Sigmoid": "hdrgen.camera.response:Sigmoid",
    "TabulatedResponse": "hdrgen.camera.tabulated:TabulatedResponse",
    "add_noise": "hdrgen.camera.noise:add_noise",
    "calibrate_debevec": "hdrgen.camera.debevec:calibrate_debevec",
    "calibrate_robertson": "hdrgen.camera.robertson:calibrate_robertson",
    "calibrated_tables": "hdrgen.camera.debevec:calibrated_tables",
    "checked_response": "hdrgen.camera.named:checked_response",
    "emor_curve": "hdrgen.camera.curve_files:emor_curve",
    "expose": "hdrgen.camera.exposure:expose",
    "exposure_ratio": "hdrgen.camera.exposure:exposure_ratio",
    "form_image": "hdrgen.camera.formation:form_image",
    "frame_deviations": "hdrgen.camera.residual:frame_deviations",
    "inverse_emor": "hdrgen.camera.curve_files:inverse_emor",
    "load_curves": "hdrgen.camera.curve_files:load_curves",
    "load_response": "hdrgen.camera.curve_files:load_response",
    "luma_of": "hdrgen.camera.luminance:luma_of",
    "luminance_of": "hdrgen.camera.luminance:luminance_of",
    "over_exposed_mask": "hdrgen.camera.masks:over_exposed_mask",
    "piecewise_linear": "hdrgen.camera.interpolation:piecewise_linear",
    "power": "hdrgen.camera.response:power",
    "quantise": "hdrgen.camera.formation:quantise",
    "raised": "hdrgen.camera.response:raised",
    "relative_ev": "hdrgen.camera.exposure:relative_ev",
    "representative_curves": "hdrgen.camera.clustering:representative_curves",
    "response_named": "hdrgen.camera.named:response_named",
    "response_residual": "hdrgen.camera.residual:response_residual",
    "robertson_bell": "hdrgen.camera.robertson:robertson_bell",
    "save_curve": "hdrgen.camera.curve_files:save_curve",
    "save_response": "hdrgen.camera.curve_files:save_response",
    "stack_curves": "hdrgen.camera.tabulated:stack_curves",
    "triangle": "hdrgen.camera.debevec:triangle",
    "under_exposed_mask": "hdrgen.camera.masks:under_exposed_mask",
    "uniform_linear": "hdrgen.camera.interpolation:uniform_linear",
    "well_exposed_mask": "hdrgen.camera.masks:well_exposed_mask",
}

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
    "checked_response",
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

if not TYPE_CHECKING:  # a type checker would take every misspelt name for one that this finds
    __getattr__, __dir__ = lazy_face(__name__, _PUBLIC)
