"""Training of Yan et al. 2019 and its place in the common interface."""

from typing import Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import ConstantLR

from hdrgen.camera import CameraResponse
from hdrgen.methods.ahdrnet.network import AHDRNetwork
from hdrgen.methods.three_exposures import ThreeExposureModule


class AHDRNet(ThreeExposureModule):
    r"""A dark, a middle and a bright exposure of a moving scene to one HDR image: attention, then dense blocks.

    Paper:
        Yan, Gong, Shi, van den Hengel, Shen, Reid, Zhang: "Attention-Guided Network for Ghost-Free High Dynamic Range
        Imaging", CVPR 2019.

    Input:
        three photographs of a moving scene

    Attention maps beside the middle exposure leave out of the others what moved or is clipped; dilated residual dense
    blocks merge what is left. The loss is :math:`\lVert T(\hat H) - T(H) \rVert_1`, T the mu-law.

    Args:
        channels: Width of all features.
        growth: Channels that each layer of a dense block adds.
        layers: Of a dense block.
        blocks: Number of dense blocks.
        idle_layers: Whether the two convolutions are there that the authors' code builds and never calls, as in the
            count of parameters that is published; they are frozen.
        start_near_reference: Let the network correct an image rather than make one: its last layer begins at 0, and
            what it makes is added to the linearised reference, which is replaced by the darkest exposure where it is
            nearly clipped. Not in the paper; short trainings gain by it.
        mu: Of the mu-law.
        exposure_step: Distance in stops of the darker and the brighter exposure from the reference that is looked for
            in stacks of more than three.
        response: Response that linearises the exposures; None: gamma 2.2.
        optimizer: Adam at the authors' rate.
        scheduler: Keeps the rate. The authors' script has it fall to a tenth at four fifths of 800,000 epochs, which
            no training reaches.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    def __init__(
        self,
        channels: int = 64,
        growth: int = 32,
        layers: int = 6,
        blocks: int = 3,
        idle_layers: bool = True,
        start_near_reference: bool = False,
        mu: float = 5000.0,
        exposure_step: float = 2.0,
        response: CameraResponse | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=1e-4),
        scheduler: LRSchedulerCallable | None = lambda o: ConstantLR(o, factor=1.0),
        interval: Literal["epoch", "step"] = "epoch",
        initial_weights: str | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler, interval, response, initial_weights, exposure_step, mu)
        self.save_hyperparameters(ignore=["optimizer", "scheduler", "response"])
        self.network = AHDRNetwork(channels, growth, layers, blocks, idle_layers, zero_head=start_near_reference)
        self.start_near_reference = start_near_reference

    def estimate(self, ldr: Tensor, ev: Tensor) -> Tensor:
        """What the network makes; see `ThreeExposureModule.estimate`."""
        return self.radiance_of_network(ldr, ev)
