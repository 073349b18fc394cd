"""Training of Kong et al. 2024 and its place in the common interface."""

from pathlib import Path
from typing import Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import ConstantLR

from hdrgen.camera import CameraResponse
from hdrgen.data import Batch
from hdrgen.losses import census_distance, mu_law_l1
from hdrgen.methods.safnet.network import SAFNetwork
from hdrgen.methods.three_exposures import ThreeExposureModule
from hdrgen.tonemap import mu_law


class SAFNet(ThreeExposureModule):
    r"""A dark, a middle and a bright exposure of a moving scene to one HDR image: flow and trust, merge, refinement.

    Paper:
        Kong, Li, Xiong, Zhang, Gu, Chen: "SAFNet: Selective Alignment Fusion Network for Efficient HDR Imaging",
        ECCV 2024.

    Input:
        three photographs of a moving scene

    One small decoder, run from coarse to fine at half the size, finds how the other exposures moved and where they can
    be trusted. With that they are merged by weights that depend on how well the middle one is exposed, and a refiner
    corrects the merge. The loss is :math:`\lVert T(\hat H) - T(H) \rVert_1 + \alpha V + \beta (\lVert T(H_m) - T(H)
    \rVert_1 + C)`: T the mu-law, V a distance of VGG features, :math:`H_m` the merge, C its census distance.

    Args:
        channels: Of the features that the flow is found in.
        refiner: `full`, or `small`, that of the authors' SAFNet-S.
        refiner_width: Channels of the refiner; None: the authors', 80 and 32.
        window: Side in pixels of the squares into which the refiner cuts the patches that it trains on (the paper's
            window partition); None leaves them whole.
        start_at_merge: Whether the refiner's last layer begins at 0, so that training starts from the merge. Not in the
            paper; short trainings gain by it.
        perceptual_weight: alpha; above 0, training needs VGG-16's weights.
        merge_weight: beta.
        perceptual_weights: File of torchvision's VGG-16; None takes torch.hub's cache.
        mu: Of the mu-law.
        exposure_step: Distance in stops of the darker and the brighter exposure from the reference that is looked for
            in stacks of more than three.
        response: Response that linearises the exposures; None: gamma 2.2.
        optimizer: AdamW. The authors' code for training is not public: optimizer and rate are unchecked.
        scheduler: Keeps the rate.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    linear_first = True
    multiple = 32  # at which half the size divides by the encoder's stride, in tiles as in the whole
    overlap = 384  # of which three eighths on each side go: the coarsest flow sees far

    def __init__(
        self,
        channels: int = 40,
        refiner: Literal["full", "small"] = "full",
        refiner_width: int | None = None,
        window: int | None = 128,
        start_at_merge: bool = False,
        perceptual_weight: float = 0.01,
        merge_weight: float = 0.1,
        perceptual_weights: str | Path | None = None,
        mu: float = 5000.0,
        exposure_step: float = 2.0,
        response: CameraResponse | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.AdamW(p, lr=2e-4),
        scheduler: LRSchedulerCallable | None = lambda o: ConstantLR(o, factor=1.0),
        interval: Literal["epoch", "step"] = "epoch",
        initial_weights: str | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler, interval, response, initial_weights, exposure_step, mu)
        self.save_hyperparameters(ignore=["optimizer", "scheduler", "response"])
        self.network = SAFNetwork(channels, refiner, refiner_width, window, zero_head=start_at_merge)
        self.perceptual_weight = perceptual_weight
        self.perceptual_weights = perceptual_weights
        self.merge_weight = merge_weight

    def estimate(self, ldr: Tensor, ev: Tensor) -> Tensor:
        """The refined merge; see `ThreeExposureModule.estimate`."""
        radiance: Tensor = self.network(self.six_channels(ldr, self.linearised(ldr, ev))).radiance
        return radiance

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The weighted terms; see `ThreeExposureModule.losses`."""
        ldr, ev = self.three_of(batch)
        truth = self.truth_of(batch, ev)
        made = self.network(self.six_channels(ldr, self.linearised(ldr, ev)))
        distance = mu_law_l1(made.merged, truth, self.mu)
        coded = [mu_law(image.float(), self.mu) for image in (made.merged, truth)]
        merge = self.merge_weight * (distance + census_distance(coded[0], coded[1]))
        return {**self.image_terms(made.radiance, truth), "merge": merge}
