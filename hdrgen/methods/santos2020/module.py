"""Training of Santos et al. 2020 and its place in the common interface."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import ConstantLR

from hdrgen.data import Batch, TheseExposures
from hdrgen.errors import InputError
from hdrgen.losses import PerceptualLoss
from hdrgen.methods.base import HDRModule
from hdrgen.methods.randomness import drawn_for_step
from hdrgen.methods.santos2020.holes import random_holes
from hdrgen.methods.santos2020.loss import (
    MOST,
    feature_distances,
    masked_log_distance,
    seen_by_vgg,
    variation_in_holes,
)
from hdrgen.methods.santos2020.network import CHANNELS, MaskedNetwork
from hdrgen.methods.source import source_of, truth_of

LAYERS = ("pool1", "pool2", "pool3")
"""Of VGG-16."""
BRIGHTEST = 1e4
"""Radiance at which targets are cut."""
VALID, HOLE, VARIATION, CONTENT = 1.0, 6.0, 0.1, 0.05
"""Weights of the pre-training's terms; that of style is the training's."""


class Santos2020(HDRModule):
    r"""One photograph to radiance: a network fills in what is over-exposed, by features that leave it out.

    Paper:
        Santos, Ren, Kalantari: "Single Image HDR Reconstruction Using a CNN with Masked Features and Perceptual Loss",
        SIGGRAPH 2020.

    The result is :math:`m\,x^2 + (1 - m)(e^{y} - 1)`, with the network's y and m falling from 1 to 0 for each channel
    of x that is within `threshold` of white. Each convolution weighs its input by m, and hands on how much of what it
    saw could be trusted.

    The loss is :math:`\lambda_r\,\mathrm{mean}|(1 - m)(y - \ln(H + 1))| + \lambda_p\,V + \lambda_s\,S`: V a distance of
    VGG features, S of their Gram matrices.

    Args:
        channels: Of the maps from a half of the size down; their number is that of the levels.
        threshold: Display value below white from which on the network takes part.
        first_bias: Of the last layer. Training gives nothing back where the network makes less than 0, at first half of
            all values with the authors' 0; short trainings gain by 1.
        stage: `hdr`, or `inpainting`, a training before it on display photographs with random holes; go on from its
            checkpoint by `initial_weights`.
        log_weight: Of the first term.
        perceptual_weight: Of the second. The authors' inpainting takes 0.05 of it.
        style_weight: Of the third. Without both, training needs no VGG.
        perceptual_weights: File with torchvision's vgg16 weights; None looks in torch.hub's cache.
        optimizer: Adam; the rate is unchecked.
        scheduler: Keeps the rate.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    generates = False
    channels_last = True
    overlap = 384  # it sees further, with little weight
    exposures = TheseExposures((0.0,))

    def __init__(
        self,
        channels: Sequence[int] = CHANNELS,
        threshold: float = 0.05,
        first_bias: float = 0.0,
        stage: Literal["hdr", "inpainting"] = "hdr",
        log_weight: float = 6.0,
        perceptual_weight: float = 1.0,
        style_weight: float = 120.0,
        perceptual_weights: str | Path | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=2e-4),
        scheduler: LRSchedulerCallable | None = lambda o: ConstantLR(o, factor=1.0),
        interval: Literal["epoch", "step"] = "epoch",
        initial_weights: str | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler, interval, initial_weights=initial_weights)
        if not 0 < threshold <= 1:
            raise InputError(f"expected a threshold above 0 and up to 1, found {threshold:g}", "threshold")
        self.save_hyperparameters(ignore=["optimizer", "scheduler"])
        self.network = MaskedNetwork(channels, first_bias)
        self.multiple = self.network.multiple
        self.threshold = threshold
        self.stage = stage
        self.log_weight = log_weight
        self.perceptual_weight = perceptual_weight
        self.style_weight = style_weight
        self.perceptual_weights = perceptual_weights
        self.perceptual: PerceptualLoss | None = None

    def setup(self, stage: str) -> None:
        """Fetch the VGG trunk, for training only: a checkpoint loads and predicts without it."""
        super().setup(stage)
        if stage == "fit" and max(self.perceptual_weight, self.style_weight) > 0:
            self.perceptual = PerceptualLoss(16, LAYERS, self.perceptual_weights, "mean")

    def trusted(self, image: Tensor) -> Tensor:
        """m, 1 where a value of `image` `(B, 3, H, W)` can be trusted, falling to 0 at white; the same shape."""
        return ((1 - image.float()) / self.threshold).clamp(0, 1)

    def expand(self, image: Tensor) -> Tensor:
        """Radiance `(B, 3, H, W)` of `image` `(B, 3, H, W)`. See `HDRModule.expand`."""
        mask = self.trusted(image)
        return torch.lerp(radiance_of(self.network(image, mask)), image.float().square(), mask)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Sum and log the terms of the stage."""
        terms = self.filling_losses(batch) if self.stage == "inpainting" else self.losses(batch)
        loss, size = torch.stack(list(terms.values())).sum(), len(batch["ldr"])
        if len(terms) > 1:
            self.log_dict({f"train/{name}": term.detach() for name, term in terms.items()}, batch_size=size)
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=size)
        return loss

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The weighted terms of the training to radiance, by name."""
        image, truth = source_of(batch), truth_of(batch).clamp(0, BRIGHTEST)
        mask = self.trusted(image)
        y = self.network(image, mask)
        terms = {"log": self.log_weight * masked_log_distance(y, truth, mask)}
        composed = torch.lerp(radiance_of(y), truth, mask)
        return terms | self._seen(seen_by_vgg(composed, truth), seen_by_vgg(truth, truth), self.perceptual_weight)

    def filling_losses(self, batch: Batch) -> dict[str, Tensor]:
        """The weighted terms of the training to fill holes in display photographs, by name."""
        image = source_of(batch).float()
        with drawn_for_step(self, batch["scene"]):
            mask = torch.stack([random_holes(*image.shape[-2:]) for _ in image]).to(image).expand_as(image)
        made = self.network(image, mask).float()
        error, composed = (made - image).abs(), torch.lerp(made, image, mask)
        terms = {
            "valid": VALID * (mask * error).mean(),
            "hole": HOLE * ((1 - mask) * error).mean(),
            "variation": VARIATION * variation_in_holes(composed, mask),
        }
        return terms | self._seen(composed, image, CONTENT * self.perceptual_weight)

    def _seen(self, image: Tensor, target: Tensor, weight: float) -> dict[str, Tensor]:
        if self.perceptual is None:
            return {}
        content, style = feature_distances(self.perceptual.maps, image, target)
        return {"perceptual": weight * content, "style": self.style_weight * style}


def radiance_of(log_radiance: Tensor) -> Tensor:
    """Radiance of what the network makes, within the bounds that it is trained in."""
    y = log_radiance.float().clamp_min(0).clamp_max(MOST)  # one clamp of both, torch.export does not follow
    return y.expm1()
