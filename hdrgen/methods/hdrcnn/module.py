"""Training of Eilertsen et al. 2017 and its place in the common interface."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import ExponentialLR

from hdrgen.data import Batch, TheseExposures
from hdrgen.errors import InputError
from hdrgen.methods.base import HDRModule
from hdrgen.methods.hdrcnn.loss import log_loss, separated_loss
from hdrgen.methods.source import source_of, truth_of
from hdrgen.nn import LOG_FLOOR, VGG_CHANNELS, FillingNetwork, blend_weight


class HDRCNN(HDRModule):
    r"""One photograph to radiance: a network fills in what is over-exposed, the rest is squared.

    Paper:
        Eilertsen, Kronander, Denes, Mantiuk, Unger: "HDR image reconstruction from a single exposure using deep CNNs",
        SIGGRAPH Asia 2017.

    The result is :math:`(1 - \alpha)\,x^2 + \alpha\,(e^{y} - \epsilon)`, with the network's y, :math:`\epsilon = 1/255`
    and alpha rising from 0 to 1 where the largest channel of x is within `threshold` of white (Eq. 1, 2).

    Args:
        channels: Width of each block of the encoder, from full resolution down.
        threshold: tau, the display value below white from which on the network takes part.
        separated: Train on illumination and reflectance apart (Eq. 5 to 7); False: on log radiance (Eq. 3).
        illumination_weight: lambda of Eq. 7.
        masked_by: What training finds over-exposed pixels by: the true radiance, as the authors' code, or the
            photograph, by which the result blends.
        boost: Exponent g for lights that come out too dark: the network sees :math:`x^{1/g}`, and the result is taken
            to the power g; 1.1 to 1.3 in the authors' advice.
        pretrained: Start the encoder from VGG-16's ImageNet weights; False starts it at random. The authors' code takes
            Places365's.
        encoder_weights: File with torchvision's vgg16 weights; None looks in torch.hub's cache.
        optimizer: Adam with the rate of the authors' fine-tuning.
        scheduler: The authors' code: 0.99 per epoch.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    generates = False
    channels_last = True
    exposures = TheseExposures((0.0,))

    def __init__(
        self,
        channels: Sequence[int] = VGG_CHANNELS,
        threshold: float = 0.05,
        separated: bool = True,
        illumination_weight: float = 0.5,
        masked_by: Literal["target", "input"] = "target",
        boost: float = 1.0,
        pretrained: bool = True,
        encoder_weights: str | Path | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=5e-5),
        scheduler: LRSchedulerCallable | None = lambda o: ExponentialLR(o, gamma=0.99),
        interval: Literal["epoch", "step"] = "epoch",
        initial_weights: str | None = None,
    ) -> None:
        _check(threshold, illumination_weight, boost)
        super().__init__(optimizer, scheduler, interval, initial_weights=initial_weights)
        self.save_hyperparameters(ignore=["optimizer", "scheduler"])
        self.network = FillingNetwork(channels)
        self.multiple = self.network.multiple
        self.threshold = threshold
        self.separated = separated
        self.illumination_weight = illumination_weight
        self.masked_by = masked_by
        self.boost = boost
        self.pretrained = pretrained
        self.encoder_weights = encoder_weights

    def load_first_weights(self) -> None:
        """Fetch the encoder's first weights."""
        if self.pretrained:
            self.network.load_encoder(self.encoder_weights)

    def expand(self, image: Tensor) -> Tensor:
        """Radiance `(B, 3, H, W)` of `image` `(B, 3, H, W)`. See `HDRModule.expand`."""
        image = image.float() ** (1 / self.boost)
        return self.blended(image, self.network(image)).clamp_min(0) ** self.boost

    def blended(self, image: Tensor, log_radiance: Tensor) -> Tensor:
        """The result of `image` `(B, 3, H, W)`, and of what the network made of it, of the same shape."""
        return torch.lerp(image**2, log_radiance.float().exp() - LOG_FLOOR, blend_weight(image, self.threshold))

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Compare log radiance where the photograph is over-exposed."""
        image, truth = source_of(batch), truth_of(batch)
        y = self.network(image)
        mask = blend_weight(truth if self.masked_by == "target" else image, self.threshold)
        apart = self.separated
        loss = separated_loss(y, truth, mask, self.illumination_weight) if apart else log_loss(y, truth, mask)
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=len(image))
        return loss


def _check(threshold: float, illumination_weight: float, boost: float) -> None:
    if not 0 < threshold <= 1:
        raise InputError(f"expected a threshold above 0 and up to 1, found {threshold:g}", "threshold")
    if not 0 <= illumination_weight <= 1:
        raise InputError(f"expected a weight from 0 to 1, found {illumination_weight:g}", "illumination_weight")
    if not 0 < boost <= 10:
        raise InputError(f"expected an exponent above 0 and up to 10, found {boost:g}; pass 1 for none", "boost")
