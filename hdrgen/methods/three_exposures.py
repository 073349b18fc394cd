"""What the methods share that make one HDR image of three exposures of a moving scene."""

from abc import ABC, abstractmethod
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor

from hdrgen.camera import CameraResponse, Gamma
from hdrgen.data import Batch, Brackets, PhotographSource, ThreeExposures
from hdrgen.errors import InputError
from hdrgen.losses import PerceptualLoss, mu_law_l1
from hdrgen.methods.base import HDRModule
from hdrgen.methods.frames import FRAMES, REFERENCE
from hdrgen.tiling import pad_to_multiple
from hdrgen.tonemap import mu_law

CLIPPED = 0.9
"""Display value above which `near_reference` no longer trusts the reference."""
PERCEPTUAL_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
"""Of VGG-16."""
DARKEST = 1e-5
"""Nearest that a start comes to 0 and 1, where its logit would be infinite."""


class ThreeExposureModule(HDRModule, ABC):
    r"""A dark, a middle and a bright exposure of a moving scene to radiance as it was at the middle one.

    A frame enters the network as six channels: its display values, and the radiance that they show,
    :math:`f^{-1}(L_i) / t_i`. Radiance is counted from the darkest exposure: what saturates there is 1, and all
    brighter radiance counts as 1. A method implements `estimate`, and `losses` where its paper has another loss than
    the absolute difference after the mu-law.

    Args:
        optimizer: See `HDRModule`.
        scheduler: See `HDRModule`.
        interval: See `HDRModule`.
        response: Response that linearises the exposures; None: gamma 2.2.
        initial_weights: See `HDRModule`.
        exposure_step: Distance in stops of the darker and the brighter exposure from the reference that is looked for
            in stacks of more than three.
        mu: Of the mu-law.

    Attributes:
        smallest: Side in pixels of the smallest image that `fuse` takes; smaller ones are padded to it.
        linear_first: Whether the radiance comes before the display values in the six channels.
        start_near_reference: Whether the network corrects `near_reference` rather than makes an image.
        perceptual_weight: Of the distance of VGG features after the mu-law, which a method may add.
        perceptual_weights: File of VGG-16's weights; None takes torch.hub's cache.
        perceptual: That distance, while training.
    """

    input = "bracket"
    generates = False
    smallest: int = 1
    linear_first: bool = False
    start_near_reference: bool = False
    perceptual_weight: float = 0.0
    perceptual_weights: str | Path | None = None
    perceptual: PerceptualLoss | None

    def __init__(
        self,
        optimizer: OptimizerCallable | None = None,
        scheduler: LRSchedulerCallable | None = None,
        interval: Literal["epoch", "step"] = "epoch",
        response: CameraResponse | None = None,
        initial_weights: str | None = None,
        exposure_step: float = 2.0,
        mu: float = 5000.0,
    ) -> None:
        super().__init__(optimizer, scheduler, interval, response=response, initial_weights=initial_weights)
        self.exposures = ThreeExposures(exposure_step)
        self.mu = mu
        self.perceptual = None  # here, since a value of the class would hide the module that training sets

    def setup(self, stage: str) -> None:
        """Fetch the VGG trunk, for training only: a checkpoint loads and predicts without it."""
        super().setup(stage)
        if stage == "fit" and self.perceptual_weight > 0:
            self.perceptual = PerceptualLoss(16, PERCEPTUAL_LAYERS, self.perceptual_weights, "mean")

    @property
    def photographs(self) -> PhotographSource:
        """Brackets, of which the three photographs are read that are merged."""
        return partial(Brackets, selection=self.exposures)

    # -- from exposures to radiance ------------------------------------------------------------------------------------

    def without_motion(self, ldr: Tensor, ev: Tensor) -> Tensor:
        """The exposures as the reference saw the scene, of whole photographs, for methods that align: here unchanged.

        Args:
            ldr: `(B, 3, 3, H, W)` display values, dark to bright.
            ev: `(B, 3)` stops.
        """
        return ldr

    def linearised(self, ldr: Tensor, ev: Tensor) -> Tensor:
        r"""Radiance that each exposure shows, :math:`f^{-1}(L_i) / t_i`; the darkest exposure time is 1.

        Args:
            ldr: `(B, 3, 3, H, W)` display values.
            ev: `(B, 3)` stops, ascending.
        """
        linear: Tensor = (self.response or Gamma(2.2)).inverse(ldr)
        return linear * (ev[:, :1] - ev).exp2()[..., None, None, None]

    def six_channels(self, ldr: Tensor, linear: Tensor) -> Tensor:
        """What the network sees of each exposure, `(B, 3, 6, H, W)`; `linear` is what `linearised` makes of `ldr`."""
        return torch.cat([linear, ldr] if self.linear_first else [ldr, linear], 2)

    @abstractmethod
    def estimate(self, ldr: Tensor, ev: Tensor) -> Tensor:
        """Radiance `(B, 3, H, W)` on the scale on which 1 is white in the darkest exposure; a method implements it.

        Args:
            ldr: `(B, 3, 3, H, W)` display values, dark to bright; both sides divide by `multiple`, and are at least
                `smallest`.
            ev: `(B, 3)` stops.
        """

    def radiance_of_network(self, ldr: Tensor, ev: Tensor, sigmoid: bool = True) -> Tensor:
        """What `network` makes of the six channels; `sigmoid`: it ends in one. Other arguments as of `estimate`."""
        network: Any = self.network  # the method's own
        linear = self.linearised(ldr, ev)
        begin = self.start_of_sigmoid if sigmoid else self.near_reference
        start = begin(ldr, linear) if self.start_near_reference else None
        radiance: Tensor = network(self.six_channels(ldr, linear), start)
        return radiance

    def fuse(self, ldr: Tensor, ev: Tensor) -> Tensor:
        """Linear radiance `(B, 3, H, W)` at EV 0 of the three exposures of a scene; arguments as of `estimate`."""
        return self.estimate(ldr, ev).float() * (-ev[:, :1]).exp2()[..., None, None]

    def reconstruct(self, batch: Batch) -> Tensor:
        """Linear radiance `(B, 3, H, W)` at the reference exposure.

        Raises:
            InputError: A stack has no exposure on one side of its reference.
        """
        ldr, ev = self.three_of(batch)
        height, width = ldr.shape[-2:]
        padded = self.without_motion(ldr, ev).flatten(1, 2)
        if min(height, width) < self.smallest:
            padded = pad_to_multiple(padded, self.smallest)
        frames = (len(ldr), FRAMES, 3)
        radiance = self.in_tiles(lambda part: self.fuse(part.view(*frames, *part.shape[-2:]), ev), padded)
        return radiance[..., :height, :width]

    def three_of(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The three exposures of each stack that are merged: `(B, 3, 3, H, W)`, and `(B, 3)` stops."""
        ldr, ev, generator = batch["ldr"], batch["ev"], torch.Generator()
        if self.training and ldr.shape[1] == FRAMES:
            return ldr, ev  # the selection has chosen them already; to ask again would wait for the device
        frames = [self.exposures(row, int(ref), generator) for row, ref in zip(ev.cpu(), batch["ref"], strict=True)]
        if all(frame == list(range(ldr.shape[1])) for frame in frames):
            return ldr, ev  # no copy of large photographs
        chosen, rows = torch.tensor(frames, device=ldr.device), torch.arange(len(ldr), device=ldr.device)[:, None]
        return ldr[rows, chosen], ev[rows, chosen]

    def near_reference(self, ldr: Tensor, linear: Tensor) -> Tensor:
        """The radiance `(B, 3, H, W)` that is known without a network, on the scale of the darkest exposure.

        The reference's, or the darkest exposure's where that is clipped. Where a network starts from it, short
        trainings learn to correct an image rather than to make one.

        Args:
            ldr: `(B, 3, 3, H, W)` display values.
            linear: What `linearised` makes of them: handed on, since ONNX loses what one program linearises twice.
        """
        clipped = ((ldr[:, REFERENCE].amax(1, keepdim=True) - CLIPPED) / (1 - CLIPPED)).clamp(0, 1)
        return torch.lerp(linear[:, REFERENCE], linear[:, 0], clipped)

    def start_of_sigmoid(self, ldr: Tensor, linear: Tensor) -> Tensor:
        """What a sigmoid turns into `near_reference`."""
        return torch.logit(self.near_reference(ldr, linear), DARKEST)

    # -- training ------------------------------------------------------------------------------------------------------

    def truth_of(self, batch: Batch, ev: Tensor) -> Tensor:
        """The true radiance `(B, 3, H, W)` of a batch on the scale of the darkest exposure, cut where that saturates.

        Raises:
            InputError: The scenes have no truth.
        """
        if "hdr" not in batch:
            raise InputError("expected scenes with a true HDR image to train on, found none; see MovingScenes")
        truth: Tensor = batch["hdr"] * ev[:, :1].exp2()[..., None, None]
        return truth.clamp(0, 1)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The weighted terms of the loss by name; here those of `image_terms` of the estimate.

        Raises:
            InputError: The scenes have no truth.
        """
        ldr, ev = self.three_of(batch)
        truth = self.truth_of(batch, ev)
        return self.image_terms(self.estimate(ldr, ev), truth)

    def image_terms(self, radiance: Tensor, truth: Tensor) -> dict[str, Tensor]:
        """The absolute difference after the mu-law, and where it has a weight that of VGG features."""
        terms = {"l1": mu_law_l1(radiance, truth, self.mu)}
        if self.perceptual is not None:
            images = (mu_law(image.float(), self.mu) for image in (radiance, truth))
            terms["perceptual"] = self.perceptual_weight * self.perceptual(*images)
        return terms

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor | None:
        """Sum and log the terms of `losses`."""
        terms, size = self.losses(batch), len(batch["ldr"])
        loss = torch.stack(list(terms.values())).sum()
        if len(terms) > 1:
            self.log_dict({f"train/{name}": term.detach() for name, term in terms.items()}, batch_size=size)
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=size)
        return loss
