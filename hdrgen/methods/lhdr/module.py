"""Training of Guo and Jiang 2022 and its place in the common interface."""

from typing import Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import ConstantLR

from hdrgen.camera import CameraResponse, Gamma
from hdrgen.data import Batch, TheseExposures
from hdrgen.methods.base import HDRModule
from hdrgen.methods.lhdr.network import LegacyNetwork
from hdrgen.methods.scaling import exposed_scale
from hdrgen.methods.source import source_of, truth_of
from hdrgen.tiling import of_whole_image

ENCODING = 0.45
"""Power by which the network's radiance is encoded."""


class LHDR(HDRModule):
    r"""One damaged photograph to radiance by a small network: a tone curve, detail, a base without clipped pixels.

    Paper:
        Guo, Jiang: "LHDR: HDR Reconstruction for Legacy Content using a Lightweight DNN", ACCV 2022.

    A tone curve, modulated by statistics of the whole photograph, goes before a branch for detail at full size and one
    for the base at half of it, whose encoder has partial convolutions, which leave clipped pixels out. The network
    makes radiance encoded by the power 0.45. How it was trained is not public but for its kind; here, the loss is
    :math:`\overline{|y - H^{0.45}|}`.

    Args:
        channels: Width of the network, a multiple of 8.
        scale: Of the radiance. `exposed`: well-exposed pixels have the same mean as the linearised photograph, so that
            1 is its white; `peak`: the largest value is 1, as in the authors' program; `none`: as the network makes it.
        response: Response that linearises the photograph for `exposed`; None: gamma 2.2.
        optimizer: Adam, 2e-4: ours, the paper's is not known here.
        scheduler: Keeps the rate.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    generates = False
    context = True
    channels_last_inference = True
    multiple = LegacyNetwork.multiple
    overlap = 192  # three eighths are not used, 72 pixels
    exposures = TheseExposures((0.0,))

    def __init__(
        self,
        channels: int = 32,
        scale: Literal["exposed", "peak", "none"] = "exposed",
        response: CameraResponse | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=2e-4),
        scheduler: LRSchedulerCallable | None = lambda o: ConstantLR(o, factor=1.0),
        interval: Literal["epoch", "step"] = "epoch",
        initial_weights: str | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler, interval, response=response, initial_weights=initial_weights)
        self.save_hyperparameters(ignore=["optimizer", "scheduler", "response"])
        self.network = LegacyNetwork(channels)
        self.scale = scale

    def expand(self, image: Tensor) -> Tensor:
        """Radiance `(B, 3, H, W)` of `image` `(B, 3, H, W)`, on the scale that `scale` says. See `HDRModule.expand`."""
        radiance: Tensor = self.network(image).float() ** (1 / ENCODING)
        if self.scale == "exposed":
            return radiance * exposed_scale(image, radiance, self.response or Gamma(2.2))
        if self.scale == "peak":
            return radiance / of_whole_image(lambda: (radiance.amax((1, 2, 3), keepdim=True).clamp_min(1e-6),))[0]
        return radiance

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Compare encoded radiance with the truth's."""
        encoded = self.network(source_of(batch)).float()
        loss: Tensor = (encoded - truth_of(batch) ** ENCODING).abs().mean()
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=len(encoded))
        return loss
