"""A distribution of camera responses that needs no file: what cameras and phones do to exposure, drawn at random."""

from dataclasses import dataclass

import torch
from torch import Tensor

from hdrgen.camera.response import SRGB, CameraResponse, Gamma, Sigmoid
from hdrgen.camera.tabulated import TabulatedResponse
from hdrgen.errors import InputError

LEVELS = 1024
"""Knots of a drawn curve, equidistant in exposure's square root, where curves bend most."""


@dataclass(frozen=True)
class CurvePrior:
    r"""Draws responses: a transfer function, then a tone curve.

    The transfer function is sRGB, a power law, or HDRCNN's sigmoid, which has its tone curve in it already. That of the
    others first raises or lowers the mid-tones, :math:`y^{2^u}`, then changes the contrast,
    :math:`y + c\,y(1-y)(2y-1)`. A part of the sRGB curves stays as it is: what a RAW converter with its defaults, or a
    renderer, writes. A share of all curves may be near the mean of cameras: who trains an estimate with many of them
    learns to deviate from it only where a photograph tells it to.

    Attributes:
        srgb: Share of curves that begin with sRGB.
        power: Share of curves that begin with a power law; the others begin with a sigmoid.
        plain: Share of the sRGB curves without a tone curve.
        gamma: Smallest and largest exponent of the power law, drawn uniformly.
        sigmoid_spread: Standard deviations, in octaves, of n about 0.9 and of sigma about 0.6.
        brightness: Standard deviation of u.
        contrast: Standard deviation of c about 0.3; c is cut to [-0.8, 0.8], within which curves rise.
        near: Share of all curves that are sigmoids near the mean of cameras instead, the others as above.
        near_spread: Of these, as `sigmoid_spread`.
    """

    srgb: float = 0.25
    power: float = 0.1
    plain: float = 0.5
    gamma: tuple[float, float] = (1.7, 2.7)
    sigmoid_spread: tuple[float, float] = (0.35, 1.2)
    brightness: float = 0.15
    contrast: float = 0.3
    near: float = 0.0
    near_spread: tuple[float, float] = (0.12, 0.45)

    def __post_init__(self) -> None:
        """Check what would draw other curves than are stated."""
        shares = {"srgb": self.srgb, "power": self.power, "plain": self.plain, "srgb + power": self.srgb + self.power}
        shares["near"] = self.near
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise InputError(f"expected shares of curves from 0 to 1, found {name}={share:g}")
        if not 0 < self.gamma[0] <= self.gamma[1]:
            raise InputError(f"expected exponents above 0, the smaller first, found gamma={list(self.gamma)}")

    def draw(self, generator: torch.Generator) -> CameraResponse:
        """One response; every call draws the same numbers from `generator`."""
        family, plain, gamma = torch.rand(3, generator=generator).tolist()
        n, sigma, brightness, contrast = torch.randn(4, generator=generator).tolist()
        transfer: CameraResponse
        if gamma < self.near:
            return _sigmoid(self.near_spread, n, sigma)
        gamma = (gamma - self.near) / (1 - self.near)
        if family < self.srgb:
            transfer = SRGB()
            if plain < self.plain:
                return transfer
        elif family < self.srgb + self.power:
            transfer = Gamma(self.gamma[0] + (self.gamma[1] - self.gamma[0]) * gamma)
        else:
            return _sigmoid(self.sigmoid_spread, n, sigma)
        exposure = torch.linspace(0, 1, LEVELS).square()
        return TabulatedResponse(
            exposure, self._toned(transfer(exposure), brightness, contrast), f"{transfer.name}, toned"
        )

    def _toned(self, display: Tensor, brightness: float, contrast: float) -> Tensor:
        raised = display ** (2 ** (self.brightness * brightness))
        bend = min(0.8, max(-0.8, 0.3 + self.contrast * contrast))
        return raised + bend * raised * (1 - raised) * (2 * raised - 1)


def _sigmoid(spread: tuple[float, float], n: float, sigma: float) -> Sigmoid:
    """That of HDRCNN's family, so many octaves, over their spread, from the mean of cameras."""
    return Sigmoid(0.9 * 2 ** (spread[0] * n), 0.6 * 2 ** (spread[1] * sigma))
