"""Exposures of a moving scene as they would be without motion: found by optical flow, the rest from the reference."""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hdrgen.camera import CameraResponse
from hdrgen.errors import InputError
from hdrgen.methods.frames import REFERENCE

SMALLEST = 64
"""Side in pixels to which smaller pictures are extended for the flow: OpenCV ends the program below 32."""
LARGEST = 32_766
"""Longest side in pixels that OpenCV warps."""
CODES = 255
"""Of the grey pictures that the flow is found in."""


class Aligned(NamedTuple):
    """What `aligned` makes.

    Attributes:
        ldr: The exposures `(B, 3, 3, H, W)` as the reference saw the scene.
        missing: `(B, 3, 1, H, W)`, where an exposure shows nothing of the scene, so that its value is the reference's.
    """

    ldr: Tensor
    missing: Tensor


def aligned(ldr: Tensor, ev: Tensor, response: CameraResponse) -> Aligned:
    """Move the dark and the bright exposure to where the reference saw things.

    Args:
        ldr: `(B, 3, 3, H, W)` display values.
        ev: `(B, 3)` stops.
        response: By which exposures are matched in brightness.

    Raises:
        InputError: OpenCV is not installed; a side is longer than it takes.
    """
    images, missing = ldr.float().cpu().clone(), torch.zeros_like(ldr[:, :, :1], dtype=torch.bool, device="cpu")
    stops = ev.cpu()
    for scene, frames in enumerate(images):
        reference = frames[REFERENCE]
        for index in (0, 2):
            away = float(stops[scene, index] - stops[scene, REFERENCE])
            flow = flow_between(exposed(reference, away, response), exposed(frames[index], -away, response))
            seen, gone = moved(frames[index], flow)
            frames[index] = torch.where(gone, exposed(reference, away, response, darker=True), seen)
            missing[scene, index] = gone
    return Aligned(images.to(ldr), missing.to(ldr.device))


def exposed(image: Tensor, stops: float, response: CameraResponse, darker: bool = False) -> Tensor:
    """A photograph as it would be with so many stops more, clipped.

    Args:
        image: `(3, H, W)` display values.
        stops: More exposure.
        response: Of the camera.
        darker: Whether less exposure counts as well; otherwise the photograph is left as it is.
    """
    if stops <= 0 and not darker:
        return image
    linear: Tensor = response.inverse(image)
    display: Tensor = response((linear * 2.0**stops).clamp(0, 1))
    return display


def flow_between(reference: Tensor, image: Tensor) -> NDArray[np.float32]:
    """Where each pixel of the reference lies in the image: `(H, W, 2)`, x and y in pixels further on.

    OpenCV's dense inverse search (Kroeger et al., "Fast optical flow using dense inverse search", 2016), on grey
    pictures of 8 bits.

    Args:
        reference: `(3, H, W)` display values.
        image: The same way, as bright.
    """
    cv2 = _opencv()
    grey = [_grey(cv2, each) for each in (reference, image)]
    height, width = reference.shape[1:]
    finder = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow: NDArray[np.float32] = finder.calc(*grey, None)[:height, :width]
    return flow


def moved(image: Tensor, flow: NDArray[np.float32]) -> tuple[Tensor, Tensor]:
    """What an image `(3, H, W)` shows where a flow points, bicubic; and where that lies beyond it, `(1, H, W)`."""
    cv2 = _opencv()
    height, width = flow.shape[:2]
    if max(height, width) > LARGEST:
        raise InputError(f"expected photographs of at most {LARGEST} pixels a side, found {width} x {height}")
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    planes = [cv2.remap(plane.numpy(), x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE) for plane in image]
    gone = (x < 0) | (x > width - 1) | (y < 0) | (y > height - 1)
    return torch.from_numpy(np.stack(planes)).clamp(0, 1), torch.from_numpy(gone)[None]


def _grey(cv2: Any, image: Tensor) -> NDArray[np.uint8]:
    """At least `SMALLEST` a side."""
    codes = (image.clamp(0, 1) * CODES).round().to(torch.uint8).movedim(0, -1).contiguous().numpy()
    grey: NDArray[np.uint8] = cv2.cvtColor(codes, cv2.COLOR_RGB2GRAY)
    more = [max(0, SMALLEST - side) for side in grey.shape]
    return np.pad(grey, [(0, count) for count in more], mode="edge")


def _opencv() -> Any:
    try:
        import cv2
    except ImportError as error:
        raise InputError(
            "optical flow needs the package opencv-python-headless: pip install 'hdrgen[flow]'; or pass flow='none'"
            " for exposures that are aligned already",
            "flow",
        ) from error
    return cv2
