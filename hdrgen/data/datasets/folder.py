"""Real exposure stacks: a folder per scene."""

from pathlib import Path

from torch import Tensor

from hdrgen.camera import CameraResponse
from hdrgen.data.datasets.layout import folders_in, wrong_layout
from hdrgen.data.datasets.photographed import PhotographedStacks, StackOptions
from hdrgen.data.reading import read_radiance
from hdrgen.data.splits import scenes_of
from hdrgen.errors import InputError
from hdrgen.io import images_in

TRUTH_SUFFIXES = (".hdr", ".exr")


class ExposureStackFolder(PhotographedStacks):
    """Exposure stacks as photographed: `<root>/<scene>/` with images and their exposures; `root` may be one scene.

    Exposures come from EXIF, a list such as `exposures.csv` beside the images, or file names, see
    `hdrgen.io.read_stack`. RAW frames are linear: clipped at the white level and encoded with the sRGB curve, they
    become display values like the others. A `.hdr` or `.exr` file in the scene's folder, or in a folder directly in
    it, is its truth and becomes `hdr`, on the scale it is stored in.

    Args:
        root: Folder of scene folders, or one scene folder.
        reference: Index of the reference exposure, dark to bright, negative from the brightest; None: the middle one,
            the darker of the two where their number is even.
        evs: Keep only the exposures nearest to these, in stops relative to the reference, 0 among them. Each must be
            there within a third of a stop.
        frames: Keep at most this many, those nearest to the reference in EV.
        max_side: Shrink larger images to this many pixels, antialiased.
        response: The camera's response where it is known; gives `inverse_response`. Known for RAW without asking.
        square: Resize to this many pixels in height and width.
        scenes: Part of the scenes, sorted by name, such as (0, 0.9).
        only: Names of the wanted scenes, separated by commas; `*` and `?` stand for any letters.

    Raises:
        InputError: No scenes; `evs` without 0; no frames or pixels to keep. A scene that cannot be read raises when it
            is asked for.
    """

    def __init__(
        self,
        root: str,
        reference: int | None = None,
        evs: list[float] | None = None,
        frames: int | None = None,
        max_side: int | None = None,
        response: CameraResponse | None = None,
        square: int | None = None,
        scenes: tuple[float, float] = (0.0, 1.0),
        only: str | None = None,
    ) -> None:
        options = StackOptions(reference, evs, frames, max_side, square)
        expected = "<root>/<scene>/{images, exposures.csv where they have no EXIF, truth.exr where there is one}"
        folders = scene_folders(Path(root).expanduser(), expected)
        super().__init__(scenes_of(folders, scenes, only), options, response)

    def truth_files(self, index: int) -> list[Path]:
        """The HDR file, if there is one."""
        path = _truth(self.folders[index])
        return [] if path is None else [path]

    def truth(self, index: int) -> tuple[Path, Tensor] | None:
        """The one HDR file of a scene, beside the exposures or one folder below."""
        path = _truth(self.folders[index])
        return None if path is None else (path, read_radiance(path))


def scene_folders(root: Path, expected: str) -> list[Path]:
    """The folders directly in `root` that hold exposures, or `root` itself if it does.

    Args:
        root: The folder the user named.
        expected: The tree that the data set has, on one line.

    Raises:
        InputError: There are none; the message shows the expected tree beside what was found.
    """
    if root.is_dir() and _holds_exposures(root):
        return [root]
    folders = [path for path in folders_in(root) if _holds_exposures(path)]
    if not folders:
        raise wrong_layout(root, expected, "pass the folder that holds the scenes' folders, or one of them")
    return folders


def _holds_exposures(folder: Path) -> bool:
    return any(path.suffix.lower() not in TRUTH_SUFFIXES for path in images_in(folder))


def _truth(folder: Path) -> Path | None:
    for places in ([folder], folders_in(folder)):
        truths = [path for place in places for path in images_in(place) if path.suffix.lower() in TRUTH_SUFFIXES]
        if len(truths) > 1:
            names = ", ".join(path.name for path in truths)
            raise InputError(f"{folder}: expected one .hdr or .exr as the truth, found {names}; remove the others")
        if truths:
            return truths[0]
    return None
