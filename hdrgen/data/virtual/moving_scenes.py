"""Moving scenes from still ones: brackets with motion between the exposures, and the truth at the reference."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hdrgen.camera import Gamma
from hdrgen.data.dataset import StackDataset
from hdrgen.data.decoded import DecodedCache
from hdrgen.data.sample import Sample
from hdrgen.data.virtual.motion import Motion, frame_times
from hdrgen.data.virtual.procedural import ProceduralScenes
from hdrgen.data.virtual.stack_camera import RadianceScenes, StackCamera
from hdrgen.errors import InputError


def bracket_camera() -> StackCamera:
    """EV -2, 0 and +2 in 8 bits through gamma 2.2, the response that HDR merging networks assume."""
    return StackCamera(evs=(-2.0, 0.0, 2.0), curves=[Gamma(2.2)])


class MovingScenes(StackDataset):
    """Exposure stacks of scenes that move: things pass by, and the camera shakes, from one exposure to the next.

    Any scenes of known radiance serve. Pieces of the mirrored picture, cut out along wavy outlines, move across it; a
    thing hides what is behind it, in every exposure and in the truth. The exposures are taken one after the other, dark
    to bright; `hdr` is the radiance at the reference exposure, with everything where it then is, so
    `ldr[ref] == f(min(hdr, 1))`. Motion is drawn anew in each epoch of training and stays fixed in evaluation.

    Frames are smaller than those of `stacks` by `Motion.margin` on each side, into which the shaken camera looks.

    Args:
        stacks: Scenes of known radiance, `ProceduralScenes` or `RenderedStacks`; their camera takes the exposures.
            None: procedural scenes of 68 pixels, 64 after the cut, at EV -2, 0 and +2 through gamma 2.2.
        motion: How much moves; None: one to three things, by up to a quarter of the picture, and a hand's shake.

    Raises:
        InputError: The margin leaves nothing of the picture.
    """

    def __init__(self, stacks: RadianceScenes | None = None, motion: Motion | None = None) -> None:
        self.stacks = stacks or ProceduralScenes(size=68, camera=bracket_camera())
        self.motion = motion or Motion()

    def __len__(self) -> int:
        """Number of scenes."""
        return len(self.stacks)

    def scene(self, index: int) -> str:
        """The still scene's name."""
        return self.stacks.scene(index)

    def group(self, index: int) -> str:
        """The still scene's."""
        return self.stacks.group(index)

    def exposures(self, index: int) -> Tensor:
        """(S,) the camera's exposures in stops."""
        return self.stacks.exposures(index)

    def reference(self, index: int) -> int:
        """Index of EV 0."""
        return self.stacks.reference(index)

    def keep_decoded(self, cache: DecodedCache | None) -> None:
        """Keep the still scenes there."""
        self.stacks.keep_decoded(cache)

    def load(self, index: int, frames: Sequence[int], *, generator: torch.Generator) -> Sample:
        """Take the scene's radiance, set it in motion, and photograph it."""
        still = self.stacks.radiance(index, generator)
        count, reference = len(self.exposures(index)), self.reference(index)
        height, width = still.shape[-2:]
        margin = self.motion.margin(height, width)
        if min(height, width) <= 2 * margin:
            raise InputError(f"expected scenes of more than {2 * margin} pixels for this shake, found {width}x{height}")
        movement = self.motion.draw(height, width, count, reference, generator)
        times = frame_times(count, reference)
        moved = {frame: movement.frame(still, frame, times[frame], margin) for frame in {*frames, reference}}
        frame_radiance = torch.stack([moved[frame] for frame in frames])
        return self.stacks.camera.photograph(moved[reference], self.scene(index), frames, generator, frame_radiance)
