"""Photographs of one scene whose files say that they lie differently."""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hdrgen.errors import InputError, InputWarning
from hdrgen.io.codecs.orientation import as_stored, upright
from hdrgen.io.image import Image
from hdrgen.io.stacks.views import likeness


@dataclass(frozen=True)
class Turning:
    """One orientation for all photographs of a scene, as the sensor saw them.

    A camera that points up or down, or is tilted while it exposes, may note another orientation for every frame of a
    bracket, although the pixels of all lie the same way.

    Attributes:
        orientation: EXIF's number.
    """

    orientation: int

    def applied(self, image: Image) -> Image:
        """The photograph with this orientation undone instead of its own."""
        if image.orientation == self.orientation:
            return image
        pixels = upright(as_stored(image.pixels, image.orientation), self.orientation)
        return replace(image, pixels=pixels, orientation=self.orientation)


def turned_alike(images: Sequence[Image], names: Sequence[str], place: str, reference: int) -> list[Image]:
    """Photographs of one scene, all turned the same way.

    Where their orientation tags differ, the pixels decide: most often they lie as the sensor saw them, all the same
    way, and are then turned as most of the files say. Where they resemble each other more as the tags say, since a
    program has turned some of them, the tags are followed.

    Args:
        images: As they were read, upright by their tags.
        names: Of their files.
        place: Of all of them, in messages.
        reference: Which of them the others are compared with.

    Warns:
        InputWarning: The tags differ.

    Raises:
        InputError: The tags differ, and neither with nor without them do all have one size.
    """
    if len({image.orientation for image in images}) < 2:
        return list(images)
    turning = Turning(_usual([image.orientation for image in images], reference))
    ways = {"as the sensor saw them": [turning.applied(image) for image in images], "as the tags say": list(images)}
    fit = {way: turned for way, turned in ways.items() if len({image.pixels.shape for image in turned}) == 1}
    tags = ", ".join(f"{name} {image.orientation}" for name, image in zip(names, images, strict=True))
    if not fit:
        raise InputError(f"{place}: expected frames of one size, found several, and several orientation tags ({tags})")
    way = max(fit, key=lambda way: _alike(fit[way]))
    warnings.warn(
        InputWarning(f"{place}: the orientation tags of the frames differ ({tags}); taken {way}"), stacklevel=3
    )
    return fit[way]


def _usual(orientations: Sequence[int], reference: int) -> int:
    """What most say, and of as many the reference."""
    counts = Counter(orientations)
    most = max(counts.values())
    own = orientations[reference]
    return own if counts[own] == most else next(each for each in orientations if counts[each] == most)


def _alike(images: Sequence[Image]) -> float:
    """How much the photographs resemble their neighbours in exposure, which share the most."""
    return sum(likeness(one, other) for one, other in zip(images[1:], images[:-1], strict=True))
