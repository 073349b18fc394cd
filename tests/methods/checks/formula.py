"""Weights and images by a formula, and what is reported of an output: how a network is compared with its authors' code.

They depend on no names and no order of parameters, so that two implementations of one network must give the same
numbers. Everything is float64.
"""

import math
from typing import TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)

NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm, nn.modules.instancenorm._InstanceNorm)


def u(n: int, start: int = 0) -> Tensor:
    """The sequence `(n,)` that all of them are made of, in [0, 1).

    >>> (10007 * u(5)).round().long().tolist()
    [1, 5, 11, 19, 29]
    """
    j = torch.arange(start, start + min(n, 10007))
    once = ((j * j + 3 * j + 1) % 10007).double() / 10007
    return once.repeat(-(-n // 10007))[:n]  # a polynomial modulo 10007 begins again there


def image(k: int, channels: int, height: int, width: int) -> Tensor:
    """Input image k, `(1, channels, height, width)` in [0, 1)."""
    return u(channels * height * width, 1000 * k).view(1, channels, height, width)


def exposures(height: int, width: int, radiance_first: bool = False) -> Tensor:
    """Three exposures `(1, 3, 6, height, width)` with times 1, 4, 16: the display values, then the radiance of each.

    Args:
        height: In pixels.
        width: In pixels.
        radiance_first: Whether the radiance comes before the display values.
    """
    frames = []
    for k in range(3):
        display = image(k, 3, height, width)
        pair = [display, display**2.2 / 4**k]
        frames.append(torch.cat(pair[::-1] if radiance_first else pair, 1))
    return torch.stack(frames, 1)


@torch.no_grad()
def filled(network: Network, gain: float) -> Network:
    """The same network, in float64 and evaluation mode, its weights by the formula."""
    network.double().eval()
    for module in network.modules():
        for name, parameter in module.named_parameters(recurse=False):
            parameter.copy_(_values(module, name, parameter, gain).view_as(parameter))
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is not None:
            module.running_mean.copy_(0.1 * (u(module.num_features) - 0.5))
            module.running_var.copy_(1 + 0.2 * (u(module.num_features) - 0.5))
    return network


def _values(module: nn.Module, name: str, parameter: Tensor, gain: float) -> Tensor:
    centred = u(parameter.numel()) - 0.5
    if parameter.ndim > 1:
        return centred * math.sqrt(12 * gain * len(parameter) / parameter.numel())
    if isinstance(module, NORMS) and name == "weight":
        return 1 + 0.1 * centred
    if isinstance(module, nn.PReLU):
        return 0.25 + 0.1 * centred
    return 0.1 * centred


def statistics(output: Tensor) -> list[float]:
    """Mean, population deviation and three values of an output `(1, C, H, W)`.

    The values are at `[0, 3, 5]`, `[1, H // 2, W // 2]` (of one channel `[0, ...]`) and `[-1, H - 4, W - 6]`.
    """
    y = output[0]
    channels, height, width = y.shape
    points = y[0, 3, 5], y[min(1, channels - 1), height // 2, width // 2], y[-1, height - 4, width - 6]
    return [value.item() for value in (y.mean(), y.std(correction=0), *points)]


def parameters(network: nn.Module) -> int:
    """How many numbers are learnt."""
    return sum(parameter.numel() for parameter in network.parameters())
