"""The census transform: the order of a pixel and its neighbours, which brightness does not change."""

import torch.nn.functional as F
from torch import Tensor

LUMA = (0.2989, 0.587, 0.114)
SOFTNESS, TOLERANCE = 0.81, 0.1
"""Of a difference of two pixels, squared, at which it counts about a half; and of two such signs."""


def census_distance(image: Tensor, target: Tensor, side: int = 7, scale: float = 1.0) -> Tensor:
    r"""Distance of soft census transforms, the mean over pixels, and over their neighbours, of :math:`d / (0.1 + d)`.

    The transform of a grey image is :math:`t_k = \delta_k / \sqrt{0.81 + \delta_k^2}` for each difference
    :math:`\delta_k` of a neighbour and the pixel, and :math:`d = (t_k - t'_k)^2`. Pixels whose neighbourhood leaves the
    image do not count.

    Source: Meister et al., "UnFlow", 2018, section 3.3; without its scale of 255, as in code for frame interpolation.

    Args:
        image: `(B, 3, H, W)` in [0, 1]; gradients flow here.
        target: Same shape.
        side: Of the neighbourhood in pixels, odd; images are at least as large.
        scale: That images are multiplied by.

    Returns:
        A scalar, in float32.
    """
    own, wanted = (_census(scale * picture.float(), side) for picture in (image, target))
    distance = (own - wanted).square()
    return (distance / (TOLERANCE + distance)).mean()


def _census(picture: Tensor, side: int) -> Tensor:
    """`(B, side^2, places)` of the pixels whose neighbourhood is in the image."""
    grey = (picture * picture.new_tensor(LUMA).view(3, 1, 1)).sum(1, keepdim=True)
    neighbours = F.unfold(grey, side)
    difference = neighbours - neighbours[:, side**2 // 2, None]
    return difference / (SOFTNESS + difference.square()).sqrt()
