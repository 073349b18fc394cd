"""Which exposures of a stack a method needs: the dataset reads no others."""

from __future__ import annotations

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
            ref: index of the reference exposure, where `ev` is 0.
            generator: the only source of randomness, seeded from the run's seed, the scene and the epoch.

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
        ranks_suffice: says so to `SelectedExposures`; data without exposure values is refused to all other selections.
    """

    ranks_suffice: ClassVar[bool] = True


@dataclass(frozen=True)
class RandomPair:
    """Two exposures, each unordered pair equally likely.

    Le et al., WACV 2023, train on pairs of exposures of one scene. The pair lists of their public code enumerate every
    unordered pair of the nine exposures, the nine pairs of an exposure with itself included.

    Attributes:
        identity: draw pairs of an exposure with itself as well (9 of the 45 pairs of a stack of nine).
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
