"""The moving scenes of Sen et al., without truth."""

from pathlib import Path

from hdrgen.data.datasets.folder import scene_folders
from hdrgen.data.datasets.layout import first_folder
from hdrgen.data.datasets.photographed import PhotographedStacks, StackOptions
from hdrgen.data.splits import scenes_of


class Sen(PhotographedStacks):
    """Eight hand-held brackets of moving people, to look at: there is no truth.

    From Sen et al.: "Robust Patch-Based HDR Reconstruction of Dynamic Scenes", SIGGRAPH Asia 2012. Layout::

        <root>/Scenes/<scene>/*.tif          (or <root>/<scene>/*.tif)

    Exposures come from EXIF or a list beside the frames: `exposure.txt` with log2 exposures in the order of the names,
    or `exposures.csv`. 16 bits are kept.

    Args:
        root: The folder that holds `Scenes`, or the scenes' folders.
        scenes: Part of the scenes, sorted by name.
        only: Names of the wanted scenes, separated by commas; `*` and `?` stand for any letters.
        reference: Index of the reference exposure, dark to bright, negative from the brightest; None: the middle one,
            as the authors have it.
        frames: Keep at most this many, those nearest to the reference in EV; methods for three photographs need 3.
        max_side: Shrink larger images to this many pixels, antialiased.

    Raises:
        InputError: Another layout. A scene that cannot be read raises when it is asked for.
    """

    def __init__(
        self,
        root: str,
        scenes: tuple[float, float] = (0.0, 1.0),
        only: str | None = None,
        reference: int | None = None,
        frames: int | None = None,
        max_side: int | None = None,
    ) -> None:
        place = Path(root).expanduser()
        folders = scene_folders(
            first_folder(place, "Scenes") or place, "<root>/Scenes/<scene>/{.tif, exposure.txt where they have no EXIF}"
        )
        super().__init__(scenes_of(folders, scenes, only), StackOptions(reference, frames=frames, max_side=max_side))
