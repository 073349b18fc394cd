"""Training of Chen et al. 2021 and its place in the common interface."""

from typing import Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import MultiStepLR

from hdrgen.data import Batch, TheseExposures
from hdrgen.errors import InputError
from hdrgen.methods.base import HDRModule
from hdrgen.methods.hdrunet.loss import tanh_loss
from hdrgen.methods.hdrunet.network import ConditionedUNet
from hdrgen.methods.source import source_of, truth_of


class HDRUNet(HDRModule):
    r"""One photograph to radiance by a small U-Net, modulated by conditions of the photograph, and one loss.

    Paper:
        Chen, Liu, Zhang, Qiao, Dong: "HDRUNet: Single Image HDR Reconstruction with Denoising and Dequantization", CVPR
        Workshops 2021.

    The network makes radiance encoded by :math:`H^{1 / \gamma}`, on the scale of the photograph: a mask times the
    photograph, and what a U-Net of three levels adds, whose features are scaled and shifted by three conditions.

    Args:
        channels: Width of the network.
        condition_channels: Width of the conditions.
        blocks: Residual blocks at a quarter of the size.
        gamma: Of the encoding; 2.24 in the NTIRE 2021 challenge.
        optimizer: Adam, 2e-4, betas 0.9 and 0.99.
        scheduler: Halves the rate after 200,000, 400,000, 600,000 and 800,000 of 1,000,000 steps.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    generates = False
    multiple = ConditionedUNet.multiple
    overlap = 256  # three eighths are not used, 96 pixels; with eight blocks the network sees 93
    exposures = TheseExposures((0.0,))

    def __init__(
        self,
        channels: int = 64,
        condition_channels: int = 32,
        blocks: int = 8,
        gamma: float = 2.24,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=2e-4, betas=(0.9, 0.99)),
        scheduler: LRSchedulerCallable | None = lambda o: MultiStepLR(
            o, milestones=[200_000, 400_000, 600_000, 800_000], gamma=0.5
        ),
        interval: Literal["epoch", "step"] = "step",
        initial_weights: str | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler, interval, initial_weights=initial_weights)
        if not gamma > 0:
            raise InputError(f"expected a positive gamma, found {gamma:g}", "gamma")
        self.save_hyperparameters(ignore=["optimizer", "scheduler"])
        self.network = ConditionedUNet(channels, condition_channels, blocks)
        self.gamma = gamma

    def expand(self, image: Tensor) -> Tensor:
        """Radiance `(B, 3, H, W)` of `image` `(B, 3, H, W)`; below 0 it is black. See `HDRModule.expand`."""
        encoded: Tensor = self.network(image).float()
        return encoded.clamp_min(0) ** self.gamma

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Compare encoded radiance with the truth's."""
        encoded = self.network(source_of(batch))
        loss = tanh_loss(encoded, truth_of(batch) ** (1 / self.gamma))
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=len(encoded))
        return loss
