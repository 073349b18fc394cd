"""Which exposures of a stack a method needs: the dataset reads no others."""

from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor

from hdrgen.errors import InputError


@runtime_checkable
class Selection(Protocol):
    """A choice of frames out of one stack."""

    def __call__(self, ev: Tensor, ref: int, generator: torch.Generator) -> list[int]:
        """Choose the frames to load.

        Args:
            ev: (S,) exposure values of the whole stack in stops, ascending.
            ref: Index of the reference exposure, where `ev` is 0.
            generator: The only source of randomness, seeded from the run's seed, the scene and the epoch.

        Returns:
            Indices into `ev`, ascending; an index may occur twice.
        """
        ...


@dataclass(frozen=True)
class WholeStack:
    """Every exposure of the stack.

    >>> WholeStack()(torch.tensor([-1.0, 0.0, 1.0]), 1, torch.Generator())
    [0, 1, 2]
    """

    def __call__(self, ev: Tensor, ref: int, generator: torch.Generator) -> list[int]:
        """Choose all frames."""
        return list(range(len(ev)))


@dataclass(frozen=True)
class WholeStackByRank(WholeStack):
    """Every exposure of the stack, of which the method needs to know no more than that they go from dark to bright.

    Attributes:
        ranks_suffice: Says so to `SelectedExposures`; data without exposure values is refused to all other selections.
    """

    ranks_suffice: ClassVar[bool] = True


@dataclass(frozen=True)
class RandomPair:
    """Two exposures, each unordered pair equally likely.

    Le et al., WACV 2023, train on pairs of exposures of one scene. The pair lists of their public code enumerate every
    unordered pair of the nine exposures, the nine pairs of an exposure with itself included.

    Attributes:
        identity: Draw pairs of an exposure with itself as well (9 of the 45 pairs of a stack of nine).
    """

    identity: bool = False

    def __call__(self, ev: Tensor, ref: int, generator: torch.Generator) -> list[int]:
        """Choose two frames, the darker first."""
        offset = 0 if self.identity else 1
        count = len(ev)
        if count <= offset:
            raise InputError(
                f"expected at least 2 exposures to draw a pair from, found {count}; add frames to the stack"
            )
        pairs = torch.triu_indices(count, count, offset)
        drawn = int(torch.randint(pairs.shape[1], (), generator=generator))
        return [int(frame) for frame in pairs[:, drawn]]


@dataclass(frozen=True)
class NeighbouringPair:
    """Two exposures one step apart, each such pair equally likely.

    Lee et al. (ECCV 2018) train on the pairs of a stack that are one stop apart.

    Attributes:
        step: In stops.

    >>> NeighbouringPair()(torch.tensor([-1.0, -0.5, 0.0, 0.7]), 2, torch.Generator())
    [0, 2]
    """

    step: float = 1.0

    def __call__(self, ev: Tensor, ref: int, generator: torch.Generator) -> list[int]:
        """Choose two frames, the darker first.

        Raises:
            InputError: No two are one step apart.
        """
        pairs = ((ev - ev[:, None] - self.step).abs() <= EV_TOLERANCE).nonzero()
        if not len(pairs):
            raise InputError(
                f"expected exposures {self.step:g} EV apart, found EV {_listed(ev - ev[ref])}; change the step, or add"
                " frames to the stack"
            )
        return [int(frame) for frame in pairs[torch.randint(len(pairs), (), generator=generator)]]


@dataclass(frozen=True)
class ThreeExposures:
    """The reference, and on either side of it the exposure whose distance is nearest to `step`.

    What methods take that merge a dark, a middle and a bright exposure (Kalantari and Ramamoorthi 2017; Niu et al.
    2021). Of a stack of three with the reference in the middle, all three, whatever their distance.

    Attributes:
        step: Distance from the reference in stops.

    >>> ev = torch.tensor([-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0])
    >>> ThreeExposures()(ev, 3, torch.Generator()), ThreeExposures(3.0)(ev, 3, torch.Generator())
    ([1, 3, 5], [0, 3, 6])
    """

    step: float = 2.0

    def __call__(self, ev: Tensor, ref: int, generator: torch.Generator) -> list[int]:
        """Choose three frames, the reference in the middle."""
        if not (0 < ref < len(ev) - 1 and ev.isfinite().all()):
            raise InputError(
                "expected three exposures or more, one darker and one brighter than the reference,"
                f" found EV {_listed(ev - ev[ref], signed=True)} relative to it;"
                " add photographs, or choose a reference in the middle"
            )
        miss = ((ev - ev[ref]).abs() - self.step).abs()
        return [int(miss[:ref].argmin()), ref, ref + 1 + int(miss[ref + 1 :].argmin())]


EV_TOLERANCE = 0.1
"""How far, in stops or steps, an exposure may be from the wanted one: nominal shutter times are off by 0.07 EV."""


