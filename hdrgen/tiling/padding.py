"""Padding of images of any size to the multiple that a network needs."""

import torch.nn.functional as F
from torch import Tensor


def pad_to_multiple(image: Tensor, multiple: int) -> Tensor:
    """Extend `image` on the right and at the bottom until both sides divide by `multiple`.

    Reflects at the border; where the image is too small to be reflected far enough, repeats its last row and column.
    Crop the result back with `[..., :height, :width]`.

    Args:
        image: `(B, C, H, W)`.
        multiple: The network's stride, in pixels.

    Returns:
        `(B, C, ceil(H / multiple) * multiple, ceil(W / multiple) * multiple)`.

    >>> import torch
    >>> pad_to_multiple(torch.zeros(1, 3, 65, 64), 64).shape
    torch.Size([1, 3, 128, 64])
    """
    height, width = image.shape[-2:]
    bottom, right = -height % multiple, -width % multiple
    if not (bottom or right):
        return image
    mode = "reflect" if bottom < height and right < width else "replicate"
    return F.pad(image, (0, right, 0, bottom), mode=mode)
