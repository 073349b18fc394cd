"""HDR-VDP 2.2 averaged over images."""

import math

from torch import Tensor

from hdrgen.metrics.colour import luminance
from hdrgen.metrics.hdr_vdp2.comparison import HDRVDP2Result, hdr_vdp2
from hdrgen.metrics.hdr_vdp2.displays import default_display, encoding_named, primaries_of
from hdrgen.metrics.hdr_vdp2.geometry import checked_ppd
from hdrgen.metrics.hdr_vdp2.observer import Observer
from hdrgen.metrics.image_metric import ImageMetric


class HDRVDP2(ImageMetric):
    """HDR-VDP 2.2, see `hdr_vdp2`: Q of 2.2.1, Q_MOS of 2.2.0, probability of detection and largest visible contrast.

    Encodings of one channel take colour images too: their luminance, with the weights of BT.709, is compared.

    Args:
        ppd: Pixels per degree of visual angle. Q depends on it: print it beside Q. See `pixels_per_degree`.
        encoding: What the values are: cd/m2 as `rgb-bt.709`, `luminance` or `XYZ`, or values of a display in [0, 1] as
            `sRGB-display` or `luma-display`.
        display: `ccfl-lcd`, `led-lcd`, `crt`, or `d65` for one channel; by default the first or the last.
        surround: Luminance around the image in cd/m2; None: the geometric mean of the truth.
        peak_sensitivity: log10 of the observer's highest contrast sensitivity.
        rod_sensitivity: log10 of a factor on the sensitivity of the rods.
        optics: Scatter of light in the eye.
        masking: Contrast that hides contrast.
        spatial_pooling: Whether visible differences add up over the image, in the probability of detection.

    Raises:
        InputError: If there is no such encoding or display, they do not fit each other, or `ppd` is not positive.
    """

    domain = "luminance"
    higher_is_better = True
    bounds = (-math.inf, 100.0)
    reference = (
        "Mantiuk, Kim, Rempel, Heidrich:"
        ' "HDR-VDP-2: A calibrated visual metric for visibility and quality predictions in all luminance conditions",'
        " SIGGRAPH 2011; release 2.2.1 (Narwaria, Mantiuk, Da Silva, Le Callet 2015)."
    )
    outputs = ("hdr_vdp2_q", "hdr_vdp2_q_mos_220", "hdr_vdp2_p_det", "hdr_vdp2_c_max")
    opposite = ("hdr_vdp2_p_det", "hdr_vdp2_c_max")

    def __init__(
        self,
        ppd: float = 30.0,
        encoding: str = "rgb-bt.709",
        display: str | None = None,
        surround: float | None = 1e-5,
        peak_sensitivity: float = 2.4,
        rod_sensitivity: float = 0.0,
        optics: bool = True,
        masking: bool = True,
        spatial_pooling: bool = True,
    ) -> None:
        super().__init__()
        self.channels, _, domain = encoding_named(encoding)
        self.domain = domain  # type: ignore[assignment,misc]  # the class has the usual one
        self.ppd = checked_ppd(ppd)
        self.encoding = encoding
        self.display = display or default_display(self.channels)
        primaries_of(self.display, self.channels)
        self.surround = surround
        self.peak_sensitivity = peak_sensitivity
        self.rod_sensitivity = rod_sensitivity
        self.optics = optics
        self.masking = masking
        self.spatial_pooling = spatial_pooling
        self._observer = Observer(surround, peak_sensitivity, rod_sensitivity, optics, masking, spatial_pooling)

    def measure(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        """See `ImageMetric.measure`."""
        return self.examine(image, target)[0]

    def examine(self, image: Tensor, target: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """See `ImageMetric.examine`."""
        result = self.result(image, target)
        numbers = dict(zip(self.outputs, (result.q, result.q_mos_220, result.p_det, result.c_max), strict=True))
        return numbers, {"hdr_vdp2_p_map": result.p_map}

    def result(self, image: Tensor, target: Tensor) -> HDRVDP2Result:
        """Everything about each pair, with the map of probability of detection.

        Args:
            image: `(B, 3, H, W)`.
            target: The truth, same shape.
        """
        if self.channels == 1:
            image, target = (luminance(x) if x.shape[1] > 1 else x for x in (image, target))
        return hdr_vdp2(image, target, self.ppd, encoding=self.encoding, display=self.display, observer=self._observer)
