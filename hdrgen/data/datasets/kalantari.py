"""The three exposures of moving scenes, with truth, of Kalantari and Ramamoorthi."""

from pathlib import Path
from typing import Literal

from torch import Tensor

from hdrgen.data.datasets.layout import first_folder, wrong_layout
from hdrgen.data.datasets.photographed import PhotographedStacks, StackOptions
from hdrgen.data.reading import read_radiance
from hdrgen.data.splits import scenes_of
from hdrgen.errors import InputError
from hdrgen.io import Frame, natural_key, read_stack

PLACES = {"train": ("Training", "train"), "test": ("Test", "Test-set", "test")}
OFFICIAL = ("exposure.txt", "HDRImg.hdr")
DEEPHDR = ("input_exp.txt", "ref_hdr.hdr")


class Kalantari(PhotographedStacks):
    """Three 16-bit exposures two or three stops apart with motion between them, and the HDR image at the middle one.

    From Kalantari, Ramamoorthi: "Deep High Dynamic Range Imaging of Dynamic Scenes", SIGGRAPH 2017: 74 scenes to train
    on, 15 to test. Both packagings are read, the authors' and that of DeepHDR (Wu et al., ECCV 2018), which HDR-GAN
    uses::

        <root>/Training/<scene>/{three .tif, exposure.txt, HDRImg.hdr}                                 (Test, Test-set)
        <root>/train/<scene>/{input_{1,2,3}.tif, input_exp.txt, ref_{1,2,3}.tif, ref_exp.txt, ref_hdr.hdr}       (test)

    Scenes may lie deeper, as in `Test-set/PAPER/<scene>`. 16 bits are kept. The lists hold log2 of the exposure; EV is
    relative to the middle frame. The published truth is linear light over `2**exposure` of the list, where the darkest
    frame mostly has 0; `hdr` is brought to the scale on which the middle frame reaches display 1 at radiance 1.

    Args:
        root: The folder that holds the splits.
        split: "train" or "test".
        static: Take the frames without motion, `ref_*` of DeepHDR's packaging, instead of the moving ones: true
            stacks, which single-image methods can be trained and tested on.
        scenes: Part of the split's scenes, sorted by name, such as (0, 0.9).
        only: Names of the wanted scenes, separated by commas; `*` and `?` stand for any letters.
        max_side: Shrink larger images to this many pixels, antialiased.

    Raises:
        InputError: Another layout, or a scene that lacks one of its files.
    """

    def __init__(
        self,
        root: str,
        split: Literal["train", "test"] = "train",
        static: bool = False,
        scenes: tuple[float, float] = (0.0, 1.0),
        only: str | None = None,
        max_side: int | None = None,
    ) -> None:
        self.static = static
        folders = scenes_of(_folders(Path(root).expanduser(), split), scenes, only)
        super().__init__(folders, StackOptions(max_side=max_side))
        for folder in self.folders:
            self._check(folder)

    def frames_of(self, index: int) -> list[Frame]:
        """Three frames by the list beside them, or the static ones by theirs."""
        folder = self.folders[index]
        return read_stack(sorted(folder.glob("ref_[123].tif")) if self.static else folder)

    def truth_files(self, index: int) -> list[Path]:
        """The published truth."""
        return [self.folders[index] / _packaging(self.folders[index])[1]]

    def truth(self, index: int) -> tuple[Path, Tensor]:
        """The published truth, on the scale of the middle frame."""
        path = self.folders[index] / _packaging(self.folders[index])[1]
        return path, read_radiance(path) * 2.0 ** self._stack(index).origin

    def _check(self, folder: Path) -> None:
        expected = [*_packaging(folder), *(["ref_exp.txt", "ref_1.tif"] if self.static else [])]
        missing = [name for name in expected if not (folder / name).is_file()]
        if missing:
            names = ", ".join(sorted(path.name for path in folder.iterdir()))
            advice = "static needs DeepHDR's packaging" if self.static else "copy the scene again"
            raise InputError(f"{folder}: expected {', '.join(missing)} beside the frames, found {names}; {advice}")


def _packaging(folder: Path) -> tuple[str, str]:
    """The names of list and truth in the packaging that a scene's folder has."""
    return DEEPHDR if any((folder / name).is_file() for name in (*DEEPHDR, "input_1.tif")) else OFFICIAL


def _folders(root: Path, split: str) -> list[Path]:
    base = first_folder(root, *PLACES[split])
    frames = (path for path in base.rglob("*") if path.suffix.lower() in (".tif", ".tiff")) if base else ()
    folders = sorted({path.parent for path in frames}, key=natural_key)
    if not folders:
        official, deephdr = PLACES[split][0], PLACES[split][-1]
        expected = (
            f"<root>/{official}/<scene>/{{three .tif, exposure.txt, HDRImg.hdr}} or "
            f"<root>/{deephdr}/<scene>/{{input_1..3.tif, input_exp.txt, ref_hdr.hdr}}"
        )
        raise wrong_layout(root, expected, f"pass the folder that holds {official} or {deephdr}")
    return folders
