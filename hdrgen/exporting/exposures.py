"""A method that generates exposures as a program: one photograph in, its exposures out."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hdrgen.errors import InputError
from hdrgen.exporting.photograph import PhotographProgram
from hdrgen.exporting.program import EXPOSURES, IMAGE, Port, cut, port
from hdrgen.methods import HDRModule

MOST_EXPOSURES = 64
"""A program holds each of them by itself."""


class ExposureProgram(PhotographProgram):
    """What a method's `generate` does, for fixed exposures.

    Args:
        method: It is copied, in evaluation mode.
        ev: The exposures it makes, in stops.
    """

    def __init__(self, method: HDRModule, ev: Sequence[float]) -> None:
        super().__init__(method)
        self.ev = tuple(ev)
        # Not made within forward: there torch.export would no longer know the values that methods choose networks by.
        self.stops, self.stack_stops = torch.tensor(self.ev), torch.tensor(method.stack_ev)
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
        padded = self.prepared(image, further)
        outputs = [self.method.expose(padded, self.stops).float().clamp(0, 1)]
        if self.merges:
            outputs.append(self._merged(padded[:, :3], outputs[0]))
        return tuple(cut(part, image) for part in outputs)

    def _merged(self, image: Tensor, exposures: Tensor) -> Tensor:
        ev = self.method.stack_ev
        stack = torch.stack([image if stop == 0 else exposures[:, self.ev.index(stop)] for stop in ev], dim=1)
        return self.method.merge(stack, self.stack_stops)

    @torch.no_grad()
    def expected(self, inputs: dict[str, Tensor]) -> list[Tensor]:
        """What the method itself makes of the inputs."""
        image = inputs[IMAGE]
        outputs = [self.method.generate(image, self.stops)]
        if self.merges:
            outputs.append(self.reconstructed(image))
        return outputs

    def makes(self) -> list[Port]:
        """The exposures, and radiance where a network merges them."""
        about = "the exposures `ev` of the photograph, RGB, display values in [0, 1]"
        exposures = port(EXPOSURES, [1, len(self.ev), 3, "H", "W"], about, ev=list(self.ev))
        return [exposures, self.radiance_port()] if self.merges else [exposures]


def exported_exposures(method: HDRModule, ev: Sequence[float] | None = None) -> list[float]:
    """The exposures that a program makes: those given, or those of the method's stack but the photograph itself.

    Raises:
        InputError: None, too many, or some that the method cannot make.
    """
    exposures = sorted(set(method.stack_ev if ev is None else ev) - {0.0})
    if not 0 < len(exposures) <= MOST_EXPOSURES:
        raise InputError(f"expected 1 to {MOST_EXPOSURES} exposures other than EV 0, found {len(exposures)}")
    if ev is not None:
        method.check_ev(torch.tensor(exposures))
    return exposures
