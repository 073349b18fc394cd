"""A gated recurrent unit whose state is a feature map."""

import torch
from torch import Tensor, nn


class ConvGRU(nn.Module):
    r"""Convolutional GRU with as many channels in its state as in its input.

    .. math:: (r, u) = \sigma(W_g * [x, h]), \qquad c = \tanh(W_c * [x, r h]), \qquad h' = (1 - u)\, h + u\, c

    Source: Siam et al., "Convolutional gated recurrent networks for video segmentation", ICIP 2017, Eq. 5-8.

    Args:
        channels: Of input and state.
        kernel: Side of the convolutions, odd.
    """

    def __init__(self, channels: int, kernel: int = 3) -> None:
        super().__init__()
        self.gates = nn.Conv2d(2 * channels, 2 * channels, kernel, padding=kernel // 2)
        self.candidate = nn.Conv2d(2 * channels, channels, kernel, padding=kernel // 2)

    def forward(self, features: Tensor, state: Tensor | None = None) -> Tensor:
        """The new state `(B, C, H, W)` after `features` of the same shape; None is a state of zeros."""
        state = torch.zeros_like(features) if state is None else state
        reset, update = self.gates(torch.cat([features, state], dim=1)).sigmoid().chunk(2, dim=1)
        candidate = self.candidate(torch.cat([features, reset * state], dim=1)).tanh()
        return torch.lerp(state, candidate, update)
