"""The smallest method that learns something: one factor for each colour."""

from collections.abc import Sequence

import torch
from pytorch_lightning.cli import OptimizerCallable
from torch import Tensor, nn

from hdrgen.data import Batch, RandomPair
from hdrgen.methods import HDRModule


class TinyGain(HDRModule):
    r"""An exposure is the photograph times :math:`a_c 2^{ev / 2.2}`, where the factor a of each colour is learned.

    Paper:
        None: the template for packages that join hdrgen.

    Args:
        stack_ev: Exposures generated for the HDR image, in stops relative to the input.
        optimizer: Makes the optimizer from the parameters.
    """

    exposures = RandomPair()  # what a training sample holds

    def __init__(
        self,
        stack_ev: Sequence[float] = (-2.0, -1.0, 0.0, 1.0, 2.0),
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=1e-2),
    ) -> None:
        super().__init__(optimizer, stack_ev=stack_ev)
        self.save_hyperparameters(ignore=["optimizer"])
        self.gain = nn.Parameter(torch.ones(3, 1, 1))

    def adjust(self, image: Tensor, ev: Tensor) -> Tensor:
        """Each of B images `(B, 3, H, W)` by its own `ev` `(B,)` stops."""
        return self.gain * image * (ev.to(image).view(-1, 1, 1, 1) / 2.2).exp2()

    def expose(self, image: Tensor, ev: Tensor) -> Tensor:
        """The exposures `ev` `(K,)` of `image`, `(B, K, 3, H, W)`."""
        return torch.stack([self.adjust(image, stops.expand(len(image))) for stops in ev], dim=1)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Make the brighter image of a pair from the darker one."""
        (dark, bright), step = batch["ldr"].unbind(1), batch["ev"][:, 1] - batch["ev"][:, 0]
        loss = (self.adjust(dark, step).clamp_max(1) - bright).abs().mean()
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=len(dark))
        return loss
