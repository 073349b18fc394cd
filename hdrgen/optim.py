"""Optimizers that torch does not have."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam

CONVOLUTION_AXES = 4


class GradientCentralizedAdam(Adam):
    r"""Adam on centralised gradients: of each output filter of a weight, the mean is taken away.

    .. math:: \Phi(\nabla_{w_i} L) = \nabla_{w_i} L - \frac{1}{M} \sum_j \nabla_{w_{ij}} L

    for the M weights of filter i, with the weight decay (as L2 penalty) already in the gradient. Biases and
    normalisation parameters keep their gradients. The gradients are centralised in place.

    Source: Yong et al., "Gradient Centralization: A New Optimization Technique for Deep Neural Networks", ECCV 2020,
    Eq. 1. The defaults are the values of Kim, Lee and Kang 2020.

    Args:
        params: Parameters or groups of them, as for any optimizer.
        lr: Learning rate.
        betas: Decay rates of the two moments.
        eps: Added to the denominator.
        weight_decay: L2 penalty.
        convolutions_only: Centralise weights of at least four axes, which leaves out tables and linear layers. False
            takes all weights of two or more axes.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.5, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        convolutions_only: bool = True,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
        self.fewest_axes = CONVOLUTION_AXES if convolutions_only else 2

    def step(self, closure: Callable[[], float] | None = None) -> Any:
        """Centralise the gradients, which `closure` computes where it is given, and take a step of Adam."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None and parameter.ndim >= self.fewest_axes:
                    _centralize(parameter.grad, parameter.detach(), group["weight_decay"])
        super().step()
        return loss


@torch.no_grad()
def _centralize(gradient: Tensor, weight: Tensor, decay: float) -> None:
    """Take the mean of `gradient + decay * weight` from the gradient; Adam adds the decay itself afterwards."""
    axes = tuple(range(1, weight.ndim))
    mean = gradient.mean(axes, keepdim=True)
    gradient -= mean.add_(weight.mean(axes, keepdim=True), alpha=decay) if decay else mean
