"""Batch normalisation as part of the convolution before it, where nothing learns."""

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_weights


class FoldedSequential(nn.Sequential):
    """`torch.nn.Sequential`, in which batch normalisation costs nothing where nothing learns, see `convolved`."""

    def forward(self, features: Tensor) -> Tensor:
        """Run the layers."""
        for _, output in outputs_of(self, features):
            features = output
        return features


def outputs_of(layers: Iterable[nn.Module], features: Tensor) -> Iterator[tuple[int, Tensor]]:
    """What each of some layers, one after the other, makes, with its number.

    Of a convolution that does the normalisation after it as well, see `convolved`, there is no output of its own.
    """
    done = False
    for number, (layer, following) in enumerate(pairwise(chain(layers, [nn.Identity()]))):
        if done:
            done = False
            continue
        done = _folds(layer, following)
        features = convolved(layer, following, features) if done else layer(features)
        yield number + done, features


def convolved(convolution: nn.Module, norm: nn.Module, features: Tensor) -> Tensor:
    """`norm(convolution(features))`, the same to rounding.

    In evaluation mode and without a gradient, batch normalisation is one factor and one shift for each channel. The
    convolution makes both by itself, with weights that are multiplied anew each time: a pass over all features less.
    The layers stay as they are, for checkpoints, for training, and for exported programs.
    """
    if not _folds(convolution, norm):
        result: Tensor = norm(convolution(features))
        return result
    layer: Any = convolution
    statistics: Any = norm
    mean, variance, factor, shift = (getattr(norm, name) for name in ("running_mean", "running_var", "weight", "bias"))
    weight, bias = fuse_conv_bn_weights(layer.weight, layer.bias, mean, variance, statistics.eps, factor, shift)
    folded: Tensor = layer._conv_forward(features, weight, bias)
    return folded


def _folds(layer: nn.Module, following: nn.Module) -> bool:
    """Whether a layer can do what the one after it does, and nobody looks at what is between."""
    if not isinstance(layer, nn.Conv2d) or not isinstance(following, nn.BatchNorm2d):
        return False
    learns = following.training or following.running_mean is None or torch.is_grad_enabled()
    exact = layer.weight.dtype in (torch.float32, torch.float64)
    watched = layer._forward_hooks or following._forward_hooks
    return exact and not learns and not watched and not torch.compiler.is_compiling()
