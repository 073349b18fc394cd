"""Training of Lee, An and Kang 2018 and its place in the common interface."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor, nn
from torch.optim.lr_scheduler import StepLR

from hdrgen.camera import CameraResponse, quantise
from hdrgen.data import Batch, EveryStep, NeighbouringPair, whole_steps
from hdrgen.errors import InputError
from hdrgen.losses import judged_by_a_fixed, least_squares
from hdrgen.methods.base import HDRModule
from hdrgen.methods.deep_recursive.network import CHANNELS, DISCRIMINATOR_CHANNELS, Discriminator, Generator
from hdrgen.methods.levels import levels_at, levels_of
from hdrgen.methods.randomness import drawn_for_step

REAL, MADE = 0.9, 0.1
"""What a discriminator should say."""
FARTHEST = 16
"""Steps."""


class _Pair(NamedTuple):
    """One step of training: a network of the up or down side, its input and what it should make, in [-1, 1]."""

    up: bool
    network: nn.Module
    image: Tensor
    target: Tensor


class DeepRecursiveHDRI(HDRModule):
    r"""One photograph to exposures one stop apart, each made from the one before; these are merged.

    Paper:
        Lee, An, Kang: "Deep Recursive HDRI: Inverse Tone Mapping using Generative Adversarial Networks", ECCV 2018.

    Exposures:
        whole EV -3..+3

    One network makes an image a stop brighter, one a stop darker; both are used again on what they made. With
    `shared=False` and `adversarial_weight=0` each step has a network of its own, which is the same authors' "Deep Chain
    HDRI: Reconstructing a High Dynamic Range Image from a Single Low Dynamic Range Image", IEEE Access 2018.

    The loss is :math:`L_1 + \lambda L_{GAN}` of both, with a discriminator that sees the image beside what it was made
    from. With discriminators a batch is two steps of the trainer from `adversarial_from` on, and one before.

    Args:
        channels: Width of each level of the generators.
        discriminator_channels: Width of each layer of the discriminators but the last.
        reach: Steps to either side of the photograph.
        shared: Whether one network makes all steps of a side (recursion), or each step has its own (chain).
        dropout: Of the deepest levels of the decoders, in training.
        adversarial_weight: lambda; 0 trains without discriminators.
        adversarial_from: Epoch, counted from 0, from which on the discriminators take part.
        eight_bit: Whether what a step has made is rounded to 8 bits before the next, as in the authors' files.
        stack_ev: Exposures generated for the HDR image; None: all whole stops within reach.
        response: Response that merges the generated stack; None estimates it from the stack (Debevec).
        optimizer: Of all networks. Adam with the rate and betas of the authors' code.
        scheduler: Of all. The authors' code: half the rate after every 20 epochs.
        interval: When the schedulers step.
        initial_weights: Checkpoint whose weights training starts from.
    """

    channels_last = True

    def __init__(
        self,
        channels: Sequence[int] = CHANNELS,
        discriminator_channels: Sequence[int] = DISCRIMINATOR_CHANNELS,
        reach: int = 3,
        shared: bool = True,
        dropout: float = 0.5,
        adversarial_weight: float = 0.01,
        adversarial_from: int = 10,
        eight_bit: bool = False,
        stack_ev: Sequence[float] | None = None,
        response: CameraResponse | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=2e-4, betas=(0.5, 0.999)),
        scheduler: LRSchedulerCallable | None = lambda o: StepLR(o, step_size=20, gamma=0.5),
        interval: Literal["epoch", "step"] = "epoch",
        initial_weights: str | None = None,
    ) -> None:
        if not 1 <= reach <= FARTHEST:
            raise InputError(f"expected 1 to {FARTHEST} steps, found reach={reach}", "reach")
        stops = range(-reach, reach + 1) if stack_ev is None else stack_ev
        super().__init__(optimizer, scheduler, interval, stops, response, initial_weights)
        self.save_hyperparameters(ignore=["optimizer", "scheduler", "response"])
        networks = 1 if shared else reach
        self.up, self.down = (
            nn.ModuleList(Generator(channels, brighter, dropout) for _ in range(networks)) for brighter in (True, False)
        )
        self.discriminators = nn.ModuleList()
        if adversarial_weight > 0:
            self.automatic_optimization = False
            self.discriminators.extend(Discriminator(discriminator_channels) for _ in range(2))
        self.multiple = 2 ** len(channels)
        self.exposures = NeighbouringPair() if shared else EveryStep(reach=reach)
        self.reach = reach
        self.shared = shared
        self.adversarial_weight = adversarial_weight
        self.adversarial_from = adversarial_from
        self.eight_bit = eight_bit

    # -- use -------------------------------------------------------------------------------------------------------

    def can_generate(self, ev: Tensor) -> Tensor:
        """Whole stops within reach."""
        steps, whole = whole_steps(ev, 1.0)
        return whole & (steps.abs() <= self.reach)

    def expose(self, image: Tensor, ev: Tensor) -> Tensor:
        """The exposures `ev` `(K,)` of `image`, each made from the one before. See `HDRModule.generate`.

        Raises:
            InputError: If the method cannot generate one of them.
        """
        levels = levels_at(self, ev.tolist(), 1.0, self.reach)
        made = {0: image}
        for sign, networks in ((1, self.up), (-1, self.down)):
            for step in range(1, max(0, *(sign * level for level in levels)) + 1):
                network = networks[0 if self.shared else step - 1]
                exposure = (network(2 * made[sign * (step - 1)] - 1).float() + 1) / 2
                made[sign * step] = quantise(exposure, 8) if self.eight_bit else exposure
        return torch.stack([made[level] for level in levels], 1)

    # -- training --------------------------------------------------------------------------------------------------

    def configure_optimizers(self) -> Any:
        """One optimizer for all generators, and one for both discriminators if there are any."""
        assert self.optimizer is not None
        generators = self.scheduled(self.optimizer([*self.up.parameters(), *self.down.parameters()]))
        if not len(self.discriminators):
            return generators
        return [generators, self.scheduled(self.optimizer(self.discriminators.parameters()))]

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor | None:
        """Make neighbouring exposures from each other."""
        pairs = list(self._pairs(batch))
        with drawn_for_step(self, batch["scene"]):
            made = [pair.network(pair.image) for pair in pairs]
        terms = {"pixel": _sum(_distance(image, pair.target) for pair, image in zip(pairs, made, strict=True))}
        judged = len(self.discriminators) > 0 and self.current_epoch >= self.adversarial_from
        if judged:
            sides = [self._adversarial(pair, image) for pair, image in zip(pairs, made, strict=True)]
            terms["adversarial"], terms["discriminator"] = (_sum(side) for side in zip(*sides, strict=True))
        loss = terms["pixel"] + terms.get("adversarial", 0.0)
        self.log_dict({f"train/{name}": term.detach() for name, term in terms.items()}, batch_size=len(batch["ldr"]))
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=len(batch["ldr"]))
        if self.automatic_optimization:
            return loss
        self.descend(_sum(terms.values()), () if judged else [self.discriminators])
        return None

    def _pairs(self, batch: Batch) -> Iterator[_Pair]:
        """What there is to learn: of a neighbouring pair both ways, of a whole stack the steps outwards."""
        frames = (2 * batch["ldr"] - 1).unbind(1)
        if self.shared:
            dark, bright = frames
            yield _Pair(True, self.up[0], dark, bright)
            yield _Pair(False, self.down[0], bright, dark)
            return
        levels = levels_of(batch, 1.0)
        for level, (dark, bright) in zip(levels, pairwise(frames), strict=False):
            if level >= 0:
                yield _Pair(True, self.up[level], dark, bright)
            else:
                yield _Pair(False, self.down[-level - 1], bright, dark)

    def _adversarial(self, pair: _Pair, made: Tensor) -> tuple[Tensor, Tensor]:
        """The weighted loss of a generator, and that of the discriminator of its side."""
        discriminator = self.discriminators[0 if pair.up else 1]
        verdict = judged_by_a_fixed(discriminator, torch.cat([pair.image, made], 1))
        real = discriminator(torch.cat([pair.image, pair.target], 1))
        fake = discriminator(torch.cat([pair.image, made.detach()], 1))
        generator_loss = self.adversarial_weight * 2 * least_squares(verdict, REAL)
        return generator_loss, least_squares(real, REAL) + least_squares(fake, MADE)


def _distance(image: Tensor, target: Tensor) -> Tensor:
    return (image.float() - target).abs().mean()


def _sum(terms: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(terms)).sum()
