"""A method whose network merges photographs as a program: three exposures in, radiance out."""

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from hdrgen.exporting.program import EXPOSURES, HDR, Port, Program, cut, example_photograph, port
from hdrgen.methods import HDRModule

EV = "ev"
"""Input with the stops of the exposures."""
EXAMPLE_EV = (-2.0, 0.0, 2.0)
"""Stops that the program is traced and checked with; it takes any."""


@runtime_checkable
class Fuses(Protocol):
    """A method whose network merges three exposures, such as HDR-GAN.

    Attributes:
        smallest: Side in pixels of the smallest image that it takes.
    """

    smallest: int

    def fuse(self, ldr: Tensor, ev: Tensor) -> Tensor:
        """Radiance `(B, 3, H, W)` of exposures `(B, 3, 3, H, W)` at `(B, 3)` stops, sides dividing by `multiple`."""


class FusingProgram(Program):
    """What the `reconstruct` of a method that merges three exposures does, whatever their stops.

    Args:
        method: It `Fuses`. It is copied, in evaluation mode.
    """

    def __init__(self, method: HDRModule) -> None:
        assert isinstance(method, Fuses)
        # torch.export takes a side of one multiple, features of one pixel, for another program.
        least = 1 if method.multiple == 1 else 2
        super().__init__(method, max(least, -(-method.smallest // method.multiple)) * method.multiple)

    def forward(self, exposures: Tensor, ev: Tensor) -> tuple[Tensor]:
        """Run the program.

        Args:
            exposures: `(1, 3, 3, H, W)`, display values in [0, 1], dark to bright; both sides at least `smallest`.
            ev: `(1, 3)`, stops relative to the middle exposure.

        Returns:
            Radiance `(1, 3, H, W)`.
        """
        assert isinstance(self.method, Fuses)
        return (cut(self.method.fuse(self.padded(exposures), ev), exposures),)

    @torch.no_grad()
    def expected(self, inputs: dict[str, Tensor]) -> list[Tensor]:
        """What the method itself makes of the inputs."""
        middle = torch.ones(1, dtype=torch.long)
        return [self.method.reconstruct({"ldr": inputs[EXPOSURES], EV: inputs[EV], "ref": middle})]

    def inputs(self, height: int, width: int) -> dict[str, Tensor]:
        """Inputs of some size, the same each time."""
        ev = torch.tensor([EXAMPLE_EV])
        gains = (ev / 2.2).exp2()[..., None, None, None]
        return {EXPOSURES: (example_photograph(height, width)[:, None] * gains).clamp(0, 1), EV: ev}

    def takes(self) -> list[Port]:
        """The exposures and their stops."""
        about = (
            "a dark, a middle and a bright photograph of one scene, in this order, RGB, display values in [0, 1] as"
            f" their files have them; H and W at least {self.smallest}"
        )
        stops = "their exposures in stops relative to the middle one, which is 0; for example -2, 0, 2"
        return [port(EXPOSURES, [1, 3, 3, "H", "W"], about), port(EV, [1, 3], stops)]

    def makes(self) -> list[Port]:
        """The radiance."""
        about = "the HDR image, linear radiance, in which 1 is what just reaches white in the middle photograph"
        return [port(HDR, [1, 3, "H", "W"], about)]
