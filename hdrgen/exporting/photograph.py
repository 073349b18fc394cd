"""What the programs of methods that take one photograph have in common."""

import inspect

import torch
from torch import Tensor

from hdrgen.exporting.program import HDR, IMAGE, Port, Program, cut, example_photograph, port
from hdrgen.methods import HDRModule

FURTHER = "further"
"""Input with the channels that the method's `prepared` adds to an image."""


class PhotographProgram(Program):
    """A program of one photograph, and of what else the method's network sees of it.

    Args:
        method: It is copied, in evaluation mode.
    """

    def __init__(self, method: HDRModule) -> None:
        super().__init__(method, method.multiple)
        self.further = further_channels(method)

    def prepared(self, image: Tensor, further: Tensor | None) -> Tensor:
        """Both inputs in one, padded: `(1, 3 + C, H, W)`."""
        return self.padded(image if further is None else torch.cat([image, further], dim=1))

    def inputs(self, height: int, width: int) -> dict[str, Tensor]:
        """Inputs of some size, the same each time."""
        image = example_photograph(height, width)
        return {IMAGE: image} | ({FURTHER: self.method.prepared(image)[:, 3:]} if self.further else {})

    def takes(self) -> list[Port]:
        """The photograph, and what else the network sees of it."""
        limits = f"H and W at least {self.smallest}"
        about = f"a photograph, RGB, display values in [0, 1] as its file has them; {limits}"
        image = port(IMAGE, [1, 3, "H", "W"], about)
        if not self.further:
            return [image]
        name = type(self.method).__name__
        summary = (inspect.getdoc(type(self.method).prepared) or "").partition("\n")[0]
        return [
            image,
            port(FURTHER, [1, self.further, "H", "W"], f"what {name}.prepared adds to the image ({summary})"),
        ]

    def radiance_port(self) -> Port:
        """Radiance as an output."""
        about = "the HDR image, linear radiance, in which 1 is about what just reaches white in the photograph"
        return port(HDR, [1, 3, "H", "W"], about)

    def reconstructed(self, image: Tensor) -> Tensor:
        """The radiance that the method itself makes of a photograph."""
        zero = torch.zeros(1, 1)
        return self.method.reconstruct({"ldr": image[:, None], "ev": zero, "ref": zero[0].long()})


class ExpandingProgram(PhotographProgram):
    """What the `reconstruct` of a method does that makes radiance of one photograph without exposures."""

    def forward(self, image: Tensor, further: Tensor | None = None) -> tuple[Tensor]:
        """Run the program.

        Args:
            image: `(1, 3, H, W)`, display values in [0, 1]; both sides at least `smallest`.
            further: `(1, C, H, W)`, what the method's `prepared` adds to an image, for methods where it adds something.

        Returns:
            Radiance `(1, 3, H, W)`.
        """
        return (cut(self.method.expand(self.prepared(image, further)).float(), image),)

    @torch.no_grad()
    def expected(self, inputs: dict[str, Tensor]) -> list[Tensor]:
        """What the method itself makes of the inputs."""
        return [self.reconstructed(inputs[IMAGE])]

    def makes(self) -> list[Port]:
        """The radiance."""
        return [self.radiance_port()]


def further_channels(method: HDRModule) -> int:
    """How many channels the method's `prepared` adds to an image."""
    with torch.no_grad():
        return method.prepared(torch.zeros(1, 3, 32, 32, device=method.device)).shape[1] - 3
