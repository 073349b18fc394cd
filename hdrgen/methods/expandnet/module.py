"""Training of Marnerides et al. 2018 and its place in the common interface."""

from typing import Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import ConstantLR

from hdrgen.camera import CameraResponse, Gamma
from hdrgen.data import Batch, TheseExposures
from hdrgen.methods.base import HDRModule
from hdrgen.methods.expandnet.loss import expansion_loss, stretched
from hdrgen.methods.expandnet.network import ExpansionNetwork
from hdrgen.methods.scaling import exposed_scale
from hdrgen.methods.source import source_of, truth_of
from hdrgen.tiling import of_whole_image


class ExpandNet(HDRModule):
    r"""One photograph to radiance by a network of three branches, without a camera model.

    Paper:
        Marnerides, Bashford-Rogers, Hatchett, Debattista: "ExpandNet: A Deep Convolutional Neural Network for High
        Dynamic Range Expansion from Low Dynamic Range Content", Eurographics 2018.

    A local branch sees 5 pixels around, a dilated one 17, a global one the whole photograph at 256 x 256. The network
    makes relative radiance in [0, 1]: each training target is stretched to that range, so that its scale is lost.
    hdrgen finds it again where the photograph is well exposed, see `scale`.

    Args:
        channels: Width of the network.
        global_size: Rows and columns of the copy that the global branch sees.
        cosine_weight: lambda, of the angle between colours in the loss.
        scale: Of the radiance. `exposed`: well-exposed pixels have the same mean as the linearised photograph, so that
            1 is its white; `stretched`: the least value is 0 and the largest 1, as the authors' program writes it;
            `none`: as the network makes it.
        response: Response that linearises the photograph for `exposed`; None: gamma 2.2.
        optimizer: Adam, 7e-5.
        scheduler: Keeps the rate.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    generates = False
    context = True
    overlap = 32  # three eighths are not used, 12 pixels; with any weight the branches see 8
    exposures = TheseExposures((0.0,))

    def __init__(
        self,
        channels: int = 64,
        global_size: int = 256,
        cosine_weight: float = 5.0,
        scale: Literal["exposed", "stretched", "none"] = "exposed",
        response: CameraResponse | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=7e-5),
        scheduler: LRSchedulerCallable | None = lambda o: ConstantLR(o, factor=1.0),
        interval: Literal["epoch", "step"] = "epoch",
        initial_weights: str | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler, interval, response=response, initial_weights=initial_weights)
        self.save_hyperparameters(ignore=["optimizer", "scheduler", "response"])
        self.network = ExpansionNetwork(channels, global_size)
        self.cosine_weight = cosine_weight
        self.scale = scale

    def expand(self, image: Tensor) -> Tensor:
        """Radiance `(B, 3, H, W)` of `image` `(B, 3, H, W)`, on the scale that `scale` says. See `HDRModule.expand`."""
        radiance: Tensor = self.network(image).float()
        if self.scale == "exposed":
            response = self.response or Gamma(2.2)
            return radiance * exposed_scale(image, radiance, response)
        if self.scale == "stretched":
            least, most = of_whole_image(
                lambda: (radiance.amin((1, 2, 3), keepdim=True), radiance.amax((1, 2, 3), keepdim=True))
            )
            return ((radiance - least) / (most - least).clamp_min(1e-6)).clamp_min(0)
        return radiance

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Expand photographs to their radiance, stretched to [0, 1]."""
        radiance = self.network(source_of(batch))
        loss = expansion_loss(radiance, stretched(truth_of(batch)), self.cosine_weight)
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=len(radiance))
        return loss
