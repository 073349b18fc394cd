"""Camera response curves: the abstract curve, and the analytic ones that need no file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from hdrgen.array_kinds import Values, evaluated, for_both, in_floats, is_numpy, namespace
from hdrgen.errors import InputError

if TYPE_CHECKING:
    import torch

# Below this sensor exposure a power curve is continued by a straight line, so that its slope at black stays finite.
# At gamma 2.2 the toe ends at display value 0.00023, a seventeenth of an 8-bit step.
TOE = 1e-8
SRGB_LINEAR, SRGB_ENCODED = 0.0031308, 0.04045  # where the straight part of sRGB ends, linear and encoded


class CameraResponse(ABC):
    """A monotone curve f from sensor exposure to display value, with f(0) = 0 and f(1) = 1.

    Calling it encodes, `inverse` decodes. Both clip to [0, 1] and work on any shape, differentiably;
    half-precision input is computed, and returned, in float32. NumPy's arrays become such arrays; a curve for which
    these are more than a way to tensors and back says so with `hdrgen.array_kinds.for_both`.

    Attributes:
        name: What the curve is called in tables and files.
    """

    name: str = ""

    def __call__(self, exposure: Values) -> Values:
        """Display value in [0, 1] of a linear sensor exposure (clipped to [0, 1])."""
        display: Values = evaluated(self._encode, _unit(exposure))
        return display

    def inverse(self, display: Values) -> Values:
        """Linear sensor exposure in [0, 1] of a display value (clipped to [0, 1])."""
        exposure: Values = evaluated(self._decode, _unit(display))
        return exposure

    @abstractmethod
    def _encode(self, exposure: Any) -> Any: ...

    @abstractmethod
    def _decode(self, display: Any) -> Any: ...

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class Gamma(CameraResponse):
    r"""Power law: :math:`f(x) = x^{1/\gamma}`.

    >>> import torch
    >>> round(float(Gamma(2.2)(torch.tensor(0.18))), 4)
    0.4587
    """

    def __init__(self, gamma: float = 2.2) -> None:
        if not gamma > 0:
            raise InputError(f"expected a positive gamma, found {gamma}: pass 2.2, or what the camera applied")
        self.gamma = gamma
        self.name = f"gamma {gamma:g}"

    @for_both
    def _encode(self, exposure: Values) -> Values:
        return power(exposure, 1 / self.gamma)

    @for_both
    def _decode(self, display: Values) -> Values:
        return power(display, self.gamma)


class SRGB(CameraResponse):
    """The sRGB transfer function, IEC 61966-2-1.

    >>> import torch
    >>> round(float(SRGB()(torch.tensor(0.18))), 4)
    0.4614
    """

    name = "sRGB"

    @for_both
    def _encode(self, exposure: Values) -> Values:
        # Both branches get a gradient: the power's slope at 0 is infinite, and 0 times that would be NaN.
        curve = 1.055 * exposure.clip(SRGB_LINEAR) ** (1 / 2.4) - 0.055
        display: Values = namespace(exposure).where(exposure > SRGB_LINEAR, curve, 12.92 * exposure)
        return display

    @for_both
    def _decode(self, display: Values) -> Values:
        curve = ((display + 0.055) / 1.055) ** 2.4
        exposure: Values = namespace(display).where(display > SRGB_ENCODED, curve, display / 12.92)
        return exposure


class Sigmoid(CameraResponse):
    r"""The sigmoid family that HDRCNN fitted to DoRF: :math:`f(x) = (1+\sigma)\,x^n / (x^n + \sigma)`.

    Source: Eilertsen et al., "HDR image reconstruction from a single exposure using deep CNNs", 2017, section 5.1.

    >>> import torch
    >>> round(float(Sigmoid(0.9, 0.6)(torch.tensor(0.18))), 4)
    0.4202
    """

    def __init__(self, n: float = 0.9, sigma: float = 0.6) -> None:
        if not (n > 0 and sigma > 0):
            raise InputError(f"expected positive sigmoid parameters, found n={n}, sigma={sigma}: pass e.g. 0.9 and 0.6")
        self.n = n
        self.sigma = sigma
        self.name = f"sigmoid {n:.3f} {sigma:.3f}"

    @classmethod
    def sample(cls, generator: torch.Generator) -> Sigmoid:
        """Draw a curve as HDRCNN does: n ~ N(0.9, 0.1), sigma ~ N(0.6, 0.1), drawn again until both are positive."""
        import torch

        while True:
            n, sigma = (torch.randn(2, generator=generator) * 0.1 + torch.tensor([0.9, 0.6])).tolist()
            if n > 0 and sigma > 0:
                return cls(n, sigma)

    @for_both
    def _encode(self, exposure: Values) -> Values:
        raised = power(exposure, self.n)
        return (1 + self.sigma) * raised / (raised + self.sigma)

    @for_both
    def _decode(self, display: Values) -> Values:
        return power((self.sigma * display / (1 + self.sigma - display)).clip(max=1), 1 / self.n)


def power(x: Values, exponent: float, out: Values | None = None) -> Values:
    """`x ** exponent` on [0, 1] with a straight toe; exponents p and 1/p are exact inverses of each other.

    Roots may be written to `out`, which may be `x`, where no gradients are asked for.
    """
    if exponent == 1:
        return x
    xp, toe = namespace(x), TOE if exponent < 1 else TOE ** (1 / exponent)
    line = x * toe ** (exponent - 1)
    if exponent < 1:  # the toe lies below a root: half the time of a choice by where
        above = x.clip(toe, np.inf) if is_numpy(x) else x.clip(toe)  # NumPy: half the time of one bound
        root: Values = xp.minimum(raised(above, exponent), line, out=out)
        return root
    curve: Values = xp.where(x > toe, x.clip(toe) ** exponent, line)
    return curve


def raised(x: Values, exponent: float | Values) -> Values:
    """`x ** exponent` of positive numbers, in 0.6 of the time that `torch.pow` takes on a CPU.

    What `pow` spends on its last bit matters where results are large: on [0, 1], roots are within 2e-7 of it. NumPy's
    own takes one value after the other; its logarithm, several at once.

    >>> import torch
    >>> round(float(raised(torch.tensor(0.25), 0.5)), 4)
    0.5
    """
    if not is_numpy(x):
        return x.log2().mul_(exponent).exp2_()
    if x.dtype != np.float32 or not x.ndim:
        return x**exponent
    with np.errstate(divide="ignore"):  # of 0, which becomes 0 again
        product: Values = np.log(x) * exponent
    return np.exp(product, out=product)


def _unit(x: Values) -> Values:
    """Clip to [0, 1] in float32 or better; NaN stays visible."""
    return in_floats(x).clip(0, 1)
