"""From an exposure stack to one HDR image: merges, and the weights they take.

The names are imported on first use, since alignment does without torch, which is imported meanwhile.
"""

from typing import TYPE_CHECKING

from hdrgen.lazy import lazy_face

if TYPE_CHECKING:
    from hdrgen.fusion.debevec import merge_debevec as merge_debevec
    from hdrgen.fusion.ghosts import GhostMask as GhostMask
    from hdrgen.fusion.ghosts import ghost_masks as ghost_masks
    from hdrgen.fusion.ghosts import least_clipped as least_clipped
    from hdrgen.fusion.linear import merge_linear as merge_linear
    from hdrgen.fusion.means import LinearMean as LinearMean
    from hdrgen.fusion.means import LogMean as LogMean
    from hdrgen.fusion.means import Mean as Mean
    from hdrgen.fusion.means import PhotonMean as PhotonMean
    from hdrgen.fusion.mertens import Mertens as Mertens
    from hdrgen.fusion.mertens import fuse as fuse
    from hdrgen.fusion.mertens import merge_mertens as merge_mertens
    from hdrgen.fusion.patches import still_frames as still_frames
    from hdrgen.fusion.registration import Alignment as Alignment
    from hdrgen.fusion.registration import align_photographs as align_photographs
    from hdrgen.fusion.robertson import merge_robertson as merge_robertson
    from hdrgen.fusion.rows import Rows as Rows
    from hdrgen.fusion.rows import available_cores as available_cores
    from hdrgen.fusion.streaming import merge_photographs as merge_photographs
    from hdrgen.fusion.transforms import aligned as aligned
    from hdrgen.fusion.transforms import hold as hold
    from hdrgen.fusion.weights import SensorNoise as SensorNoise
    from hdrgen.fusion.weights import Weight as Weight
    from hdrgen.fusion.weights import debevec_hat as debevec_hat
    from hdrgen.fusion.weights import gaussian as gaussian
    from hdrgen.fusion.weights import sensor_noise as sensor_noise
    from hdrgen.fusion.weights import triangle as triangle

_PUBLIC = {
    "Alignment": "hdrgen.fusion.registration:Alignment",
    "GhostMask": "hdrgen.fusion.ghosts:GhostMask",
    "LinearMean": "hdrgen.fusion.means:LinearMean",
    "LogMean": "hdrgen.fusion.means:LogMean",
    "Mean": "hdrgen.fusion.means:Mean",
    "Mertens": "hdrgen.fusion.mertens:Mertens",
    "PhotonMean": "hdrgen.fusion.means:PhotonMean",
    "Rows": "hdrgen.fusion.rows:Rows",
    "SensorNoise": "hdrgen.fusion.weights:SensorNoise",
    "Weight": "hdrgen.fusion.weights:Weight",
    "align_photographs": "hdrgen.fusion.registration:align_photographs",
    "aligned": "hdrgen.fusion.transforms:aligned",
    "available_cores": "hdrgen.fusion.rows:available_cores",
    "debevec_hat": "hdrgen.fusion.weights:debevec_hat",
    "fuse": "hdrgen.fusion.mertens:fuse",
    "gaussian": "hdrgen.fusion.weights:gaussian",
    "ghost_masks": "hdrgen.fusion.ghosts:ghost_masks",
    "hold": "hdrgen.fusion.transforms:hold",
    "least_clipped": "hdrgen.fusion.ghosts:least_clipped",
    "merge_debevec": "hdrgen.fusion.debevec:merge_debevec",
    "merge_linear": "hdrgen.fusion.linear:merge_linear",
    "merge_mertens": "hdrgen.fusion.mertens:merge_mertens",
    "merge_photographs": "hdrgen.fusion.streaming:merge_photographs",
    "merge_robertson": "hdrgen.fusion.robertson:merge_robertson",
    "sensor_noise": "hdrgen.fusion.weights:sensor_noise",
    "still_frames": "hdrgen.fusion.patches:still_frames",
    "triangle": "hdrgen.fusion.weights:triangle",
}

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

if not TYPE_CHECKING:  # a type checker would take every misspelt name for one that this finds
    __getattr__, __dir__ = lazy_face(__name__, _PUBLIC)
