"""Training of Yan et al. 2020 and its place in the common interface."""

from collections.abc import Sequence
from typing import Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import StepLR

from hdrgen.camera import CameraResponse
from hdrgen.methods.nhdrrnet.network import BLOCKS, CHANNELS, POOL, NHDRRNetwork
from hdrgen.methods.three_exposures import ThreeExposureModule


class NHDRRNet(ThreeExposureModule):
    r"""A dark, a middle and a bright exposure of a moving scene to one HDR image, by what distant places share.

    Paper:
        Yan, Zhang, Liu, Zhu, Sun, Shi, Zhang: "Deep HDR Imaging via A Non-Local Network", IEEE TIP 2020.

    Input:
        three photographs of a moving scene

    Each exposure has an encoder; what they make is merged at a sixteenth of the size, where blocks of three kernel
    sizes stand beside a branch that compares every place with every other. The loss is
    :math:`\lVert T(\hat H) - T(H) \rVert_1`, T the mu-law.

    Args:
        channels: Of the maps at a half, a quarter, an eighth and a sixteenth of the size.
        blocks: At a sixteenth.
        pool: Rows and columns of the map in which distant places are compared: 32, or the 16 of another port.
        start_near_reference: Let the network correct an image rather than make one: its last layer begins at 0, and
            what it makes is added to the linearised reference, which is replaced by the darkest exposure where it is
            nearly clipped. Not in the paper; short trainings gain by it.
        mu: Of the mu-law.
        exposure_step: Distance in stops of the darker and the brighter exposure from the reference that is looked for
            in stacks of more than three.
        response: Response that linearises the exposures; None: gamma 2.2.
        optimizer: Adam at the port's rate.
        scheduler: A tenth of the rate after every 20,000 passes over 74 scenes in batches of 16.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    context = True
    multiple = NHDRRNetwork.multiple
    overlap = 512  # of which three eighths on each side go; the ten blocks see further, with little weight

    def __init__(
        self,
        channels: Sequence[int] = CHANNELS,
        blocks: int = BLOCKS,
        pool: int = POOL,
        start_near_reference: bool = False,
        mu: float = 5000.0,
        exposure_step: float = 2.0,
        response: CameraResponse | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=1e-3),
        scheduler: LRSchedulerCallable | None = lambda o: StepLR(o, step_size=92_500, gamma=0.1),
        interval: Literal["epoch", "step"] = "step",
        initial_weights: str | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler, interval, response, initial_weights, exposure_step, mu)
        self.save_hyperparameters(ignore=["optimizer", "scheduler", "response"])
        self.network = NHDRRNetwork(channels, blocks, pool, zero_head=start_near_reference)
        self.start_near_reference = start_near_reference

    def estimate(self, ldr: Tensor, ev: Tensor) -> Tensor:
        """What the network makes, of which it bounds only what is below 0; see `ThreeExposureModule.estimate`."""
        return self.radiance_of_network(ldr, ev, sigmoid=False)
