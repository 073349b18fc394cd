"""The network of Kalantari and Ramamoorthi 2017, in its three variants."""

from typing import Literal

import torch
from torch import Tensor, nn

from hdrgen.methods.frames import FRAMES

Variant = Literal["direct", "weights", "weights_and_images"]
OUTPUTS = {"direct": 1, "weights": FRAMES, "weights_and_images": 2 * FRAMES}
"""Images that the network makes."""
CHANNELS = (100, 100, 50)
KERNELS = (7, 5, 3)
REACH = sum(kernel // 2 for kernel in KERNELS)
"""Pixels that it sees to each side."""
LITTLE = 1e-6
"""Added to the sum of the weights."""


class MergingNetwork(nn.Module):
    r"""Three aligned exposures to radiance, by four convolutions.

    With weights, radiance is :math:`\sum_i w_i H_i / (\sum_i w_i + 10^{-6})`.

    Args:
        variant: Whether the network makes the radiance itself, weights for what the exposures show, or weights and what
            they weigh.
        channels: Of the three hidden layers.
    """

    def __init__(self, variant: Variant = "weights_and_images", channels: tuple[int, ...] = CHANNELS) -> None:
        super().__init__()
        self.variant = variant
        layers: list[nn.Module] = []
        inputs = 6 * FRAMES
        for width, kernel in zip(channels, KERNELS, strict=True):
            layers += [nn.Conv2d(inputs, width, kernel, padding=kernel // 2), nn.ReLU()]
            inputs = width
        self.layers = nn.Sequential(*layers, nn.Conv2d(inputs, 3 * OUTPUTS[variant], 1), nn.Sigmoid())
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, ldr: Tensor, linear: Tensor) -> Tensor:
        """Merge.

        Args:
            ldr: `(B, 3, 3, H, W)` display values of the aligned exposures, dark to bright.
            linear: The radiance that they show, of the same shape.

        Returns:
            Radiance `(B, 3, H, W)` in [0, 1].
        """
        made: Tensor = self.layers(torch.cat([ldr, linear], 1).flatten(1, 2)).float().unflatten(1, (-1, 3))
        if self.variant == "direct":
            return made[:, 0]
        weights, images = made[:, :FRAMES], linear if self.variant == "weights" else made[:, FRAMES:]
        radiance: Tensor = (weights * images).sum(1) / (weights.sum(1) + LITTLE)
        return radiance
