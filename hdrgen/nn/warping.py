"""Images moved by a flow."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def warped(image: Tensor, flow: Tensor) -> Tensor:
    """What an image shows where a flow points: bilinear between pixels; beyond the border, the border's.

    Args:
        image: `(B, C, H, W)`.
        flow: `(B, 2, H, W)`, x and y in pixels, to be added to the place of each pixel; float32 or better.

    Returns:
        `(B, C, H, W)`, of the flow's type: half precision would place nothing within a large image. NaN where the flow
        is, without gradients; an infinite flow is beyond the border.

    >>> warped(torch.tensor([[[[1.0, 2.0, 4.0]]]]), torch.tensor([[[[0.5, 1.0, 1.0]], [[0.0, 0.0, 0.0]]]])).tolist()
    [[[[1.5, 4.0, 4.0]]]]
    """
    height, width = flow.shape[-2:]
    y = torch.arange(height, device=flow.device, dtype=flow.dtype)[:, None]
    x = torch.arange(width, device=flow.device, dtype=flow.dtype)
    # Of a side of one pixel, every place is the middle.
    places = [
        (2 * (at + by) / max(side - 1, 1) - 1)
        for at, by, side in zip((x, y), flow.unbind(1), (width, height), strict=True)
    ]
    grid = torch.stack(places, -1)
    # The gradients of grid_sample would be written to where NaN points: outside of memory.
    nowhere = grid.isnan()
    grid = grid.masked_fill(nowhere, 0)
    moved = F.grid_sample(image.to(flow.dtype), grid, "bilinear", "border", align_corners=True)
    return moved.masked_fill(nowhere.any(-1)[:, None], math.nan)
