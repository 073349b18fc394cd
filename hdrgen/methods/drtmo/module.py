"""Training of Endo et al. 2017 and its place in the common interface."""

from collections.abc import Sequence
from typing import Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import ConstantLR

from hdrgen.camera import CameraResponse
from hdrgen.data import Batch, WholeStack, whole_steps
from hdrgen.errors import InputError
from hdrgen.methods.base import HDRModule
from hdrgen.methods.drtmo.loss import known_l1
from hdrgen.methods.drtmo.network import CHANNELS, ExposureNetwork
from hdrgen.methods.levels import levels_at
from hdrgen.methods.merging import merge_stack
from hdrgen.methods.randomness import drawn_for_step
from hdrgen.tiling import of_whole_image

MOST_DOUBLINGS = 4


class DeepReverseToneMapping(HDRModule):
    r"""One photograph to brighter and darker exposures, all of a side at once; those that are credible are merged.

    Paper:
        Endo, Kanamori, Mitani: "Deep Reverse Tone Mapping", SIGGRAPH Asia 2017.

    Exposures:
        half EV -4..+4

    Known as DrTMO. One network makes the brighter exposures, one the darker ones, by three-dimensional deconvolutions
    whose third dimension is the exposure. Outwards from the photograph, exposures are merged up to the first that goes
    astray: a brighter one of which a value is darker by more than `tolerance` than in the exposure before it, or a
    darker one of which one is brighter.

    The loss is the mean absolute difference to the exposures that the stack holds beside a photograph drawn from it.

    Args:
        channels: Width of each level of the networks.
        doublings: Of the number of exposures in the decoder: 3 make eight exposures to a side.
        step: Between neighbouring exposures, in stops.
        dropout: Of the deepest three levels of the decoders, in training.
        tolerance: Display value by which an exposure may go the wrong way, or None to merge all.
        stack_ev: Exposures generated for the HDR image; None: all that the networks make.
        response: Response that merges the generated stack; None estimates it from the stack (Debevec).
        optimizer: Of both networks. Adam with the rate and betas of the authors' code.
        scheduler: None: the rate stays.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    exposures = WholeStack()
    context = True  # which exposures are credible

    def __init__(
        self,
        channels: Sequence[int] = CHANNELS,
        doublings: int = 3,
        step: float = 0.5,
        dropout: float = 0.5,
        tolerance: float | None = 64 / 255,
        stack_ev: Sequence[float] | None = None,
        response: CameraResponse | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=2e-4, betas=(0.5, 0.999)),
        scheduler: LRSchedulerCallable | None = lambda o: ConstantLR(o, factor=1.0),
        interval: Literal["epoch", "step"] = "epoch",
        initial_weights: str | None = None,
    ) -> None:
        most = min(MOST_DOUBLINGS, len(channels))
        if not 0 <= doublings <= most:
            raise InputError(f"expected 0 to {most} doublings, found doublings={doublings}", "doublings")
        if not 0 < step < float("inf"):
            raise InputError(f"expected a positive number of stops, found step={step}", "step")
        self.reach = 2**doublings
        stops = [step * level for level in range(-self.reach, self.reach + 1)] if stack_ev is None else stack_ev
        super().__init__(optimizer, scheduler, interval, stops, response, initial_weights)
        self.save_hyperparameters(ignore=["optimizer", "scheduler", "response"])
        self.up, self.down = (ExposureNetwork(channels, doublings, dropout) for _ in range(2))
        self.multiple = self.up.multiple
        self.step = step
        self.tolerance = tolerance

    # -- use -------------------------------------------------------------------------------------------------------

    def can_generate(self, ev: Tensor) -> Tensor:
        """Whole steps within reach."""
        steps, whole = whole_steps(ev, self.step)
        possible: Tensor = whole & (steps.abs() <= self.reach)
        return possible

    def expose(self, image: Tensor, ev: Tensor) -> Tensor:
        """The exposures `ev` `(K,)` of `image`. See `HDRModule.generate`.

        Raises:
            InputError: If the networks do not make one of them.
        """
        levels = levels_at(self, ev.tolist(), self.step, self.reach)
        made = {0: image}
        for sign, network in ((1, self.up), (-1, self.down)):
            if any(sign * level > 0 for level in levels):
                exposures = network(image).float().unbind(1)
                made |= {sign * step: exposure for step, exposure in enumerate(exposures, 1)}
        return torch.stack([made[level] for level in levels], 1)

    def merge(self, stack: Tensor, ev: Tensor) -> Tensor:
        """Linear radiance `(B, 3, H, W)` of the credible exposures of each stack."""
        return torch.cat([self._merged_where_credible(one[None], ev) for one in stack])

    def _merged_where_credible(self, stack: Tensor, ev: Tensor) -> Tensor:
        tolerance = float("inf") if self.tolerance is None else self.tolerance
        (kept,) = of_whole_image(lambda: (credible(stack[0], ev, tolerance),))
        return merge_stack(stack[:, kept], ev[kept], self.response)

    # -- training --------------------------------------------------------------------------------------------------

    def on_before_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """See that there are exposures to learn from, before they lie on a device that would be waited for.

        Raises:
            InputError: No two exposures are as far apart as those that the networks make.
        """
        if self.trainer.training:
            self._check(batch["ev"])
        return batch

    def _check(self, ev: Tensor) -> None:
        steps, whole = whole_steps(ev[:, None] - ev[..., None], self.step)
        if not bool((whole & (steps >= 1) & (steps <= self.reach)).any()):
            raise InputError(
                f"expected exposures {self.step:g} EV apart or a multiple, found EV {ev[0].tolist()};"
                " change the step, or add frames to the stacks",
                "step",
            )

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Make the brighter exposures of one of the stack, and the darker ones of another."""
        with drawn_for_step(self, batch["scene"]):
            nearest = torch.randint(batch["ldr"].shape[1] - 1, (len(batch["ldr"]),))
            sides = [
                self._side(batch, start, sign)
                for start, sign in ((nearest, 1), (batch["ldr"].shape[1] - 1 - nearest, -1))
            ]
            up, down = (
                known_l1(network(image), target, known)
                for network, (image, target, known) in zip((self.up, self.down), sides, strict=True)
            )
        loss = up + down
        self.log_dict({"train/up": up.detach(), "train/down": down.detach()}, batch_size=len(batch["ldr"]))
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=len(batch["ldr"]))
        return loss

    def _side(self, batch: Batch, start: Tensor, sign: int) -> tuple[Tensor, Tensor, Tensor]:
        """The photographs `start` `(B,)` of the stacks, the exposures on one side of them, and which are known."""
        ldr, ev, start = batch["ldr"], batch["ev"], start.to(batch["ev"].device)
        scene = torch.arange(len(ldr), device=ldr.device)
        steps, whole = whole_steps(sign * (ev - ev[scene, start, None]), self.step)
        levels = torch.arange(1, self.reach + 1, device=ldr.device)[:, None]
        found = whole[:, None] & (steps[:, None] == levels)  # (B, reach, frames)
        known = found.any(-1).to(ldr)
        target = ldr[scene[:, None], found.int().argmax(-1)] * known[..., None, None, None]
        return ldr[scene, start], target, known


def credible(stack: Tensor, ev: Tensor, tolerance: float) -> Tensor:
    """Which exposures `(K,)` of `stack` `(K, 3, H, W)` a photograph at EV 0 is merged with.

    Outwards from the exposure nearest to EV 0, as far as no value of a brighter one is less than in the one before it
    by more than `tolerance`, and none of a darker one is more.

    Args:
        stack: Display values.
        ev: `(K,)`, ascending, in stops.
        tolerance: In display values.
    """
    source = int(ev.abs().argmin())
    change = stack.diff(dim=0)  # what each brighter exposure adds: it should be nowhere below zero
    astray = change.amin((1, 2, 3)) < -tolerance
    above = (~astray[source:]).cumprod(0).bool()
    below = (~astray[:source]).flip(0).cumprod(0).bool().flip(0)
    return torch.cat([below, above.new_ones(1), above])
