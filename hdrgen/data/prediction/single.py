"""Single photographs to predict from."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hdrgen.data.dataset import StackDataset
from hdrgen.data.reading import read_exposed, read_own_radiance
from hdrgen.data.sample import Sample
from hdrgen.data.scene_names import names_of_files
from hdrgen.io import White, find_images

PhotographSource = Callable[[Sequence[str | Path], bool, float], StackDataset]
"""Makes scenes of photographs: files, folders or patterns, `clean` and `max_megapixels`, see `Photographs`."""

WORKING_BYTES = 85
"""For each pixel while a photograph is expanded to eight exposures and merged; measured, see docs/results.md."""


class Photographs(StackDataset):
    """Photographs as stacks of one exposure, EV 0.

    Args:
        sources: Files, folders or glob patterns. Linear files are encoded for display with the sRGB curve, see
            `hdrgen.data.reading.read_photograph`.
        clean: Replace NaN, infinite, negative and black pixels of radiance instead of failing.
        max_megapixels: Refuse larger photographs.
        own_radiance: Tell what a file knows of its radiance: that of a gain map, and that RAW is linear.
        white: Code at which the photographs clip, or one each of red, green and blue; None: the largest. Files of which
            the radiance is known are taken as they are.

    Raises:
        InputError: Nothing found.
    """

    def __init__(
        self,
        sources: Sequence[str | Path],
        clean: bool = False,
        max_megapixels: float = 500,
        own_radiance: bool = False,
        white: White = None,
    ) -> None:
        self.paths = find_images(sources)
        self.clean = clean
        self.max_megapixels = max_megapixels
        self.names = names_of_files(self.paths)
        self.own_radiance = own_radiance
        self.white = white

    def __len__(self) -> int:
        """Number of photographs."""
        return len(self.paths)

    def scene(self, index: int) -> str:
        """The file's name without its suffix, numbered where several share it."""
        return self.names[index]

    @property
    def photographs(self) -> list[Path]:
        """All that are read."""
        return self.paths

    def exposures(self, index: int) -> Tensor:
        """EV 0."""
        return torch.zeros(1)

    def reference(self, index: int) -> int:
        """The only exposure."""
        return 0

    def load(self, index: int, frames: Sequence[int], *, generator: torch.Generator) -> Sample:
        """Read the photograph."""
        path = self.paths[index]
        how: dict[str, Any] = {
            "clean": self.clean,
            "max_megapixels": self.max_megapixels,
            "working_bytes": WORKING_BYTES,
        }
        known = read_own_radiance(path, white=self.white, **how) if self.own_radiance else None
        known = read_exposed(path, white=self.white, **how) if known is None else known
        ldr = known.display.expand(len(frames), *known.display.shape)
        sample = Sample(
            ldr=ldr, ev=torch.zeros(len(frames)), ref=torch.tensor(0), scene=self.scene(index), path=str(path)
        )
        if known.source is not None:
            sample["source"] = known.source
        if known.radiance is not None:
            sample["hdr"] = known.radiance
        if known.share != 1:
            sample["share"] = torch.tensor(known.share)
        return sample
