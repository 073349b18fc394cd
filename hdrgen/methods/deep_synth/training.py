"""How Kim et al. 2020 is trained: two schedules, and what steps when."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import torch
from pytorch_lightning.strategies import DDPStrategy
from torch import Tensor, nn
from torch.nn import Parameter

from hdrgen.data import Batch, derived_generator
from hdrgen.errors import InputError
from hdrgen.losses import ContextualBilateralLoss
from hdrgen.methods.base import HDRModule
from hdrgen.methods.deep_synth.edges import canny_edges
from hdrgen.methods.deep_synth.loss import OWN, Terms
from hdrgen.methods.deep_synth.network import DeepSynthNetwork
from hdrgen.methods.deep_synth.recursion import (
    expose_from_truth,
    expose_outwards,
    paths,
    steps_from_truth,
)
from hdrgen.methods.levels import levels_of
from hdrgen.methods.optimizers import nothing_of

Sums = dict[str, Tensor]


class DeepSynthTraining(HDRModule):
    """The training of `DeepSynthHDRI`, whose arguments explain the attributes."""

    network: DeepSynthNetwork
    terms: Terms
    step: float
    teacher_forced: bool
    free_running: bool
    updates: Literal["transition", "iteration"]
    start_jitter: int
    refinement_start: int
    carry_gradient: bool
    end_to_end: bool | Literal["hdr"]
    contextual_schedules: Literal["both", "teacher_forced"]
    contextual: ContextualBilateralLoss | None
    refining: Tensor
    _seen: range | None = None

    def on_before_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Look at the exposures of a training batch while they are at hand: a device would have to be waited for."""
        self._seen = levels_of(batch, self.step) if self.trainer.training else None
        return batch

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """One iteration of both schedules, which counts as one step however often the networks are updated."""
        refine = self.global_step >= self.refinement_start
        self.refining.fill_(refine)
        levels = levels_of(batch, self.step) if self._seen is None else self._seen
        self._check_alike(levels)
        forced, free = self._starts(levels)
        edges = edges_of(batch["ldr"])
        parts: list[Sums] = []
        if forced is not None and self.updates == "transition":
            parts.append(self._forced_updates(batch, edges, levels, forced, refine, last=free is None))
            forced = None
        if forced is not None or free is not None:
            terms = self.losses(batch, levels, forced, free, refine, edges)
            self._descend(terms, self._idle(levels, [start for start in (forced, free) if start is not None], refine))
            parts.append({name: term.detach() for name, term in terms.items()})
        self._log(parts, len(batch["ldr"]))

    def losses(
        self,
        batch: Batch,
        levels: Sequence[int],
        forced: int | None,
        free: int | None,
        refine: bool | None = None,
        edges: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """The weighted terms of Eq. 4-7, summed over the schedules.

        Args:
            batch: Whose `ldr` holds the exposures of `levels`.
            levels: Consecutive, ascending.
            forced: Level at which the teacher-forced schedule starts; None leaves it out.
            free: Level at which the free-running schedule starts; None leaves it out.
            refine: Whether the refinement networks take part; None asks the checkpoint.
            edges: Of the exposures; None looks for them.
        """
        stack = batch["ldr"]
        refine = bool(self.refining) if refine is None else refine
        edges = edges_of(stack) if edges is None else edges
        sums: Sums = {}
        if forced is not None:
            self.network.join(self.end_to_end is True)
            made = expose_from_truth(self.network, levels, forced, stack, edges, refine, self.carry_gradient)
            _add(sums, self.terms.of_images(made, stack, edges, levels[0], refine, self.contextual))
        if free is not None:
            self.network.join(bool(self.end_to_end))
            place = free - levels[0]
            made = expose_outwards(self.network, levels, free, stack[:, place], edges[:, place], refine)
            contextual = self.contextual if self.contextual_schedules == "both" else None
            _add(sums, self.terms.of_images(made, stack, edges, levels[0], refine, contextual))
        if refine and self.terms.weights["hdr"] > 0:
            sums["hdr"] = self.terms.of_radiance(made, stack, levels, self.step, batch.get("hdr"))
        return {name: sums[name] for name in self.terms.weights if name in sums}

    def _forced_updates(self, batch: Batch, edges: Tensor, levels: range, start: int, refine: bool, last: bool) -> Sums:
        """The teacher-forced schedule with an update after each transition; its terms, in the mean over these.

        A transition's graph goes with its update, so that the memory is that of one.
        """
        self.network.join(self.end_to_end is True)
        sums: Sums = {}
        transitions = [(path, network) for path, network in zip(paths(levels, start), self._directions(), strict=True)]
        left = count = sum(len(path) for path, _ in transitions)
        for path, network in transitions:
            other = [each for each in self._directions() if each is not network]
            idle = other if refine else [*other, *self._refinements()]
            for level, made in steps_from_truth(self.network, levels, path, batch["ldr"], edges, refine, False):
                terms = self.terms.of_images({level: made}, batch["ldr"], edges, levels[0], refine, self.contextual)
                left -= 1
                self._descend(terms, idle, counted=last and not left)
                _add(sums, {name: term.detach() / count for name, term in terms.items()})
        return sums

    def _descend(self, terms: Sums, idle: Sequence[nn.Module], counted: bool = True) -> None:
        """Backpropagate everything, then step. Networks that took no part keep their weights.

        Args:
            terms: The losses.
            idle: The networks that took no part.
            counted: Whether this is the update that the trainer counts, of which an iteration has one.
        """
        optimizer: Any = self.optimizers()
        optimizer.zero_grad()
        unused = [parameter for network in idle for parameter in network.parameters()]
        if isinstance(self.trainer.strategy, DDPStrategy):
            terms = terms | {"": nothing_of(unused)} if unused else terms
        for loss, parameters in self._passes(terms):
            self.manual_backward(loss, inputs=parameters, retain_graph=parameters is not None)
        for parameter in unused:
            parameter.grad = None
        if counted:
            optimizer.step()
        else:
            self.trainer.strategy.optimizer_step(optimizer.optimizer, _nothing, self)

    def _passes(self, terms: Sums) -> Iterator[tuple[Tensor, list[Parameter] | None]]:
        """The backward passes: a loss, and the parameters that it trains (None: all)."""
        if self.end_to_end != "hdr" or "hdr" not in terms:
            yield torch.stack(list(terms.values())).sum(), None
            return
        for part, names in OWN.items():
            own = [terms[name] for name in names if name in terms]
            networks = [getattr(network, part) for network in self._directions()]
            parameters = [p for network in networks for p in network.parameters()]
            if own:
                yield torch.stack(own).sum(), parameters
        yield terms["hdr"], list(self.network.parameters())

    def _idle(self, levels: Sequence[int], starts: Sequence[int], refine: bool) -> list[nn.Module]:
        """The networks that these schedules do not run."""
        idle: list[nn.Module] = []
        if all(start == levels[-1] for start in starts):
            idle.append(self.network.up)
        if all(start == levels[0] for start in starts):
            idle.append(self.network.down)
        return idle if refine else [*idle, *self._refinements()]

    def _directions(self) -> list[nn.Module]:
        return [self.network.up, self.network.down]

    def _refinements(self) -> list[nn.Module]:
        return [self.network.up.refinement, self.network.down.refinement]

    def _starts(self, levels: Sequence[int]) -> tuple[int | None, int | None]:
        """Where the two schedules start: the same in every process, and again after a resume."""
        generator = derived_generator("start", self.global_step)
        forced = levels[int(torch.randint(len(levels), (), generator=generator))]
        jitter = int(torch.randint(-self.start_jitter, self.start_jitter + 1, (), generator=generator))
        free = min(max(jitter, levels[0]), levels[-1])
        return forced if self.teacher_forced else None, free if self.free_running else None

    def _check_alike(self, levels: range) -> None:
        """Raise unless all processes have the same levels: each would wait for updates that others do not make."""
        if self.trainer.world_size == 1:
            return
        if self.end_to_end == "hdr":
            raise InputError(
                "DeepSynthHDRI: expected one process with end_to_end: hdr, whose losses have a backward pass each,"
                f" found {self.trainer.world_size}; train with --trainer.devices 1, or with end_to_end: true",
                "end_to_end",
            )
        found: Any = self.all_gather(torch.tensor([levels[0], len(levels)], device=self.device))
        if bool((found != found[0]).any()):
            raise InputError(
                "DeepSynthHDRI: expected the same exposures in the scenes of all processes, found"
                f" {sorted({tuple(each) for each in found.tolist()})} as (lowest step, number); train with"
                " --trainer.devices 1, or scenes of the same exposures"
            )

    def _log(self, parts: Sequence[Sums], scenes: int) -> None:
        sums: Sums = {}
        for part in parts:
            _add(sums, part)
        self.log_dict({f"train/{name}": term for name, term in sums.items()}, batch_size=scenes)
        self.log("train/loss", torch.stack(list(sums.values())).sum(), prog_bar=True, batch_size=scenes)


def edges_of(stack: Tensor) -> Tensor:
    """Edges `(B, S, 1, H, W)` of exposures `(B, S, 3, H, W)`."""
    return canny_edges(stack.flatten(0, 1)).view(*stack.shape[:2], 1, *stack.shape[-2:])


def _add(sums: Sums, terms: Sums) -> None:
    for name, term in terms.items():
        sums[name] = sums[name] + term if name in sums else term


def _nothing() -> None:
    """The closure of an optimizer whose gradients are there already."""
