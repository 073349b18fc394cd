"""The moving scenes of Tursun et al., without truth."""

from pathlib import Path

from hdrgen.data.datasets.folder import scene_folders
from hdrgen.data.datasets.photographed import PhotographedStacks, StackOptions
from hdrgen.data.splits import scenes_of


class Tursun(PhotographedStacks):
    """Sixteen brackets of moving scenes, to look at: there is no truth.

    From Tursun, Akyuz, Erdem, Erdem: "An Objective Deghosting Quality Metric for HDR Images", Eurographics 2016.
    Layout::

        <root>/<scene>/*.tiff                (any images of one bracket)

    Exposures come from EXIF or a list beside the frames: `exposure.txt` with log2 exposures in the order of the names,
    or `exposures.csv`. 16 bits are kept.

    Args:
        root: The folder that holds the scenes' folders.
        frames: Keep at most this many, those nearest to the reference in EV: 3, as the methods compared on this data
            take; None keeps the bracket.
        scenes: Part of the scenes, sorted by name.
        only: Names of the wanted scenes, separated by commas; `*` and `?` stand for any letters.
        reference: Index of the reference exposure, dark to bright, negative from the brightest; None: the middle one.
        max_side: Shrink larger images to this many pixels, antialiased.

    Raises:
        InputError: Another layout. A scene that cannot be read raises when it is asked for.
    """

    def __init__(
        self,
        root: str,
        frames: int | None = 3,
        scenes: tuple[float, float] = (0.0, 1.0),
        only: str | None = None,
        reference: int | None = None,
        max_side: int | None = None,
    ) -> None:
        expected = "<root>/<scene>/{.tiff, exposure.txt where they have no EXIF}"
        folders = scene_folders(Path(root).expanduser(), expected)
        super().__init__(scenes_of(folders, scenes, only), StackOptions(reference, frames=frames, max_side=max_side))
