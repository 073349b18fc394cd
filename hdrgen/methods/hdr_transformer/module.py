"""Training of Liu et al. 2022 and its place in the common interface."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import ConstantLR

from hdrgen.camera import CameraResponse
from hdrgen.methods.hdr_transformer.network import CHANNELS, DEPTHS, HEADS, WINDOW, ContextBlock, HDRTransformerNetwork
from hdrgen.methods.three_exposures import ThreeExposureModule


class HDRTransformer(ThreeExposureModule):
    r"""A dark, a middle and a bright exposure of a moving scene to one HDR image, by a context-aware transformer.

    Paper:
        Liu, Wang, Zeng, Liu: "Ghost-free High Dynamic Range Imaging with Context-aware Transformer", ECCV 2022.

    Input:
        three photographs of a moving scene

    Attention maps beside the middle exposure weigh the features of the others; blocks of window attention, each with a
    branch of convolutions for what is near, merge them. The loss is :math:`\lVert T(\hat H) - T(H) \rVert_1 +
    \lambda V`, T the mu-law, V a distance of VGG features of T.

    Args:
        channels: Width of all features, a multiple of `heads`.
        heads: Of the attention.
        window: Side of its windows in pixels, even.
        depths: Blocks of each group.
        widening: Of the perceptrons' hidden layers.
        drop: Largest share of stochastic depth while training, that of the last block.
        start_near_reference: Let the network correct an image rather than make one: its last layer begins at 0, and
            what it makes is added to the linearised reference, which is replaced by the darkest exposure where it is
            nearly clipped. Not in the paper; short trainings gain by it.
        perceptual_weight: lambda; above 0, training needs VGG-16's weights. 0 is the authors' first code, in MegEngine.
        perceptual_weights: File of torchvision's VGG-16; None takes torch.hub's cache.
        mu: Of the mu-law.
        exposure_step: Distance in stops of the darker and the brighter exposure from the reference that is looked for
            in stacks of more than three.
        response: Response that linearises the exposures; None: gamma 2.2.
        optimizer: Adam at the authors' rate.
        scheduler: Keeps the rate, which the authors' code would halve at epoch 100 of 100.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    linear_first = True
    recomputed = (ContextBlock,)
    context = True  # the gate of the local context is a mean of the whole image

    def __init__(
        self,
        channels: int = CHANNELS,
        heads: int = HEADS,
        window: int = WINDOW,
        depths: Sequence[int] = DEPTHS,
        widening: int = 2,
        drop: float = 0.1,
        start_near_reference: bool = False,
        perceptual_weight: float = 0.01,
        perceptual_weights: str | Path | None = None,
        mu: float = 5000.0,
        exposure_step: float = 2.0,
        response: CameraResponse | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=2e-4),
        scheduler: LRSchedulerCallable | None = lambda o: ConstantLR(o, factor=1.0),
        interval: Literal["epoch", "step"] = "epoch",
        initial_weights: str | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler, interval, response, initial_weights, exposure_step, mu)
        self.save_hyperparameters(ignore=["optimizer", "scheduler", "response"])
        self.network = HDRTransformerNetwork(
            channels, heads, window, depths, widening, drop=drop, zero_head=start_near_reference
        )
        self.multiple = window
        self.start_near_reference = start_near_reference
        self.perceptual_weight = perceptual_weight
        self.perceptual_weights = perceptual_weights

    def estimate(self, ldr: Tensor, ev: Tensor) -> Tensor:
        """What the network makes; see `ThreeExposureModule.estimate`."""
        return self.radiance_of_network(ldr, ev)
