"""Adversarial losses."""

from typing import Any

from torch import Tensor, nn
from torch.func import functional_call


def least_squares(verdict: Tensor, label: Tensor | float) -> Tensor:
    r"""Least-squares GAN loss :math:`\frac12 \mathrm{mean}\,(D - b)^2`, in float32.

    Source: Mao et al., "Least squares generative adversarial networks", 2017, Eq. 9.

    Args:
        verdict: Of a discriminator, one number per image or per pixel.
        label: What it should be: 1 where real, 0 where generated, or anything between, pixel by pixel.

    >>> import torch
    >>> least_squares(torch.zeros(2, 1, 4, 4), 1.0).item()
    0.5
    """
    return 0.5 * (verdict.float() - label).square().mean()


def judged_by_a_fixed(discriminator: nn.Module, image: Tensor) -> Any:
    """What the discriminator says of an image, with a gradient that goes to the image and not to the discriminator.

    So the losses of both players can be summed into one backward pass, which DDP needs.
    """
    fixed = {name: parameter.detach() for name, parameter in discriminator.named_parameters()}
    return functional_call(discriminator, fixed, (image,))
