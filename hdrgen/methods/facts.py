"""What a method says of itself: stated once, asked by commands, data, export and documentation."""

from typing import Any, Literal

from torch import nn

from hdrgen.data import Brackets, Photographs, PhotographSource
from hdrgen.errors import InputError


class MethodFacts:
    """The part of `HDRModule` that says what a method takes and makes.

    Attributes:
        input: What the method takes: one photograph, or a bracket, several exposures of one scene.
        generates: Whether it makes exposures, which `merge` turns into radiance. Otherwise it makes radiance alone.
        baseline: Whether it stands in tables as what a method must beat.
        monitor: Name of the logged score that chooses the best checkpoint; None: see `monitored`.
        monitor_mode: Whether the best is the largest or the smallest score.
        channels_last: Whether a training step on a CPU is quicker with the channels of a pixel side by side in memory,
            as measured by `benchmarks/training/step_beside_plain.py`; training then lays the weights out so by itself.
        channels_last_inference: Whether a CPU makes images quicker so, as measured by
            `benchmarks/inference/layout.py`; photographs and their tiles are then laid out so by themselves.
        recomputed: Classes of the networks' parts whose activations the callback `ActivationCheckpointing` does not
            keep. They are called as modules, and depend on nothing that changes between forward and backward pass.
        sharded: Classes of the networks that `FullySharded` spreads over processes, together all that is trained. They
            are called as modules, in every process the same ones in the same order, and get their gradients from
            backward passes alone.
    """

    input: Literal["photograph", "bracket"] = "photograph"
    generates: bool = True
    baseline: bool = False
    monitor: str | None = None
    monitor_mode: Literal["max", "min"] = "max"
    channels_last: bool = False
    channels_last_inference: bool = False
    recomputed: tuple[type[nn.Module], ...] = ()
    sharded: tuple[type[nn.Module], ...] = ()

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Refuse a method written for an older hdrgen, whose answers would be ignored silently.

        Raises:
            InputError: It answers `offers`, or sets `photographs` and leaves `input` unsaid.
        """
        super().__init_subclass__(**keywords)
        if "offers" in vars(cls):
            raise InputError(f"{cls.__name__}.offers is not called any more; rename it to can_generate")
        if "photographs" in vars(cls) and "input" not in vars(cls):
            raise InputError(f'{cls.__name__} sets photographs; say input = "bracket" or "photograph" as well')

    @classmethod
    def monitored(cls) -> str:
        """The score that chooses the best checkpoint: `monitor`, or else PSNR of exposures, or PSNR-mu of radiance."""
        return cls.monitor or ("val/psnr" if cls.generates else "val/psnr_mu")

    @property
    def photographs(self) -> PhotographSource:
        """What predict makes of the user's files: `Photographs` takes them one by one, `Brackets` scene by scene."""
        return Photographs if self.input == "photograph" else Brackets
