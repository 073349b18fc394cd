"""From an exposure stack to one HDR image: merges, and the weights they take."""

from hdrgen.fusion.debevec import merge_debevec
from hdrgen.fusion.linear import merge_linear
from hdrgen.fusion.weights import SensorNoise, debevec_hat, gaussian, sensor_noise, triangle

__all__ = [
    "SensorNoise",
    "debevec_hat",
    "gaussian",
    "merge_debevec",
    "merge_linear",
    "sensor_noise",
    "triangle",
]
