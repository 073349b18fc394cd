"""What all tone mapping operators have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

ToneMapper = Callable[[Any], Any]
"""From linear radiance (..., 3, H, W) to display values in [0, 1] of the same shape, of the same kind."""


class Operator(ABC):
    """A tone mapper as a frozen dataclass: its fields are the parameters, and calling it maps.

    Attributes:
        encoding: How its display values are encoded, in words.
        adapts: Whether it adapts to each image, so that the scale of the radiance does not matter. If not, radiance 1
            has a meaning.
        brighter: What to change for a brighter picture, parameters by their names.
    """

    encoding: ClassVar[str]
    adapts: ClassVar[bool] = True
    brighter: ClassVar[str]

    @abstractmethod
    def __call__(self, radiance: Any) -> Any:
        """Map linear radiance (..., 3, H, W) to display values in [0, 1].

        A tensor to a tensor; `hdrgen.array_kinds.for_both` says that arrays of NumPy become such arrays.
        """
