"""The quantity that a merge averages: log radiance, radiance, or radiance weighted by photon counts."""

import math
from abc import ABC, abstractmethod
from typing import Any

from hdrgen.array_kinds import Values, like, namespace


class Mean(ABC):
    """A weighted mean over the frames of a stack; stateless, every function works on any shape of either kind."""

    @abstractmethod
    def measure(self, exposure: Values) -> Values:
        """What is averaged, of a sensor exposure in (0, 1], before its EV is taken off."""

    @abstractmethod
    def value(self, measured: Values, ev: Any) -> Values:
        """The same on the scale of EV 0."""

    @abstractmethod
    def radiance(self, mean: Values) -> Values:
        """Radiance of the mean."""

    def weight(self, weight: Values, ev: Any) -> Values:
        """What a frame's weight becomes because of its EV."""
        return weight


class LogMean(Mean):
    """Of log radiance: relative errors count the same in every frame (Debevec and Malik)."""

    def measure(self, exposure: Values) -> Values:
        """Log exposure, ln X."""
        log_exposure: Values = namespace(exposure).log(exposure)
        return log_exposure

    def value(self, measured: Values, ev: Any) -> Values:
        """Log radiance, ln X - ln 2^EV."""
        return measured - math.log(2) * like(ev, measured)

    def radiance(self, mean: Values) -> Values:
        """The exponential."""
        radiance: Values = namespace(mean).exp(mean)
        return radiance


class LinearMean(Mean):
    """Of radiance: unbiased under photon noise (Mann and Picard)."""

    def measure(self, exposure: Values) -> Values:
        """X."""
        return exposure

    def value(self, measured: Values, ev: Any) -> Values:
        """X / 2^EV."""
        return measured * namespace(measured).exp2(-like(ev, measured))

    def radiance(self, mean: Values) -> Values:
        """The mean itself."""
        return mean


class PhotonMean(LinearMean):
    """Of radiance, a frame's weight growing with the square of its exposure (Robertson et al.)."""

    def weight(self, weight: Values, ev: Any) -> Values:
        """W 4^EV: the sums become those of w X 2^EV and w 4^EV."""
        return weight * namespace(weight).exp2(2 * like(ev, weight))
