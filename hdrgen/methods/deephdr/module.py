"""Training of Wu et al. 2018 and its place in the common interface."""

from collections.abc import Sequence
from typing import Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import ConstantLR

from hdrgen.camera import CameraResponse
from hdrgen.losses import mu_law_square
from hdrgen.methods.deephdr.network import BLOCKS, CHANNELS, DeepHDRNetwork
from hdrgen.methods.three_exposures import ThreeExposureModule


class DeepHDR(ThreeExposureModule):
    r"""A dark, a middle and a bright exposure of a moving scene to one HDR image, by encoders and residual blocks.

    Paper:
        Wu, Xu, Tai, Tang: "Deep High Dynamic Range Imaging with Large Foreground Motions", ECCV 2018.

    Input:
        three photographs of a moving scene

    Each exposure has an encoder; what they make is merged at an eighth of the size, and decoded beside the encoders'
    maps. The loss is :math:`\lVert T(\hat H) - T(H) \rVert_2^2`, T the mu-law, in [-1, 1].

    Args:
        channels: Of the maps at a half, a quarter and an eighth of the size.
        blocks: Residual blocks at an eighth.
        start_near_reference: Let the network correct an image rather than make one: its last layer begins at 0, and
            what it makes is added to the linearised reference, which is replaced by the darkest exposure where it is
            nearly clipped. Not in the paper; short trainings gain by it.
        mu: Of the mu-law.
        exposure_step: Distance in stops of the darker and the brighter exposure from the reference that is looked for
            in stacks of more than three.
        response: Response that linearises the exposures; None: gamma 2.2.
        optimizer: Adam as in the authors' script.
        scheduler: Keeps the rate.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    multiple = DeepHDRNetwork.multiple
    smallest = DeepHDRNetwork.smallest
    overlap = 384  # the residual blocks see 150 pixels to each side

    def __init__(
        self,
        channels: Sequence[int] = CHANNELS,
        blocks: int = BLOCKS,
        start_near_reference: bool = False,
        mu: float = 5000.0,
        exposure_step: float = 2.0,
        response: CameraResponse | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=2e-4, betas=(0.5, 0.999)),
        scheduler: LRSchedulerCallable | None = lambda o: ConstantLR(o, factor=1.0),
        interval: Literal["epoch", "step"] = "epoch",
        initial_weights: str | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler, interval, response, initial_weights, exposure_step, mu)
        self.save_hyperparameters(ignore=["optimizer", "scheduler", "response"])
        self.network = DeepHDRNetwork(channels, blocks, zero_head=start_near_reference)
        self.start_near_reference = start_near_reference

    def estimate(self, ldr: Tensor, ev: Tensor) -> Tensor:
        """What the network makes, from [-1, 1] to [0, 1]; see `ThreeExposureModule.estimate`."""
        linear = self.linearised(ldr, ev)
        start = self.start_of_sigmoid(ldr, linear) / 2 if self.start_near_reference else None  # of a tanh
        image: Tensor = self.network(2 * self.six_channels(ldr, linear) - 1, start)
        return (image + 1) / 2

    def image_terms(self, radiance: Tensor, truth: Tensor) -> dict[str, Tensor]:
        """The mean squared difference after the mu-law, of values from -1 to 1: 4 times that of values from 0 to 1."""
        return {"square": 4 * mu_law_square(radiance, truth, self.mu)}
