"""The one data type: what every dataset yields and every method takes."""

from typing import TypedDict

from torch import Tensor

RESPONSE_LEVELS = 1024
"""Number of uniform display levels at which `Sample.inverse_response` is tabulated."""


GAIN_MAP, LINEAR = "gain map", "linear"
"""Values of `Sample.source`."""


class _Required(TypedDict):
    ldr: Tensor
    ev: Tensor
    ref: Tensor
    scene: str


class Sample(_Required, total=False):
    """One scene, or a part of its exposures. All tensors float32 (`ref`: int64), RGB, channels first.

    A batch is the same dict with a leading axis B on each tensor and a list of B strings in place of each string.

    Keys:
        ldr: (S, 3, H, W) display values in [0, 1], sorted dark to bright.
        ev: (S,) exposure values `log2(t / t_ref)` in stops, relative to the reference exposure of the whole stack:
            when the reference is not among the frames of this sample, no entry need be 0. A data set that knows ranks
            only (SICE) gives -inf to frames darker than the reference and inf to brighter ones; never NaN.
        ref: () index of the reference exposure within `ldr`. When the reference of the whole stack is not among these
            frames, it is the index of the first, which is the darkest of them.
        scene: Unique name of the scene; it names every file written for it.
        hdr: (3, H, W) linear radiance where the data set has it. Where the response is known, the scale is absolute:
            the exposure of EV 0 that reaches display 1 has radiance 1.
        inverse_response: (1024,) f^-1 at 1024 uniform display levels, where the data set knows the true response. For
            oracles only: no method may look at it.
        path: The file that a photograph to predict from was read from; of a bracket, its reference.
        source: What the file of a photograph knows of its radiance, where that is asked for and is more than display
            values: `GAIN_MAP`, and `hdr` is what its gain map makes of it; or `LINEAR`, as of RAW, and the display
            values are its own with the sRGB curve.
        share: () of the light at the white level of camera RAW that display 1 is, where the sensor clips before: what a
            prediction's radiance is multiplied by, so that 1 is the files' white level.
        optimal: (2,) int64, indices of the optimal darker and brighter exposures within `ldr`, where somebody labelled
            them (SICE-S).
    """

    hdr: Tensor
    inverse_response: Tensor
    path: str
    source: str
    share: Tensor
    optimal: Tensor
