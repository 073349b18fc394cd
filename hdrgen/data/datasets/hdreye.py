"""HDR-Eye, on which methods trained on other data are compared."""

from pathlib import Path

from torch import Tensor
from torch.nn import functional

from hdrgen.data.datasets.layout import first_folder, folders_in, wrong_layout
from hdrgen.data.datasets.photographed import PhotographedStacks, StackOptions
from hdrgen.data.reading import FramePixels, read_frame, read_radiance
from hdrgen.data.splits import scenes_of
from hdrgen.errors import InputError
from hdrgen.io import Exposure, Frame, images_in, read_header

BRACKETS = "Bracketed_images"
SUFFIX = "_LDR"
ASPECT_TOLERANCE = 0.01
"""Within it, resolutions that were rounded differ; beyond it, resizing would distort."""


class HDREye(PhotographedStacks):
    """46 scenes with an HDR image each, and the brackets it was merged from, up to nine exposures (EV -2.7 to +2.7).

    From Nemoto, Korshunov, Hanhart, Ebrahimi: "Visual attention in LDR and HDR images", VPQM 2015. Layout::

        <root>/images/Bracketed_images/<Cnn>/*.JPG
        <root>/images/HDR/<Cnn>_HDR.hdr
        <root>/images/LDR/<Cnn>_LDR.tif

    Exposures come from EXIF; a scene whose files have none needs an `exposures.csv` beside them. Brackets of another
    resolution than the HDR image are resized to it. The HDR image becomes `hdr`, on the scale it is stored in.

    Args:
        root: The folder that holds `images`, or `images` itself.
        bracketed: False takes the one exposure `<Cnn>_LDR.tif` instead of the bracket, as CEVR's code does: to test
            on, not to train exposures from.
        truth: False leaves out the HDR images, also where their shape does not fit the brackets.
        scenes: Part of the scenes, sorted by name, such as (0, 0.5).
        only: Names of the wanted scenes, separated by commas; `*` and `?` stand for any letters. CEVR reports on 42,
            Deep Recursive HDRI on 41 of the 46.
        reference: Index of the reference exposure, dark to bright, negative from the brightest; None: the middle one.
        evs: Keep only the exposures nearest to these, in stops relative to the reference, 0 among them.
        frames: Keep at most this many, those nearest to the reference in EV.
        max_side: Shrink larger images to this many pixels, antialiased.
        square: Resize to this many pixels in height and width; the papers evaluate at 256.

    Raises:
        InputError: Another layout. A scene that cannot be read raises when it is asked for.
    """

    def __init__(
        self,
        root: str,
        bracketed: bool = True,
        truth: bool = True,
        scenes: tuple[float, float] = (0.0, 1.0),
        only: str | None = None,
        reference: int | None = None,
        evs: list[float] | None = None,
        frames: int | None = None,
        max_side: int | None = None,
        square: int | None = None,
    ) -> None:
        place = Path(root).expanduser()
        self.images = first_folder(place, "images", "HDREye/images") or place
        self.bracketed = bracketed
        folders = folders_in(self.images / BRACKETS) if bracketed else self._single()
        if not folders:
            images = f"{BRACKETS}/<Cnn>/*.JPG" if bracketed else f"LDR/<Cnn>{SUFFIX}.tif"
            raise wrong_layout(place, f"<root>/images/{{{images}, HDR/<Cnn>_HDR.hdr}}", "pass the folder with images")
        options = StackOptions(reference, evs, frames, max_side, square)
        super().__init__(scenes_of(folders, scenes, only), options)
        self.truths = [self._truth_of(folder) if truth else None for folder in self.folders]

    def frames_of(self, index: int) -> list[Frame]:
        """The bracket by its exposures, or the one display-referred image at EV 0."""
        if self.bracketed:
            return list(super().frames_of(index))
        return [Frame(self.images / "LDR" / f"{self.folders[index].name}{SUFFIX}.tif", Exposure(ev=0))]

    def display(self, index: int, path: Path) -> FramePixels:
        """One frame, in the size of the HDR image.

        Raises:
            InputError: The two differ in shape.
        """
        frame, truth = read_frame(path), self.truths[index]
        if truth is None:
            return frame
        header = read_header(truth)
        height, width = frame.display.shape[-2:]
        if abs(width * header.height / (height * header.width) - 1) > ASPECT_TOLERANCE:
            raise InputError(
                f"{path}: expected the shape of {truth.name}, {header.width} x {header.height}, found {width} x "
                f"{height}; truth=False uses the exposures alone"
            )
        size = [header.height, header.width]
        resized = functional.interpolate(frame.display[None], size, mode="bilinear", antialias=True)[0]
        return frame._replace(display=resized) if [height, width] != size else frame

    def truth_files(self, index: int) -> list[Path]:
        """The HDR image, which also decides the size of the exposures."""
        path = self.truths[index]
        return [] if path is None else [path]

    def truth(self, index: int) -> tuple[Path, Tensor] | None:
        """`HDR/<Cnn>_HDR.hdr`, if it is there and `truth` is asked for."""
        path = self.truths[index]
        return None if path is None else (path, read_radiance(path))

    def _single(self) -> list[Path]:
        """Folders that the scenes of `LDR` would have in `Bracketed_images`; they need not exist."""
        folder = self.images / "LDR"
        paths = images_in(folder) if folder.is_dir() else []
        return [self.images / BRACKETS / path.stem.removesuffix(SUFFIX) for path in paths]

    def _truth_of(self, folder: Path) -> Path | None:
        path = self.images / "HDR" / f"{folder.name}_HDR.hdr"
        return path if path.is_file() else None
