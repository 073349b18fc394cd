"""Structural similarity of each image."""

from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

from hdrgen.errors import InputError

_RADIUS = 5  # of the 11 x 11 window


def ssim(image: Tensor, target: Tensor, data_range: float = 1.0) -> Tensor:
    """SSIM of each image, over the pixels whose window lies inside the image.

    Gaussian window of sigma 1.5, 11 x 11, over each channel, as Wang et al. 2004 define it. torchmetrics makes the map;
    its own mean includes a border of mirrored pixels, which scikit-image and the paper leave out, and so do we.

    Args:
        image: `(B, 3, H, W)`.
        target: Same shape.
        data_range: Largest possible value.

    Returns:
        `(B,)`, 1 for equal images.

    Raises:
        InputError: If a side is shorter than 11 pixels.
    """
    if min(image.shape[-2:]) <= 2 * _RADIUS:
        raise InputError(f"SSIM needs images of at least 11 x 11 pixels, found {image.shape[-1]} x {image.shape[-2]}")
    _, similarity = structural_similarity_index_measure(
        image.float(), target.float(), reduction="none", data_range=data_range, return_full_image=True
    )
    inside = similarity[..., _RADIUS:-_RADIUS, _RADIUS:-_RADIUS]
    return inside.flatten(1).mean(1)
