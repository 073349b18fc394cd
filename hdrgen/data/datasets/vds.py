"""VDS, the stacks of seven exposures that single-image methods are trained and compared on."""

from pathlib import Path
from typing import Literal

from torch import Tensor

from hdrgen.data.datasets.layout import first_folder, folders_in, wrong_layout
from hdrgen.data.datasets.photographed import PhotographedStacks, StackOptions
from hdrgen.data.reading import read_radiance
from hdrgen.data.splits import scenes_of
from hdrgen.errors import InputError
from hdrgen.io import Frame, exposure_from_name, images_in

EVS = tuple(range(-3, 4))
TRUTH = "target_hdr.hdr"


class VDS(PhotographedStacks):
    """Stacks of seven 8-bit exposures, EV -3 to +3 in whole stops: 48 scenes to train on, 48 to test.

    From Lee, An, Kang: "Deep Chain HDRI", IEEE Access 2018. Both published layouts are read::

        <root>/train_set/<scene>/<scene>_{-3..3}EV_true.jpg.png     (test_set)
        <root>/train_hdr_set/<scene>/target_hdr.hdr                 (test_hdr_set)

        <root>/train/set/<scene>/<scene>_{-3..3}EV_true.jpg.png     (test/set)
        <root>/train/hdr_set/<scene>/target_hdr.hdr                 (test/hdr_set)

    The exposure is in the file names; EV 0 is the reference. `target_hdr.hdr` becomes `hdr`, on the scale it is stored
    in; scenes without it have no truth.

    Args:
        root: The folder that holds the splits.
        split: "train" or "test".
        scenes: Part of the split's scenes, sorted by name, such as (0, 0.9).
        only: Names of the wanted scenes, separated by commas; `*` and `?` stand for any letters.
        evs: Keep only these exposures, 0 among them.
        max_side: Shrink larger images to this many pixels, antialiased.
        square: Resize to this many pixels in height and width; the papers evaluate at 256.

    Raises:
        InputError: Another layout, or a scene that lacks an exposure.
    """

    def __init__(
        self,
        root: str,
        split: Literal["train", "test"] = "train",
        scenes: tuple[float, float] = (0.0, 1.0),
        only: str | None = None,
        evs: list[float] | None = None,
        max_side: int | None = None,
        square: int | None = None,
    ) -> None:
        place = Path(root).expanduser()
        scenes_folder = first_folder(place, f"{split}_set", f"{split}/set")
        folders = folders_in(scenes_folder) if scenes_folder else []
        if not folders:
            expected = f"<root>/{split}_set/<scene>/<scene>_{{-3..3}}EV_true.jpg.png, or the same in <root>/{split}/set"
            raise wrong_layout(place, expected, f"pass the folder that holds {split}_set or {split}")
        super().__init__(scenes_of(folders, scenes, only), StackOptions(evs=evs, max_side=max_side, square=square))
        self.truths = first_folder(place, f"{split}_hdr_set", f"{split}/hdr_set")
        for index in range(len(self)):
            self.frames_of(index)

    def frames_of(self, index: int) -> list[Frame]:
        """The seven exposures by their names; no header is read.

        Raises:
            InputError: Some are missing, or there are others.
        """
        frames = [Frame(path, exposure_from_name(path)) for path in images_in(self.folders[index])]
        exposed = sorted((frame for frame in frames if frame.exposure.ev is not None), key=_ev)
        evs = [_ev(frame) for frame in exposed]
        if evs != list(EVS):
            folder = self.folders[index]
            listed = ", ".join(f"{ev:+g}" for ev in evs) or "none"
            raise InputError(
                f"{folder}: expected {folder.name}_{{-3..3}}EV_true.jpg.png, found EV {listed}; copy the scene again"
            )
        return exposed

    def truth_files(self, index: int) -> list[Path]:
        """`target_hdr.hdr`, if it is there."""
        path = self.truths and self.truths / self.folders[index].name / TRUTH
        return [path] if path and path.is_file() else []

    def truth(self, index: int) -> tuple[Path, Tensor] | None:
        """`target_hdr.hdr`, if it is there."""
        path = self.truths and self.truths / self.folders[index].name / TRUTH
        return (path, read_radiance(path)) if path and path.is_file() else None


def _ev(frame: Frame) -> float:
    assert frame.exposure.ev is not None, "only frames that have one are asked"
    return frame.exposure.ev
