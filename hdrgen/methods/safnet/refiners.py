"""What refines the explicit merge of Kong et al. 2024: the full network and the small one."""

from collections.abc import Callable
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from hdrgen.nn import warped

FLOW_UNIT = 20.0
"""Pixels of motion that enter a refiner as 1."""
DILATIONS = (1, 2, 4, 2, 1)


class Selected(NamedTuple):
    """The exposures `(B, 3, 6, H, W)`, their flows `(B, 4, H, W)` in pixels and their masks `(B, 2, H, W)`."""

    exposures: Tensor
    flow: Tensor
    mask: Tensor

    def moved(self, dark: Tensor, bright: Tensor) -> tuple[Tensor, Tensor]:
        """Features of the dark and of the bright frame, where the reference has them."""
        return warped(dark, self.flow[:, :2]), warped(bright, self.flow[:, 2:])

    def told(self) -> list[Tensor]:
        """What a refiner is told of the selection."""
        return [self.flow / FLOW_UNIT, self.mask]


def layer(inputs: int, outputs: int, stride: int = 1, dilation: int = 1, groups: int = 1) -> nn.Sequential:
    """A convolution 3 x 3 and a PReLU with a slope for each channel."""
    convolution = nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation, groups)
    return nn.Sequential(convolution, nn.PReLU(outputs))


class DilatedResidual(nn.Module):
    """Two dilated convolutions around a shortcut, a PReLU between them and one after the sum."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.first = layer(width, width, dilation=dilation)
        self.second = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)
        self.after = nn.PReLU(width)

    def forward(self, features: Tensor) -> Tensor:
        """Run the block on `(B, C, H, W)`."""
        result: Tensor = self.after(features + self.second(self.first(features)))
        return result


class Refiner(nn.Module):
    """The full one: features of each frame, then residual blocks. Returns what is added to the merge.

    Args:
        width: Channels of the blocks, a multiple of four.
        window: Side of the squares that it trains on; None: whole images.
    """

    width: ClassVar[int] = 80

    def __init__(self, width: int, window: int | None) -> None:
        super().__init__()
        quarter, half = width // 4, width // 2
        self.window = window
        self.dark, self.bright = (nn.Sequential(layer(6, quarter), layer(quarter, quarter)) for _ in range(2))
        self.middle = nn.Sequential(layer(15, half), layer(half, half))
        self.blocks = nn.Sequential(*(DilatedResidual(width, dilation) for dilation in DILATIONS))
        self.head = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, selected: Selected, merged: Tensor) -> Tensor:
        """Refine `merged` `(B, 3, H, W)`."""
        dark, reference, bright = selected.exposures.unbind(1)
        moved = selected.moved(self.dark(dark), self.bright(bright))
        middle = self.middle(torch.cat([reference, *selected.told(), merged], 1))
        features = torch.cat([moved[0], middle, moved[1]], 1)
        return in_windows(nn.Sequential(self.blocks, self.head), features, self.window if self.training else None)


class SmallRefiner(nn.Module):
    """That of the small variant: plain convolutions over all that is known. Arguments as of `Refiner`."""

    width: ClassVar[int] = 32

    def __init__(self, width: int, window: int | None) -> None:
        super().__init__()
        self.window = window
        widths = zip([27, *[width] * len(DILATIONS)], (1, *DILATIONS), strict=True)
        self.layers = nn.Sequential(*(layer(inputs, width, dilation=dilation) for inputs, dilation in widths))
        self.head = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, selected: Selected, merged: Tensor) -> Tensor:
        """Refine `merged` `(B, 3, H, W)`."""
        dark, reference, bright = selected.exposures.unbind(1)
        moved = selected.moved(dark, bright)
        features = torch.cat([moved[0], reference, moved[1], *selected.told(), merged], 1)
        return in_windows(nn.Sequential(self.layers, self.head), features, self.window if self.training else None)


def in_windows(network: Callable[[Tensor], Tensor], features: Tensor, side: int | None) -> Tensor:
    """Apply a network to squares of an image, each as an image of its own.

    Motion is found in all of a large patch, while what refines costs no more memory at a time than small ones, and sees
    the borders that small ones have.

    Args:
        network: `(N, C, h, w)` to `(N, D, h, w)`.
        features: `(B, C, H, W)`.
        side: Of the squares; None, or sides that do not divide by it, leave the image whole.

    Returns:
        `(B, D, H, W)`.
    """
    count, channels, height, width = features.shape
    if side is None or height % side or width % side:
        return network(features)
    rows, columns = height // side, width // side
    cut = features.reshape(count, channels, rows, side, columns, side).permute(0, 2, 4, 1, 3, 5)
    made = network(cut.reshape(-1, channels, side, side)).reshape(count, rows, columns, -1, side, side)
    return made.permute(0, 3, 1, 4, 2, 5).reshape(count, -1, height, width)
