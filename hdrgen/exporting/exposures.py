"""A method that generates exposures as a program: one photograph in, its exposures out."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import torch
from torch import Tensor

from hdrgen.errors import InputError
from hdrgen.exporting.program import EXPOSURES, HDR, IMAGE, Port, Program, cut, example_photograph, port
from hdrgen.methods.base import HDRModule

MOST_EXPOSURES = 64
FURTHER = "further"


class ExposureProgram(Program):
    """What a method's `generate` does, for fixed exposures.

    Args:
        method: It is copied, in evaluation mode.
        ev: The exposures it makes, in stops.
    """

    def __init__(self, method: HDRModule, ev: Sequence[float]) -> None:
        super().__init__(method, method.multiple)
        self.ev = tuple(ev)
        # Not made within forward: there torch.export would no longer know the values that methods choose networks by.
        self.stops, self.stack_stops = torch.tensor(self.ev), torch.tensor(method.stack_ev)
        self.further = further_channels(method)
        self.merges = method.learned_merge and {*ev, 0.0} == {*method.stack_ev}

    def forward(self, image: Tensor, further: Tensor | None = None) -> tuple[Tensor, ...]:
        """Run the program.

        Args:
            image: `(1, 3, H, W)`, display values in [0, 1]; both sides at least `smallest`.
            further: `(1, C, H, W)`, what the method's `prepared` adds to an image, for methods where it adds something.

        Returns:
            The exposures `(1, K, 3, H, W)`, display values in [0, 1]; where a network merges just these, also radiance
            `(1, 3, H, W)`.
        """
        padded = self.padded(image if further is None else torch.cat([image, further], dim=1))
        made = [self.method.expose(padded, self.stops).float().clamp(0, 1)]
        if self.merges:
            made.append(self._merged(padded[:, :3], made[0]))
        return tuple(cut(part, image) for part in made)

    def _merged(self, image: Tensor, made: Tensor) -> Tensor:
        ev = self.method.stack_ev
        stack = torch.stack([image if stop == 0 else made[:, self.ev.index(stop)] for stop in ev], dim=1)
        return self.method.merge(stack, self.stack_stops)

    @torch.no_grad()
    def expected(self, inputs: dict[str, Tensor]) -> list[Tensor]:
        """What the method itself makes of the inputs."""
        image = inputs[IMAGE]
        made = [self.method.generate(image, self.stops)]
        if self.merges:
            zero = torch.zeros(1, 1)
            made.append(self.method.reconstruct({"ldr": image[:, None], "ev": zero, "ref": zero[0].long()}))
        return made

    def inputs(self, height: int, width: int) -> dict[str, Tensor]:
        """Inputs of some size, the same each time."""
        image = example_photograph(height, width)
        return {IMAGE: image} | ({FURTHER: self.method.prepared(image)[:, 3:]} if self.further else {})

    def takes(self) -> list[Port]:
        """The photograph, and what else the network sees of it."""
        limits = f"H and W at least {self.smallest}"
        about = f"a photograph, RGB, display values in [0, 1] as its file has them; {limits}"
        found = [port(IMAGE, [1, 3, "H", "W"], about)]
        if not self.further:
            return found
        name = type(self.method).__name__
        told = (inspect.getdoc(type(self.method).prepared) or "").partition("\n")[0]
        about = f"what {name}.prepared adds to the image ({told})"
        return [*found, port(FURTHER, [1, self.further, "H", "W"], about)]

    def makes(self) -> list[Port]:
        """The exposures, and radiance where a network merges them."""
        about = "the exposures `ev` of the photograph, RGB, display values in [0, 1]"
        found = [port(EXPOSURES, [1, len(self.ev), 3, "H", "W"], about, ev=list(self.ev))]
        if not self.merges:
            return found
        about = "the HDR image, linear radiance, in which 1 is about what just reaches white in the photograph"
        return [*found, port(HDR, [1, 3, "H", "W"], about)]


def further_channels(method: HDRModule) -> int:
    """How many channels the method's `prepared` adds to an image."""
    with torch.no_grad():
        return method.prepared(torch.zeros(1, 3, 32, 32, device=method.device)).shape[1] - 3


def exported_exposures(method: HDRModule, ev: Sequence[float] | None = None) -> list[float]:
    """The exposures that a program makes: those given, or those of the method's stack but the photograph itself.

    Raises:
        InputError: none, too many, or some that the method cannot make.
    """
    wanted = sorted(set(method.stack_ev if ev is None else ev) - {0.0})
    if not 0 < len(wanted) <= MOST_EXPOSURES:
        raise InputError(f"expected 1 to {MOST_EXPOSURES} exposures other than EV 0, found {len(wanted)}")
    if ev is not None:
        method.check_ev(torch.tensor(wanted))
    return wanted
