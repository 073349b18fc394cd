"""Training of Kalantari and Ramamoorthi 2017 and its place in the common interface."""

from collections.abc import Sequence
from typing import Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import ConstantLR

from hdrgen.camera import CameraResponse, Gamma
from hdrgen.data import Batch
from hdrgen.errors import InputError
from hdrgen.losses import mu_law_square
from hdrgen.methods.kalantari2017.alignment import Aligned, aligned
from hdrgen.methods.kalantari2017.loss import reachable
from hdrgen.methods.kalantari2017.network import CHANNELS, REACH, MergingNetwork, Variant
from hdrgen.methods.randomness import drawn_for_step
from hdrgen.methods.three_exposures import ThreeExposureModule


class Kalantari2017(ThreeExposureModule):
    r"""A dark, a middle and a bright exposure of a moving scene to one HDR image: aligned by flow, then merged.

    Paper:
        Kalantari, Ramamoorthi: "Deep High Dynamic Range Imaging of Dynamic Scenes", SIGGRAPH 2017.

    Input:
        three photographs of a moving scene

    Optical flow moves the other exposures to where the middle one saw things; what it leaves without a value is taken
    from that. A small network then merges the three. The loss is :math:`\lVert T(\hat H) - T(H) \rVert_2^2`, summed, T
    the mu-law.

    Args:
        variant: What the network makes: the radiance, weights for the radiance of the aligned exposures, or weights and
            images to be weighed (the paper's direct, WE and WIE).
        channels: Of its three hidden layers.
        flow: `dis` finds the motion by OpenCV's dense inverse search; `none` is for exposures that are aligned already,
            and for export.
        shuffle_colours: Whether training takes the colours of each scene in a random order, as the paper does.
        mu: Of the mu-law.
        exposure_step: Distance in stops of the darker and the brighter exposure from the reference that is looked for
            in stacks of more than three.
        response: Response that linearises the exposures; None: gamma 2.2.
        optimizer: Adam at the paper's rate.
        scheduler: Keeps the rate.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    overlap = 16  # three eighths are not used, 6 pixels: what the network sees

    def __init__(
        self,
        variant: Variant = "weights_and_images",
        channels: Sequence[int] = CHANNELS,
        flow: Literal["dis", "none"] = "dis",
        shuffle_colours: bool = True,
        mu: float = 5000.0,
        exposure_step: float = 2.0,
        response: CameraResponse | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=1e-4),
        scheduler: LRSchedulerCallable | None = lambda o: ConstantLR(o, factor=1.0),
        interval: Literal["epoch", "step"] = "epoch",
        initial_weights: str | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler, interval, response, initial_weights, exposure_step, mu)
        if len(channels) != len(CHANNELS):
            raise InputError(f"expected three hidden widths, found {list(channels)}", "channels")
        self.save_hyperparameters(ignore=["optimizer", "scheduler", "response"])
        self.network = MergingNetwork(variant, tuple(channels))
        self.flow = flow
        self.shuffle_colours = shuffle_colours

    def without_motion(self, ldr: Tensor, ev: Tensor) -> Tensor:
        """The exposures as the reference saw the scene; see `ThreeExposureModule.without_motion`."""
        return self.aligned(ldr, ev).ldr

    def aligned(self, ldr: Tensor, ev: Tensor) -> Aligned:
        """The exposures `(B, 3, 3, H, W)` at `(B, 3)` stops as the reference saw the scene, and where they do not.

        Raises:
            InputError: OpenCV is not installed.
        """
        if self.flow == "none":
            return Aligned(ldr, torch.zeros_like(ldr[:, :, :1], dtype=torch.bool))
        return aligned(ldr, ev, self.response or Gamma(2.2))

    def estimate(self, ldr: Tensor, ev: Tensor) -> Tensor:
        """What the network makes of aligned exposures; see `ThreeExposureModule.estimate`.

        Raises:
            InputError: It is to be exported, and a program cannot look for the motion.
        """
        if torch.compiler.is_exporting() and self.flow != "none":
            raise InputError(
                "a program cannot look for motion, as flow='dis' does; export the weights alone, or a network that was"
                " trained with flow='none'",
                "flow",
            )
        radiance: Tensor = self.network(ldr, self.linearised(ldr, ev))
        return radiance

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The squared differences after the mu-law, without a border that the network does not fully see."""
        ldr, ev = self.three_of(batch)
        truth = self.truth_of(batch, ev)
        ldr, missing = self.aligned(ldr, ev)
        linear = self.linearised(ldr, ev)
        truth = reachable(truth, ldr, linear, missing)
        if self.training and self.shuffle_colours:
            with drawn_for_step(self, batch["scene"]):
                ldr, linear, truth = in_another_order(ldr, linear, truth)
        inner = [slice(REACH, -REACH) if side > 2 * REACH else slice(None) for side in truth.shape[-2:]]
        made = self.network(ldr, linear)
        return {"square": mu_law_square(made[..., *inner], truth[..., *inner], self.mu, reduction="sum")}


def in_another_order(*images: Tensor) -> list[Tensor]:
    """Images `(B, ..., 3, H, W)`, the colours of each scene in a random order, the same in all of them."""
    order = torch.rand(len(images[0]), 3, device=images[0].device).argsort(1)
    scenes = range(len(images[0]))
    return [torch.stack([image[scene].index_select(-3, order[scene]) for scene in scenes]) for image in images]
