"""RAISE: single RAW photographs, from whose linear pixels stacks are developed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from hdrgen.camera import SRGB, CameraResponse, form_image
from hdrgen.data.auto_exposure import with_floor
from hdrgen.data.dataset import StackDataset, random_place
from hdrgen.data.datasets.layout import wrong_layout
from hdrgen.data.datasets.photographed import StackOptions, sample_of
from hdrgen.data.decoded import Kept
from hdrgen.data.packing import as_rows, packed, unpacked
from hdrgen.data.reading import read_radiance
from hdrgen.data.sample import RESPONSE_LEVELS, Sample
from hdrgen.data.splits import scenes_of
from hdrgen.data.virtual.stack_camera import StackCamera
from hdrgen.io import natural_key


class RAISE(StackDataset):
    r"""8156 photographs as RAW, each developed at several exposures: `<root>/*.NEF`, at any depth.

    From Dang-Nguyen, Pasquini, Conotter, Boato: "RAISE: A Raw Images Dataset for Digital Image Forensics", MMSys 2015.

    There are no brackets in it. From the sensor's linear exposure X, 1 at the white level, the stack is
    :math:`Z_j = \mathrm{quantise}(f(\mathrm{clip}(2^h X\,2^{EV_j})))`, and :math:`2^h X` is the radiance `hdr`. What
    the sensor clipped is known to be at least 1, no more. With the headroom h of the darkest exposure below the
    reference, which is the default, that is white in every exposure, as in a real bracket: no exposure is darker than
    the photograph. With h = 0 the reference is the photograph as it was exposed, and what it clipped turns grey in
    darker exposures; Kim et al. and others evaluate so.

    Args:
        root: Folder with the NEF files, searched with all folders below it.
        evs: Exposures in stops, ascending; 0, the reference, is one of them.
        response: Encodes the exposures, and is known; None: the sRGB curve.
        bits: Quantisation of the exposures; None leaves them continuous.
        headroom: h in stops; None: that of the darkest exposure.
        scenes: Part of the photographs, sorted by name, such as (0, 0.9).
        only: Names of the wanted scenes, separated by commas; `*` and `?` stand for any letters.
        max_side: Shrink larger images to this many pixels, antialiased, before they are developed.
        square: Resize to this many pixels in height and width.

    Raises:
        InputError: No NEF files; exposures out of order or without 0.
    """

    def __init__(
        self,
        root: str,
        evs: list[float] | None = None,
        response: CameraResponse | None = None,
        bits: int | None = 8,
        headroom: float | None = None,
        scenes: tuple[float, float] = (0.0, 1.0),
        only: str | None = None,
        max_side: int | None = None,
        square: int | None = None,
    ) -> None:
        place = Path(root).expanduser()
        paths = sorted(place.rglob("*.[nN][eE][fF]"), key=natural_key)
        if not paths:
            raise wrong_layout(place, "<root>/<photograph>.NEF", "pass a folder with the RAW files, not their TIFFs")
        self.paths = scenes_of(paths, scenes, only)
        self.camera = StackCamera(evs or (-2.0, -1.0, 0.0, 1.0, 2.0), bits=bits)
        self.response = response or SRGB()
        self.headroom = -self.camera.evs[0] if headroom is None else headroom
        self.options = StackOptions(max_side=max_side, square=square)

    def __len__(self) -> int:
        """Number of photographs."""
        return len(self.paths)

    def scene(self, index: int) -> str:
        """The file's name without its suffix."""
        return self.paths[index].stem

    def exposures(self, index: int) -> Tensor:
        """(S,) in stops."""
        return self.camera.ev

    def reference(self, index: int) -> int:
        """Index of EV 0."""
        return self.camera.reference

    def load(self, index: int, frames: Sequence[int], *, generator: torch.Generator) -> Sample:
        """Develop these exposures."""
        return self._developed(index, frames, self._sensor(index))

    def load_square(self, index: int, frames: Sequence[int], side: int, *, generator: torch.Generator) -> Sample:
        """Develop a random square of these exposures."""
        sensor = self._sensor(index)
        height, width = sensor.shape[:2]
        top, left = random_place(height, width, side, generator)
        return self._developed(index, frames, sensor[top : top + side, left : left + side])

    def _developed(self, index: int, frames: Sequence[int], sensor: NDArray[Any]) -> Sample:
        hdr = with_floor(unpacked(sensor) * 2.0**self.headroom)
        ev, reference = self.camera.ev, self.camera.reference
        ldr = form_image(hdr, ev[list(frames)], self.response, self.camera.bits)
        sample = sample_of(ldr, ev, reference, frames, self.scene(index))
        sample["hdr"] = hdr
        sample["inverse_response"] = self.response.inverse(torch.linspace(0, 1, RESPONSE_LEVELS))
        return sample

    def _sensor(self, index: int) -> NDArray[Any]:
        """(H, W, 3) linear exposure of the sensor in the final size."""
        path = self.paths[index]

        def fitted() -> Tensor:
            return self.options.fit(read_radiance(path)[None])[0]

        if self.decoded is None:
            return as_rows(fitted())
        return self.decoded.get(("raise", self.options), [path], lambda: Kept(packed(fitted()), {})).pixels
