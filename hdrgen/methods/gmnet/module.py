"""Training of Liao et al. 2025 and its place in the common interface."""

import math
from typing import Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import MultiStepLR

from hdrgen.camera import CameraResponse, Gamma
from hdrgen.data import Batch, TheseExposures
from hdrgen.errors import InputError
from hdrgen.methods.base import HDRModule
from hdrgen.methods.gmnet.loss import gain_loss, true_gain
from hdrgen.methods.gmnet.network import GainMapNetwork
from hdrgen.methods.source import source_of, truth_of


class GMNet(HDRModule):
    r"""One photograph to the gain map of its Ultra HDR picture, and by it to radiance.

    Paper:
        Liao, Guan, Xu, Li, Sun, Xiong: "Learning Gain Map for Inverse Tone Mapping", ICLR 2025.

    The network makes a grey map G in [0, 1] and its largest gain; together, radiance is :math:`H = L\,2^{Q \log_2 P}`,
    L the linearised photograph, :math:`Q = q G` in [0, 1], P the peak. A thumbnail gives a kernel and a gate for each
    channel, and q.

    Args:
        channels: Width of the network, a multiple of 4.
        blocks: Residual blocks of each of its four trunks.
        thumbnail: Rows and columns of the thumbnail.
        peak: P, the largest radiance that is made of white: 8 for the paper's synthetic data, 5 for its photographs.
        gain_weight: lambda, of the loss on Q.
        response: Linearises the photograph; None: gamma 2.2.
        optimizer: Adam, 3e-5, betas 0.9 and 0.99.
        scheduler: Halves the rate every 200,000 of 1,000,000 steps.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    generates = False
    context = True
    multiple = GainMapNetwork.multiple
    overlap = 224  # three eighths are not used, 84 pixels; with five blocks in each trunk the network sees 81
    exposures = TheseExposures((0.0,))

    def __init__(
        self,
        channels: int = 64,
        blocks: int = 5,
        thumbnail: int = 256,
        peak: float = 8.0,
        gain_weight: float = 3.0,
        response: CameraResponse | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=3e-5, betas=(0.9, 0.99)),
        scheduler: LRSchedulerCallable | None = lambda o: MultiStepLR(
            o, milestones=[200_000, 400_000, 600_000, 800_000], gamma=0.5
        ),
        interval: Literal["epoch", "step"] = "step",
        initial_weights: str | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler, interval, response=response, initial_weights=initial_weights)
        if not (peak > 1 and math.isfinite(peak)):
            raise InputError(f"expected a peak above 1, the white of the photograph, found {peak:g}", "peak")
        self.save_hyperparameters(ignore=["optimizer", "scheduler", "response"])
        self.network = GainMapNetwork(channels, blocks, thumbnail)
        self.peak = peak
        self.gain_weight = gain_weight

    def expand(self, image: Tensor) -> Tensor:
        """Radiance `(B, 3, H, W)` of `image` `(B, 3, H, W)`. See `HDRModule.expand`."""
        return self._linear(image) * self._stops_of(image).exp2()

    def gain(self, image: Tensor) -> Tensor:
        """Stops `(B, 1, H, W)`, 0 to log2 of the peak, by which a photograph `(B, 3, H, W)` is brightened.

        What is written into an Ultra HDR picture as its gain map.
        """
        return self.in_tiles(self._stops_of, image)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Compare the map and the gain with those of the true radiance."""
        image = source_of(batch)
        truth = true_gain(self._linear(image), truth_of(batch), self.peak)
        loss = gain_loss(self.network(image), truth, self.gain_weight)
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=len(image))
        return loss

    def _linear(self, image: Tensor) -> Tensor:
        return (self.response or Gamma(2.2)).inverse(image.float())

    def _stops_of(self, image: Tensor) -> Tensor:
        gain: Tensor = self.network(image)[1].float()
        return gain.clamp(0, 1) * math.log2(self.peak)
