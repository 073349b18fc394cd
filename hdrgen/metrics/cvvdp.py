"""ColorVideoVDP, through its authors' package."""

import importlib.metadata
import warnings
from typing import Any

import torch
from torch import Tensor

from hdrgen.errors import InputError
from hdrgen.metrics.image_metric import ImageMetric, Setting
from hdrgen.metrics.precision import full_precision

LINEAR_DISPLAY = "standard_hdr_linear"
"""The package's 30-inch 4K display of 1500 cd/m2 that takes cd/m2 of linear BT.709, seen from two heights at 10 lux."""


class ColorVideoVDP(ImageMetric):
    """ColorVideoVDP of a pair of still images, in just-objectionable differences: 10 for equal images, less for worse.

    The display cuts luminance at its peak and adds what it reflects: differences beyond are not seen. A float32
    computation of the package `cvvdp`.

    Args:
        display: Name of one of the package's displays, of those that take cd/m2.
        peak: Luminance in cd/m2 where the display cuts; None keeps the display's own.
        ppd: Pixels per degree; None keeps those of the display and its distance.

    Raises:
        InputError: If the package cannot be imported, or has no such display.
    """

    domain = "luminance"
    higher_is_better = True
    bounds = (-float("inf"), 10.0)
    reference = (
        "Mantiuk, Hanji, Ashraf, Asano, Chapiro:"
        ' "ColorVideoVDP: A Visual Difference Predictor for Image, Video and Display Distortions", SIGGRAPH 2024.'
    )
    outputs = ("cvvdp",)
    unit = "JOD"
    needs = "the package cvvdp: pip install 'hdrgen[cvvdp]'"

    def __init__(self, display: str = LINEAR_DISPLAY, peak: float | None = None, ppd: float | None = None) -> None:
        super().__init__()
        self.display = display
        self.peak = peak
        self.ppd = ppd
        self._package = _imported()
        self._predictors: dict[torch.device, Any] = {}
        self._photometry = _photometry(self._package, display, peak)
        self._geometry = None if ppd is None else self._package.vvdp_display_geometry([3840, 2160], ppd=ppd)

    def measure(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        """See `ImageMetric.measure`."""
        return {"cvvdp": color_video_vdp(image, target, self._predictor(image.device))}

    def _predictor(self, device: torch.device) -> Any:
        if device not in self._predictors:
            self._predictors[device] = self._package.cvvdp(
                display_name=self.display,
                display_photometry=self._photometry,
                display_geometry=self._geometry,
                device=device,
                quiet=True,
            )
        return self._predictors[device]

    def settings(self) -> dict[str, Setting]:
        """The arguments, the peak and pixels per degree that were in force, and the version of the package."""
        geometry = self._geometry or self._package.vvdp_display_geometry.load(self.display, [])
        return super().settings() | {
            "peak": float(self._photometry.get_peak_luminance()),
            "ppd": float(geometry.get_ppd()),
            "cvvdp_version": importlib.metadata.version("cvvdp"),
        }


@full_precision
def color_video_vdp(image: Tensor, target: Tensor, predictor: Any) -> Tensor:
    """Quality `(B,)` in JOD of images `(B, 3, H, W)` in cd/m2, by a `pycvvdp.cvvdp`, which works in float32."""
    qualities = [
        predictor.predict(one.float(), truth.float(), dim_order="CHW")[0]
        for one, truth in zip(image, target, strict=True)
    ]
    return torch.stack(qualities).flatten()


def _imported() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its optional readers of video and OpenEXR
            import pycvvdp
    except (ImportError, RuntimeError) as error:  # RuntimeError: a torchvision that does not fit the installed torch
        raise InputError(
            f"ColorVideoVDP needs its package, which cannot be imported ({str(error).splitlines()[0]});"
            " pip install 'hdrgen[cvvdp]', with a torchvision that fits the installed torch"
        ) from error
    return pycvvdp


def _photometry(package: Any, display: str, peak: float | None) -> Any:
    try:
        photometry = package.vvdp_display_photometry.load(display, [])
    except (RuntimeError, KeyError, package.vq_exception) as error:
        raise InputError(f"cvvdp has no display {display!r}; {LINEAR_DISPLAY} takes cd/m2") from error
    if photometry.is_input_display_encoded():
        raise InputError(f"display {display!r} of cvvdp takes display values; {LINEAR_DISPLAY} takes cd/m2")
    if peak is not None:
        photometry.Y_peak = peak
    return photometry