def whole_steps(ev: Tensor, step: float) -> tuple[Tensor, Tensor]:
    """How many steps an exposure is from EV 0, and whether that is a whole number.

    Args:
        ev: Exposure values in stops, any shape.
        step: In stops.

    Returns:
        The nearest whole number of steps, int64, and whether `ev` is within `EV_TOLERANCE` of it; both of `ev`'s shape.

    >>> whole_steps(torch.tensor([-2.0, 0.5, 1.06]), step=1.0)
    (tensor([-2,  0,  1]), tensor([ True, False,  True]))
    """
    steps = ev / step
    nearest = steps.round()
    return nearest.long(), (steps - nearest).abs() <= EV_TOLERANCE


@dataclass(frozen=True)
class FromReference:
    """The reference, and on either side of it one exposure that is to be made from it.

    On each side every exposure is equally likely, the reference itself among them: Chen et al. (ICCV 2023) train on the
    steps {-3, ..., 0} and {0, ..., 3} from EV 0, with a network for each.

    Attributes:
        without: Exposures never chosen, in stops relative to the reference; those within 0.1 EV of one count as it. The
            reference always stays.

    >>> FromReference(without=(-1, 1))(torch.tensor([-1.0, 0.0, 1.0, 1.5]), 1, torch.Generator().manual_seed(1))
    [1, 1, 3]
    """

    without: tuple[float, ...] = ()

    def __call__(self, ev: Tensor, ref: int, generator: torch.Generator) -> list[int]:
        """Choose three frames, the reference in the middle; an outer one may be the reference as well.

        Raises:
            InputError: Nothing but the reference is left to choose.
        """
        stops = ev - ev[ref]
        allowed = ((stops[:, None] - torch.tensor(self.without)).abs() > EV_TOLERANCE).all(1) & stops.isfinite()
        allowed[ref] = True
        if allowed.sum() < 2:
            raise InputError(
                f"expected an exposure beside the reference to learn from, found EV {_listed(stops)}, of which"
                f" {list(self.without)} are left out; hold out fewer, or add frames to the stack"
            )
        darker, brighter = allowed[: ref + 1].nonzero().flatten(), ref + allowed[ref:].nonzero().flatten()
        drawn = [int(side[torch.randint(len(side), (), generator=generator)]) for side in (darker, brighter)]
        return [drawn[0], ref, drawn[1]]


@dataclass(frozen=True)
class EveryStep:
    """The exposures at whole steps from the reference, as far as they follow one another without a gap.

    Of a stack in half stops, every second one. Where a stack ends early, so does the choice.

    Attributes:
        step: In stops.
        reach: At most so many steps to either side of the reference.

    >>> EveryStep(step=1.0, reach=1)(torch.tensor([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0]), 3, torch.Generator())
    [1, 3, 5]
    """

    step: float = 1.0
    reach: int = 3

    def __call__(self, ev: Tensor, ref: int, generator: torch.Generator) -> list[int]:
        """Choose the frames.

        Raises:
            InputError: The reference has no neighbour one step away.
        """
        steps, whole = whole_steps(ev - ev[ref], self.step)
        frames = {int(k): index for index, k in enumerate(steps) if whole[index]} | {0: ref}
        lowest = highest = 0
        while lowest > -self.reach and lowest - 1 in frames:
            lowest -= 1
        while highest < self.reach and highest + 1 in frames:
            highest += 1
        if lowest == highest:
            raise InputError(
                f"expected exposures {self.step:g} EV apart, found no neighbour of the reference among EV"
                f" {_listed(ev - ev[ref])}; change the step, or add frames to the stack"
            )
        return [frames[k] for k in range(lowest, highest + 1)]


@dataclass(frozen=True)
class TheseExposures:
    """The exposures at given distances from the reference.

    Attributes:
        stops: Relative to the reference; an exposure within 0.1 EV of one counts as it.

    >>> TheseExposures((-2, 0, 2))(torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.06]), 2, torch.Generator())
    [0, 2, 4]
    """

    stops: tuple[float, ...]

    def __call__(self, ev: Tensor, ref: int, generator: torch.Generator) -> list[int]:
        """Choose the frames.

        Raises:
            InputError: The stack lacks one of them.
        """
        miss = (ev - ev[ref] - torch.tensor(sorted(self.stops))[:, None]).abs()
        if not (miss.amin(1) <= EV_TOLERANCE).all():
            raise InputError(
                f"expected exposures at EV {list(self.stops)}, found EV {_listed(ev - ev[ref])};"
                " ask for these, or for fewer"
            )
        return [int(frame) for frame in miss.argmin(1)]


def _listed(ev: Tensor, *, signed: bool = False) -> str:
    return ", ".join(f"{stops:+g}" if signed else f"{stops:g}" for stops in ev.tolist())
