"""The quantity that a merge averages: log radiance, radiance, or radiance weighted by photon counts."""

import math
from abc import ABC, abstractmethod

from torch import Tensor


class Mean(ABC):
    """A weighted mean over the frames of a stack; stateless, every function works on any shape."""

    @abstractmethod
    def measure(self, exposure: Tensor) -> Tensor:
        """What is averaged, of a sensor exposure in (0, 1], before its EV is taken off."""

    @abstractmethod
    def value(self, measured: Tensor, ev: Tensor) -> Tensor:
        """The same on the scale of EV 0."""

    @abstractmethod
    def radiance(self, mean: Tensor) -> Tensor:
        """Radiance of the mean."""

    def weight(self, weight: Tensor, ev: Tensor) -> Tensor:
        """What a frame's weight becomes because of its EV."""
        return weight


class LogMean(Mean):
    """Of log radiance: relative errors count the same in every frame (Debevec and Malik)."""

    def measure(self, exposure: Tensor) -> Tensor:
        """Log exposure, ln X."""
        return exposure.log()

    def value(self, measured: Tensor, ev: Tensor) -> Tensor:
        """Log radiance, ln X - ln 2^EV."""
        return measured - math.log(2) * ev.to(measured)

    def radiance(self, mean: Tensor) -> Tensor:
        """The exponential."""
        return mean.exp()


class LinearMean(Mean):
    """Of radiance: unbiased under photon noise (Mann and Picard)."""

    def measure(self, exposure: Tensor) -> Tensor:
        """X."""
        return exposure

    def value(self, measured: Tensor, ev: Tensor) -> Tensor:
        """X / 2^EV."""
        return measured * (-ev.to(measured)).exp2()

    def radiance(self, mean: Tensor) -> Tensor:
        """The mean itself."""
        return mean


class PhotonMean(LinearMean):
    """Of radiance, a frame's weight growing with the square of its exposure (Robertson et al.)."""

    def weight(self, weight: Tensor, ev: Tensor) -> Tensor:
        """W 4^EV: the sums become those of w X 2^EV and w 4^EV."""
        return weight * (2 * ev.to(weight)).exp2()
