"""From an exposure stack to one HDR image: merges, and the weights they take."""

from hdrgen.fusion.debevec import merge_debevec
from hdrgen.fusion.ghosts import GhostMask, ghost_masks, least_clipped
from hdrgen.fusion.linear import merge_linear
from hdrgen.fusion.means import LinearMean, LogMean, Mean, PhotonMean
from hdrgen.fusion.mertens import Mertens, fuse, merge_mertens
from hdrgen.fusion.patches import still_frames
from hdrgen.fusion.registration import Alignment, align_photographs
from hdrgen.fusion.robertson import merge_robertson
from hdrgen.fusion.streaming import Rows, available_cores, merge_photographs
from hdrgen.fusion.transforms import aligned, hold
from hdrgen.fusion.weights import SensorNoise, Weight, debevec_hat, gaussian, sensor_noise, triangle

__all__ = [
    "Alignment",
    "GhostMask",
    "LinearMean",
    "LogMean",
    "Mean",
    "Mertens",
    "PhotonMean",
    "Rows",
    "SensorNoise",
    "Weight",
    "align_photographs",
    "aligned",
    "available_cores",
    "debevec_hat",
    "fuse",
    "gaussian",
    "ghost_masks",
    "hold",
    "least_clipped",
    "merge_debevec",
    "merge_linear",
    "merge_mertens",
    "merge_photographs",
    "merge_robertson",
    "sensor_noise",
    "still_frames",
    "triangle",
]
