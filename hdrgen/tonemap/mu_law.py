"""The mu-law: the logarithmic compression in which HDR errors are usually measured."""

import math
from dataclasses import dataclass
from typing import ClassVar

from hdrgen.array_kinds import Values, for_both, largest, namespace
from hdrgen.errors import InputError
from hdrgen.tiling import by_strips
from hdrgen.tonemap.operator import Operator
from hdrgen.tonemap.planes import BLACK, IMAGE, as_radiance, radiance_rows


def mu_law(x: Values, mu: float = 5000.0) -> Values:
    r"""Compress linear radiance: :math:`T(x) = \ln(1 + \mu x) / \ln(1 + \mu)`.

    0 and 1 stay where they are; values above 1 grow on, negative ones mirror.

    Args:
        x: Linear radiance relative to the chosen white, any shape.
        mu: Positive; 5000 in most papers, 100 or 500 in some public code.

    Source: Kalantari and Ramamoorthi, "Deep high dynamic range imaging of dynamic scenes", 2017, Eq. 5.

    >>> import torch
    >>> round(float(mu_law(torch.tensor(0.01))), 4)
    0.4616
    """
    xp = namespace(x)
    found: Values = xp.sign(x) * xp.log1p(_positive(mu) * abs(x)) / math.log1p(mu)
    return found


def inverse_mu_law(y: Values, mu: float = 5000.0) -> Values:
    r"""Undo `mu_law`: :math:`x = ((1 + \mu)^y - 1) / \mu`.

    >>> import torch
    >>> round(float(inverse_mu_law(mu_law(torch.tensor(0.3)))), 4)
    0.3
    """
    xp = namespace(y)
    found: Values = xp.sign(y) * xp.expm1(abs(y) * math.log1p(_positive(mu))) / mu
    return found


@dataclass(frozen=True)
class MuLaw(Operator):
    """`mu_law` of radiance up to a chosen white, clipped to the display.

    Args:
        mu: Positive.
        white: The radiance shown as white, 1 being white at EV 0; None takes the largest value of each image.

    >>> import torch
    >>> round(float(MuLaw(white=2.0)(torch.full((3, 1, 1), 0.02))[0, 0, 0]), 4)
    0.4616
    """

    encoding: ClassVar[str] = "the logarithm, for display as it is"
    adapts: ClassVar[bool] = False
    brighter: ClassVar[str] = "lower white"

    mu: float = 5000.0
    white: float | None = 1.0

    def __post_init__(self) -> None:
        _positive(self.mu)
        if self.white is not None and not 0 < self.white < math.inf:
            raise InputError(f"mu_law: expected a positive white, found {self.white}")

    @for_both
    def __call__(self, radiance: Values) -> Values:
        """Map linear radiance (..., 3, H, W) to display values in [0, 1]."""
        white = as_radiance(largest(radiance, IMAGE)).clip(BLACK) if self.white is None else self.white

        def display_of(start: int, stop: int) -> Values:
            return mu_law((radiance_rows(radiance, start, stop) / white).clip(max=1), self.mu)

        return by_strips(display_of, radiance.shape[-2:])


def _positive(mu: float) -> float:
    if not (mu > 0 and math.isfinite(mu)):
        raise InputError(f"expected a positive mu, found {mu}: pass 5000, the usual choice")
    return mu
