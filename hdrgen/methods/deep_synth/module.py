"""Training and use of Kim et al. 2020."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor

from hdrgen.camera import CameraResponse
from hdrgen.data import EveryStep, whole_steps
from hdrgen.errors import InputError
from hdrgen.losses import ContextualBilateralLoss, HistogramKind
from hdrgen.methods.deep_synth.edges import canny_edges
from hdrgen.methods.deep_synth.loss import Terms
from hdrgen.methods.deep_synth.network import (
    GLOBAL_CHANNELS,
    LOCAL_CHANNELS,
    REFINEMENT_CHANNELS,
    DeepSynthNetwork,
    GlobalNet,
    LocalNet,
    RecurrentNetwork,
    RefinementNet,
)
from hdrgen.methods.deep_synth.recursion import expose_outwards
from hdrgen.methods.deep_synth.training import DeepSynthTraining
from hdrgen.methods.levels import levels_at
from hdrgen.optim import GradientCentralizedAdam

FARTHEST = 32
"""Largest `reach`."""
MOST_LEVELS = 2**16
"""Of the histogram loss."""


class DeepSynthHDRI(DeepSynthTraining):
    r"""One image to a stack of whole steps by recursion, trained through a differentiable HDR synthesis.

    Paper:
        Kim, Lee, Kang: "Differentiable HDR Image Synthesis using Multi-exposure Images", NeurIPS workshop 2020.

    Exposures:
        whole EV -3..+3

    The loss is :math:`\lambda_1 L_1 + \lambda_2 L_{hist}` of the global networks' images (Eq. 4),
    :math:`\lambda_3 L_{edge}` of the local networks' edges (Eq. 5), and
    :math:`\lambda_4 L_1 + \lambda_5 L_{HDR} + \lambda_6 L_{CoBi}` of the refined images (Eq. 6), each a mean over the
    generated exposures, summed over the two schedules.

    Args:
        global_channels: Width of the global networks' stem and of each level.
        local_channels: The same of the local networks.
        refinement_channels: The same of the refinement networks.
        reach: Steps to either side of the input that can be generated; training stacks may be shorter.
        step: Size of a step in stops.
        gain_start: Start as the gain of a step instead of at random; see `RecurrentNetwork`. Short trainings need it.
        teacher_forced: Train each step on the true exposure before it, from a random start (authors' code; our text of
            the paper has no schedule).
        free_running: Train each step on the generated exposure before it, as in use (authors' code).
        updates: When the teacher-forced schedule updates the networks: after each `transition`, as the authors' code
            does, so that the paper's 80,000 iterations are as many of ours, or once per `iteration`, with all other
            losses. The trainer counts iterations as steps either way. The HDR loss needs the whole stack: with
            `transition` it is that of the free-running schedule, and without that schedule there is none.
        start_jitter: The free-running recursion starts up to so many steps away from the reference (authors' code).
        refinement_start: Training step from which the refinement networks take part, in training and in use; until
            then the recursion goes on from the global networks' images (authors' code).
        carry_gradient: Whether gradients pass along the recurrent state of the teacher-forced schedule. They cannot
            pass from one update to the next, so only with `updates` at `iteration`.
        end_to_end: Whether every loss trains all networks that it depends on. False trains each network by the losses
            of its own equation, (4), (5) or (6). `hdr` does so, but the HDR loss trains all, as in the authors' code;
            this takes a backward pass for each, and one process.
        through_response: Whether the HDR loss also passes through the estimation of the response; see `synthesise`.
        through_weights: Whether it also passes through the weights of the merge.
        hdr_gradient: Factor of the gradient of the HDR loss; 1/255 in the authors' code, where Eq. 3 is the slope from
            level to level while pixels lie in [0, 1].
        up_to_scale: Whether the HDR loss first brings the HDR image to the truth's scale, as validation and test do: a
            stack determines radiance up to a factor, which our calibration fixes at white, Debevec's at mid-grey.
        l1_weight: lambda_1.
        histogram_weight: lambda_2; 0.01 in the authors' code.
        edge_weight: lambda_3.
        refinement_weight: lambda_4.
        hdr_weight: lambda_5; 0 trains without the HDR loss.
        perceptual_weight: lambda_6; 0 needs no VGG weights.
        histogram_levels: Of the histogram loss.
        histogram: How its pixels are counted, and so what its gradient is: by their `values`, as the authors' code
            does, or by distance for two `neighbours`; see `histogram_loss`.
        mu: Of the HDR loss; 100 in the authors' code.
        perceptual_weights: File with torchvision's vgg19 weights; None looks in torch.hub's cache.
        contextual_spatial_weight: Weight w_s of the contextual loss, which the paper leaves open; 0.1 is the authors'
            intention, 0.5 what their code does.
        contextual_bandwidth: None takes the minimum of Eq. 7; 0.5 the contextual similarity of the authors' code.
        contextual_schedules: Which schedules have the contextual loss: `both`, or `teacher_forced`, as in the authors'
            code, where that of the other has no gradient.
        stack_ev: Exposures generated for the HDR image; None: all whole steps within reach.
        response: Response that merges the generated stack; None estimates it from the stack, as in training.
        optimizer: Paper: gradient-centralised Adam, 1e-4, betas 0.5 and 0.999. The authors' code adds weight decay.
        refinement_learning_rate: Of the refinement networks; None: the optimizer's. 1e-5 in the authors' code.
        scheduler: Paper: none.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    context = True
    sharded = (GlobalNet, LocalNet, RefinementNet)

    def __init__(
        self,
        global_channels: Sequence[int] = GLOBAL_CHANNELS,
        local_channels: Sequence[int] = LOCAL_CHANNELS,
        refinement_channels: Sequence[int] = REFINEMENT_CHANNELS,
        reach: int = 3,
        step: float = 1.0,
        gain_start: bool = False,
        teacher_forced: bool = True,
        free_running: bool = True,
        updates: Literal["transition", "iteration"] = "transition",
        start_jitter: int = 1,
        refinement_start: int = 10_000,
        carry_gradient: bool = True,
        end_to_end: bool | Literal["hdr"] = True,
        through_response: bool = False,
        through_weights: bool = False,
        hdr_gradient: float = 1.0,
        up_to_scale: bool = True,
        l1_weight: float = 1.0,
        histogram_weight: float = 0.1,
        edge_weight: float = 1.0,
        refinement_weight: float = 1.0,
        hdr_weight: float = 1.0,
        perceptual_weight: float = 0.1,
        histogram_levels: int = 256,
        histogram: HistogramKind = "values",
        mu: float = 5000.0,
        perceptual_weights: str | Path | None = None,
        contextual_spatial_weight: float = 0.1,
        contextual_bandwidth: float | None = None,
        contextual_schedules: Literal["both", "teacher_forced"] = "both",
        stack_ev: Sequence[float] | None = None,
        response: CameraResponse | None = None,
        optimizer: OptimizerCallable = GradientCentralizedAdam,
        refinement_learning_rate: float | None = None,
        scheduler: LRSchedulerCallable | None = None,
        interval: Literal["epoch", "step"] = "epoch",
        initial_weights: str | None = None,
    ) -> None:
        _check(reach, step, histogram_levels, teacher_forced or free_running)
        super().__init__(
            optimizer,
            scheduler,
            interval,
            [step * k for k in range(-reach, reach + 1)] if stack_ev is None else stack_ev,
            response,
            initial_weights,
        )
        self.save_hyperparameters(ignore=["optimizer", "scheduler", "response"])
        self.automatic_optimization = False
        self.network = DeepSynthNetwork(
            global_channels, local_channels, refinement_channels, reach, step, gain_start, end_to_end is True
        )
        self.multiple = self.network.multiple
        self.exposures = EveryStep(step, reach)
        self.reach = reach
        self.step = step
        self.teacher_forced = teacher_forced
        self.free_running = free_running
        self.updates = updates
        self.start_jitter = start_jitter
        self.refinement_start = refinement_start
        self.carry_gradient = carry_gradient
        self.end_to_end = end_to_end
        # With "hdr", gradients are cut between parts in one schedule and not in the other, of one backward pass.
        self.recomputed = () if end_to_end == "hdr" else (RecurrentNetwork,)
        self.terms = Terms(
            {
                "l1": l1_weight,
                "histogram": histogram_weight,
                "edge": edge_weight,
                "refinement": refinement_weight,
                "hdr": hdr_weight,
                "contextual": perceptual_weight,
            },
            histogram_levels,
            histogram,
            mu,
            up_to_scale,
            through_response,
            through_weights,
            hdr_gradient,
        )
        self.perceptual_weights = perceptual_weights
        self.contextual_spatial_weight = contextual_spatial_weight
        self.contextual_bandwidth = contextual_bandwidth
        self.contextual_schedules = contextual_schedules
        self.refinement_learning_rate = refinement_learning_rate
        self.contextual: ContextualBilateralLoss | None = None
        # Part of a checkpoint: whoever uses one must know whether its refinement networks have begun to learn.
        self.register_buffer("refining", torch.tensor(refinement_start <= 0))

    def setup(self, stage: str) -> None:
        """Fetch the VGG trunk, for training only: a checkpoint loads and predicts without it."""
        super().setup(stage)
        if stage == "fit" and self.terms.weights["contextual"] > 0:
            self.contextual = ContextualBilateralLoss(
                weights=self.perceptual_weights,
                spatial_weight=self.contextual_spatial_weight,
                bandwidth=self.contextual_bandwidth,
            )

    def configure_optimizers(self) -> Any:
        """One optimizer for all six networks: it treats each parameter on its own, as six would."""
        if self.optimizer is None or self.refinement_learning_rate is None:
            return super().configure_optimizers()
        late = [parameter for network in self._refinements() for parameter in network.parameters()]
        known = {id(parameter) for parameter in late}
        first: dict[str, Any] = {"params": [p for p in self.parameters() if id(p) not in known]}
        return self.scheduled(self.optimizer([first, {"params": late, "lr": self.refinement_learning_rate}]))

    # -- use -------------------------------------------------------------------------------------------------------

    def can_generate(self, ev: Tensor) -> Tensor:
        """Whole multiples of the step within reach."""
        steps, whole = whole_steps(ev, self.step)
        return whole & (steps.abs() <= self.reach)

    def prepared(self, image: Tensor) -> Tensor:
        """The image and its edges, which are traced over any distance, so before tiles are cut."""
        return torch.cat([image, canny_edges(image)], dim=1)

    def expose(self, image: Tensor, ev: Tensor) -> Tensor:
        """The exposures `ev` `(K,)` of `image` with edges, by recursion as far as needed. See `HDRModule.generate`.

        Raises:
            InputError: If the method cannot generate one of them.
        """
        steps = levels_at(self, ev.tolist(), self.step, self.reach)
        levels = range(min(0, *steps), max(0, *steps) + 1)
        image, edges = image[:, :3], image[:, 3:]
        generated = expose_outwards(self.network, levels, 0, image, edges, bool(self.refining))
        return torch.stack([generated[k].image if k else image for k in steps], dim=1)


def _check(reach: int, step: float, histogram_levels: int, scheduled: bool) -> None:
    if reach < 1 or step <= 0:
        raise InputError(f"expected at least 1 step of more than 0 EV, found reach={reach}, step={step:g}")
    if reach > FARTHEST:
        raise InputError(f"expected at most {FARTHEST} steps, found reach={reach}", "reach")
    if not 2 <= histogram_levels <= MOST_LEVELS:
        raise InputError(f"expected 2 to {MOST_LEVELS} levels, found {histogram_levels}", "histogram_levels")
    if not scheduled:
        raise InputError("expected a schedule to train by, found none; set teacher_forced or free_running")
