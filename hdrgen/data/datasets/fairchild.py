"""Fairchild's HDR Photographic Survey: RAW brackets and the HDR images merged from them."""

from pathlib import Path

import kornia
import torch
from torch import Tensor

from hdrgen.data.datasets.layout import first_folder, folders_in, wrong_layout
from hdrgen.data.datasets.photographed import PhotographedStacks, StackOptions
from hdrgen.data.reading import FramePixels, read_frame, read_radiance
from hdrgen.data.splits import scenes_of
from hdrgen.io import Frame, images_in, read_exposure, read_header, read_stack

RAWS = ("HDRPS Raws", "RAW", "Raws", ".")
TRUTHS = ("EXRs", "EXR", ".")
CAMERA_TO_XYZ = ((0.4024, 0.4610, 0.0871), (0.1904, 0.7646, 0.0450), (-0.0249, 0.1264, 0.9873))
"""Of the survey's camera, a Nikon D2x, white being D65: Fairchild 2007, Eq. 1."""
LARGEST_BORDER = 0.02
"""Of a side: LibRaw develops a few rows and columns more; a difference beyond this is another picture."""


class Fairchild(PhotographedStacks):
    """About a hundred scenes, each with up to 18 RAW exposures a stop apart and an OpenEXR image.

    From Fairchild: "The HDR Photographic Survey", Color and Imaging Conference 2007. Layout::

        <root>/HDRPS Raws/<scene>/*.NEF
        <root>/EXRs/<scene>.exr

    RAW frames are clipped at the white level and encoded with the sRGB curve, which is then the known response; their
    exposures are those of the camera, and of frames with the same exposure the first is taken. The OpenEXR images hold
    camera RGB: they are converted to linear sRGB, as the frames are, and what lies outside its gamut is clipped at 0.
    The scale is as stored; the survey's factors to cd/m2 are not applied. The border that LibRaw develops beyond the
    OpenEXR image is cut off evenly.

    Args:
        root: The folder that holds `HDRPS Raws` and `EXRs`.
        scenes: Part of the scenes, sorted by name.
        only: Names of the wanted scenes, separated by commas; `*` and `?` stand for any letters.
        reference: Index of the reference exposure, dark to bright, negative from the brightest; None: the middle one.
        evs: Keep only the exposures nearest to these, in stops relative to the reference, 0 among them.
        frames: Keep at most this many, those nearest to the reference in EV.
        max_side: Shrink larger images to this many pixels, antialiased; the frames have 12 megapixels.
        square: Resize to this many pixels in height and width.
        camera_rgb: Keep the OpenEXR images as stored.

    Raises:
        InputError: Another layout. A scene that cannot be read raises when it is asked for.
    """

    def __init__(
        self,
        root: str,
        scenes: tuple[float, float] = (0.0, 1.0),
        only: str | None = None,
        reference: int | None = None,
        evs: list[float] | None = None,
        frames: int | None = None,
        max_side: int | None = None,
        square: int | None = None,
        camera_rgb: bool = False,
    ) -> None:
        place = Path(root).expanduser()
        raws = first_folder(place, *RAWS)
        folders = [path for path in (folders_in(raws) if raws else []) if any(path.glob("*.[nN][eE][fF]"))]
        if not folders:
            expected = f"<root>/{RAWS[0]}/<scene>/*.NEF and <root>/{TRUTHS[0]}/<scene>.exr"
            raise wrong_layout(place, expected, f"pass the folder that holds {RAWS[0]}")
        options = StackOptions(reference, evs, frames, max_side, square)
        super().__init__(scenes_of(folders, scenes, only), options)
        truths = {_plain(path.stem): path for path in (first_folder(place, *TRUTHS) or place).glob("*.exr")}
        self.truths = [truths.get(_plain(folder.name)) for folder in self.folders]
        self.camera_rgb = camera_rgb

    def frames_of(self, index: int) -> list[Frame]:
        """The bracket; a second frame with the same exposure is left out."""
        distinct = {read_exposure(path): path for path in reversed(images_in(self.folders[index]))}
        return read_stack(list(distinct.values()))

    def display(self, index: int, path: Path) -> FramePixels:
        """One frame, encoded with the sRGB curve, without the border that the HDR image does not have."""
        frame, truth = read_frame(path), self.truths[index]
        if truth is None:
            return frame
        header = read_header(truth)
        return frame._replace(display=_without_border(frame.display, header.height, header.width))

    def truth_files(self, index: int) -> list[Path]:
        """The OpenEXR image, which also decides the border of the exposures."""
        path = self.truths[index]
        return [] if path is None else [path]

    def truth(self, index: int) -> tuple[Path, Tensor] | None:
        """`EXRs/<scene>.exr` in linear sRGB, if it is there."""
        path = self.truths[index]
        if path is None:
            return None
        radiance = read_radiance(path)
        return path, radiance if self.camera_rgb else _linear_srgb(radiance)


def _linear_srgb(camera: Tensor) -> Tensor:
    """Camera RGB (3, H, W) of the survey in linear sRGB, at least 0."""
    xyz = torch.einsum("dc,chw->dhw", torch.tensor(CAMERA_TO_XYZ), camera)
    rgb: Tensor = kornia.color.xyz_to_rgb(xyz)
    return rgb.clamp_min(0)


def _without_border(image: Tensor, height: int, width: int) -> Tensor:
    """The middle (3, height, width) of an image that is a little larger; any other image as it is."""
    down, right = image.shape[-2] - height, image.shape[-1] - width
    if not (0 <= down <= LARGEST_BORDER * height and 0 <= right <= LARGEST_BORDER * width):
        return image
    return image[:, down // 2 : down // 2 + height, right // 2 : right // 2 + width]


def _plain(name: str) -> str:
    """A scene's name without the spaces and signs that differ between the survey's folders."""
    return "".join(letter for letter in name.lower() if letter.isalnum())
