"""What a dataset of exposure stacks is, and how the frames that a method needs are drawn from it."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.utils.data import Dataset

from hdrgen.data.decoded import DecodedCache
from hdrgen.data.sample import Sample
from hdrgen.data.selection import Selection, WholeStack
from hdrgen.errors import InputError

Key = int | tuple[int, int]
"""What a sampler hands to `SelectedExposures`: an index, or (epoch, index)."""


class StackDataset(Dataset[Sample], ABC):
    """Scenes, each with several exposures; subclasses list the scenes and read only the frames that are asked for.

    Attributes:
        decoded: Where costly arrays are kept between epochs and runs; None makes them anew. Subclasses that make none
            take no notice of it.
    """

    decoded: DecodedCache | None = None

    @abstractmethod
    def __len__(self) -> int:
        """Number of scenes (or views of scenes)."""

    @abstractmethod
    def scene(self, index: int) -> str:
        """Unique name of the scene; it seeds the scene's randomness and names its files."""

    @abstractmethod
    def exposures(self, index: int) -> Tensor:
        """(S,) exposure values of the scene in stops relative to its reference, ascending; reads no pixels.

        Where only ranks are known, -inf and inf, see `Sample`.
        """

    @abstractmethod
    def reference(self, index: int) -> int:
        """Index of the reference exposure within `exposures(index)`."""

    def group(self, index: int) -> str:
        """Name of what the sample shows; splits by scene keep samples of one group together. The scene, if not said."""
        return self.scene(index)

    @abstractmethod
    def load(self, index: int, frames: Sequence[int], *, generator: torch.Generator) -> Sample:
        """Read or render these frames of the scene and no others.

        Args:
            index: The scene.
            frames: Ascending indices into `exposures(index)`; an index may occur twice.
            generator: The only source of randomness. What is drawn from it must not depend on `frames`.

        Raises:
            InputError: The scene cannot be read.
        """

    def load_square(self, index: int, frames: Sequence[int], side: int, *, generator: torch.Generator) -> Sample:
        """A random square of these frames, the same of each; subclasses may read no more than that.

        Args:
            index: The scene.
            frames: As for `load`.
            side: Of the square in pixels.
            generator: As for `load`; draws the place, too, every one equally likely.

        Raises:
            InputError: The scene cannot be read, or its frames are smaller than the square.
        """
        return random_crop(self.load(index, frames, generator=generator), side, generator)

    def keep_decoded(self, cache: DecodedCache | None) -> None:
        """Keep costly arrays there from now on."""
        self.decoded = cache

    def __getitem__(self, index: int) -> Sample:
        """The whole stack, as `SelectedExposures` gives it at epoch 0 with seed 0."""
        return SelectedExposures(self)[index]


def local_reference(frames: Sequence[float], reference: float) -> int:
    """Index of the stack's reference among the loaded frames; the first of them when it is not loaded.

    >>> local_reference([2, 4, 6], 4), local_reference([5, 8], 4)
    (1, 0)
    """
    return frames.index(reference) if reference in frames else 0


def derived_generator(*parts: object) -> torch.Generator:
    """A generator whose stream depends on these parts only, the same in every process and on every machine.

    >>> derived_generator(0, "scene", 3).initial_seed() == derived_generator(0, "scene", 3).initial_seed()
    True
    """
    text = "\0".join(map(str, parts)).encode(errors="surrogatepass")  # a name may be no UTF-8; reading says so
    digest = hashlib.blake2b(text, digest_size=4).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big"))


class SelectedExposures(Dataset[Sample]):
    """A dataset seen through a selection: what the data loader iterates over.

    Every random draw comes from generators derived from (seed, scene, epoch), so a sample is the same whatever the
    number of workers, processes and batches. The selection has a stream of its own: two methods that need different
    frames see the same views.

    Args:
        dataset: The scenes.
        selection: Which frames of each.
        seed: The run's seed.
        train: Evaluation always takes epoch 0.
        on_error: With "skip", the next scene takes the place of one that cannot be read. In any case it is counted in
            `unreadable`.
        crop: Side of the random square cut from each training sample, in pixels; None keeps the whole frame.
    """

    def __init__(
        self,
        dataset: StackDataset,
        selection: Selection | None = None,
        seed: int = 0,
        train: bool = False,
        on_error: Literal["raise", "skip"] = "raise",
        crop: int | None = None,
    ) -> None:
        self.dataset = dataset
        self.selection = selection or WholeStack()
        self.seed = seed
        self.train = train
        self.on_error = on_error
        self.crop = crop
        # Shared memory: worker processes count, the main process reports.
        self.unreadable = torch.zeros(len(dataset), dtype=torch.int64)
        self.unreadable.share_memory_()  # type: ignore[no-untyped-call]

    def __len__(self) -> int:
        """Number of scenes."""
        return len(self.dataset)

    def __getitem__(self, key: Key) -> Sample:
        """The sample of `index` or `(epoch, index)`."""
        epoch, index = key if isinstance(key, tuple) else (0, key)
        if not 0 <= index < len(self):
            raise IndexError(f"expected an index below {len(self)}, found {index}")
        epoch = epoch if self.train else 0
        for attempt in range(len(self)):
            replacement = (index + attempt) % len(self)
            try:
                return self._sample(epoch, replacement)
            except InputError as error:
                self.unreadable[replacement] += 1
                if self.on_error == "raise":
                    raise InputError(f"scene {self.dataset.scene(replacement)}: {error}", error.argument) from error
        raise InputError(f"expected at least one readable scene, found none among {len(self)}; check the data folder")

    def _sample(self, epoch: int, index: int) -> Sample:
        scene, reference = self.dataset.scene(index), self.dataset.reference(index)
        key = (self.seed, scene, epoch)
        ev = self.dataset.exposures(index)
        if self.train and not (ev.isfinite().all() or getattr(self.selection, "ranks_suffice", False)):
            raise InputError(
                "expected exposure values to train on, found ranks only; train AdaptiveITM, or on other data"
            )
        frames = self.selection(ev, reference, derived_generator("frames", *key))
        generator = derived_generator("scene", *key)
        if self.crop is None:
            return self.dataset.load(index, frames, generator=generator)
        return self.dataset.load_square(index, frames, self.crop, generator=generator)


def random_crop(sample: Sample, side: int, generator: torch.Generator) -> Sample:
    """Cut the same random square out of every exposure and the HDR image of a sample.

    Args:
        sample: A sample of at least `side` pixels in height and width.
        side: In pixels.
        generator: Draws the position, every one equally likely.

    Raises:
        InputError: The frames are smaller than the square.
    """
    height, width = sample["ldr"].shape[-2:]
    top, left = random_place(height, width, side, generator)
    cropped = sample.copy()
    cropped["ldr"] = sample["ldr"][..., top : top + side, left : left + side].contiguous()
    if "hdr" in sample:
        cropped["hdr"] = sample["hdr"][..., top : top + side, left : left + side].contiguous()
    return cropped


def random_place(height: int, width: int, side: int, generator: torch.Generator) -> tuple[int, int]:
    """Top and left of a random square within a frame, every place equally likely.

    Raises:
        InputError: The frame is smaller than the square.
    """
    if min(height, width) < side:
        raise InputError(
            f"expected frames of at least {side} x {side} pixels, found {width} x {height}; lower the crop",
            argument="augmentation.crop",
        )
    top = int(torch.randint(height - side + 1, (), generator=generator))
    return top, int(torch.randint(width - side + 1, (), generator=generator))
