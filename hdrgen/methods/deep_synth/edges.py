"""The edge maps that the local network learns."""

import kornia
import numpy as np
import scipy.ndimage
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import max_pool2d

from hdrgen.tiling import Tiling

SIGMA = 2.0
"""Of the Gaussian before the gradients, in pixels."""
GROWTH = 64
"""Pixels, at least, for which weak edges are followed from a strong one where labels cannot be had."""
TILE = 1024
"""Side in pixels of the parts in which edges are looked for; what joins them sees the whole image."""


@torch.no_grad()
def canny_edges(image: Tensor, sigma: float = SIGMA) -> Tensor:
    """Canny edges, 1 on the edge and 0 elsewhere.

    kornia's detector with thresholds 0.1 and 0.2 on the Sobel magnitude. Which weak edges hang together with strong
    ones is found on the CPU by SciPy's labels, in a fraction of the time that repeated dilation takes. Other devices
    dilate: nothing waits for them, and weak edges are followed for half the longer side of the image, 64 pixels at
    least.

    Source: Kim, Lee and Kang 2020: "Canny edge detector of sigma = 2"; the thresholds are kornia's and scikit-image's.

    Args:
        image: `(B, 3, H, W)`, display values in [0, 1].
        sigma: Of the Gaussian, in pixels.

    Returns:
        `(B, 1, H, W)`, float32.
    """
    side = 2 * round(3 * sigma) + 1
    image = image.float()
    if min(image.shape[-2:]) <= side // 2:  # too small to be blurred by reflection
        return torch.zeros_like(image[:, :1])

    def detect(part: Tensor) -> Tensor:
        return kornia.filters.canny(part, kernel_size=(side, side), sigma=(sigma, sigma), hysteresis=False)[1]

    with torch.autocast(image.device.type, enabled=False):
        strength = Tiling(overlap=8 * side).apply(detect, image, TILE)
    classes = (2 * strength).round()  # 1: weak, 2: strong
    joined = _joined if image.device.type == "cpu" else _joined_on_device
    return joined(classes == 2, classes > 0)


def _joined_on_device(strong: Tensor, edges: Tensor) -> Tensor:
    """The same without leaving the device: strong edges grow along the weak ones, a fixed number of times."""
    grown = strong.float()
    for _ in range(max(GROWTH, max(edges.shape[-2:]) // 2)):
        grown = max_pool2d(grown, 3, stride=1, padding=1) * edges
    return grown


def _joined(strong: Tensor, edges: Tensor) -> Tensor:
    """Those of `edges` `(B, 1, H, W)` that a chain of neighbours joins to a strong one."""
    found = _joined_in_scipy(strong[:, 0].numpy(), edges[:, 0].numpy())
    return found.unsqueeze(1)


def _joined_in_scipy(strong: NDArray[np.bool_], edges: NDArray[np.bool_]) -> Tensor:
    neighbours = np.zeros((3, 3, 3))
    neighbours[1] = 1  # of the same image
    label, count = scipy.ndimage.label(edges, neighbours)
    joined = np.zeros(count + 1, dtype=np.float32)
    joined[label[strong]] = 1
    return torch.from_numpy(joined[label])
