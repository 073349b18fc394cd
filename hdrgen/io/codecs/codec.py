"""What every file format is asked for: whether a file is one of its own, its header, its pixels in, its pixels out."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

from hdrgen.errors import InputError
from hdrgen.io.colour import ColourSpace
from hdrgen.io.development import RawDevelopment
from hdrgen.io.gain_maps.gain_map import Asked
from hdrgen.io.image import Pixels
from hdrgen.io.memory import check_memory
from hdrgen.io.metadata.exif import Reading
from hdrgen.io.metadata.tags import Tags
from hdrgen.io.notes import Note


class Summary(NamedTuple):
    """What a file says without its pixels being decoded.

    Attributes:
        width: In pixels, of the upright image.
        height: In pixels, of the upright image.
        reading: The exposure of the file's own metadata, and the tags that could not be used.
        orientation: EXIF's number of how the pixels as stored lie, which reading undoes; 1 is upright.
    """

    width: int
    height: int
    reading: Reading
    orientation: int = 1


class Decoded(NamedTuple):
    """The pixels of a file.

    Attributes:
        summary: Of the file.
        pixels: (H, W, 3) RGB, upright; uint8, uint16, float16 or float32.
        linear: Whether they are radiance, of which nothing is checked yet, or display values.
        notes: What a user should know.
        chromaticities: CIE x, y of red, green, blue and white of the pixels, or None where the file does not say.
    """

    summary: Summary
    pixels: Pixels
    linear: bool
    notes: tuple[Note, ...] = ()
    chromaticities: tuple[float, ...] | None = None


class Encoded(NamedTuple):
    """An image that can be written: `save` writes it under a name that nobody looks for yet."""

    save: Callable[[Path], None]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class DecodeOptions:
    """How a file is read: see `hdrgen.io.read_image`.

    `least_side` other than 0: a picture reduced by averages, its longer side at least so long, will do where the format
    gives one for less time; its summary is still of the file.
    """

    max_megapixels: float = math.inf
    gain_map: Asked = False
    working_bytes: float = 0
    development: RawDevelopment = RawDevelopment()  # noqa: RUF009 (frozen)
    least_side: int = 0


@dataclass(frozen=True)
class EncodeOptions:
    """How a file is written: see `hdrgen.io.write_image`."""

    bits: int | None = None
    quality: int | None = None
    float32: bool = False
    colour_space: ColourSpace | None = None
    base: Pixels | None = None


@dataclass(frozen=True)  # codecs of one class are equal, so that whatever refers to one can be pickled
class Codec(ABC):
    """One file format.

    Attributes:
        name: In error messages.
        title: Where formats are listed.
        signatures: How its files begin.
        suffixes: Of its files, in lower case, the usual one first.
        written: The suffixes under which it writes.
        depths: The bits at which it writes display values (32: or radiance); empty where it writes radiance only.
        result: Whether its files are made of photographs, so that they are none of the exposures they lie beside.
        sensor: Whether its files hold what a sensor recorded, beside which cameras write a picture of the same.
        takes_base: Whether it can be given the SDR picture of an HDR one.
        longest_side: Pixels along a side that it can write.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    signatures: ClassVar[tuple[bytes, ...]] = ()
    suffixes: ClassVar[tuple[str, ...]]
    written: ClassVar[tuple[str, ...]] = ()
    depths: ClassVar[tuple[int, ...]] = ()
    result: ClassVar[bool] = False
    sensor: ClassVar[bool] = False
    takes_base: ClassVar[bool] = False
    longest_side: ClassVar[float] = math.inf

    def recognises(self, path: Path, start: bytes) -> bool:
        """Whether a file that begins with these 64 bytes (or fewer, if it has no more) is in this format."""
        return start.startswith(self.signatures)

    @abstractmethod
    def summary(self, path: Path) -> Summary:
        """Size and exposure; no pixels are decoded.

        Raises:
            InputError: A header that cannot be read, or channels that `decode` refuses.
        """

    def has_gain_map(self, path: Path) -> bool:
        """Whether a file has a gain map that `decode` applies where it is asked to.

        Raises:
            InputError: One of a kind that is not read here.
        """
        return False

    @abstractmethod
    def chromaticities(self, path: Path) -> tuple[float, ...] | None:
        """Those that `decode` gives of the pixels as they are stored.

        Raises:
            InputError: A header that cannot be read.
        """

    @abstractmethod
    def decode(self, path: Path, options: DecodeOptions) -> Decoded:
        """The pixels.

        Raises:
            InputError: Truncated or corrupt; larger than `max_megapixels`; another channel count or number type.
        """

    def check_installed(self, path: Path) -> None:  # noqa: B027 (most formats need no further package)
        """Refuse to write where a package is missing.

        Raises:
            InputError: It is; `path` is named.
        """

    def encode(self, path: Path, pixels: Pixels, tags: Tags, options: EncodeOptions) -> Encoded:
        """The image as it will be written.

        Args:
            path: Named in errors; nothing is written there.
            pixels: (H, W, 3), finite; uint8, uint16, float16, float32 or float64.
            tags: Of the pixels, and to be kept.
            options: How.

        Raises:
            InputError: Options that the format does not have, or pixels that it cannot hold.
        """
        raise NotImplementedError(f"{self.title} is read only")


def check_size(path: Path, width: int, height: int, options: DecodeOptions, bytes_each: float) -> None:
    """Refuse an image before memory is taken for it.

    Args:
        path: Named in the error.
        width: In pixels.
        height: In pixels.
        options: What is allowed, and what the caller takes.
        bytes_each: That reading takes for each pixel at its peak, as `benchmarks/reading_memory.py` measured it.

    Raises:
        InputError: More megapixels than are allowed, or more than fits into memory.
    """
    limit = options.max_megapixels
    megapixels = width * height / 1e6
    if megapixels > limit:
        size = f"{width} x {height} ({megapixels:.4g} megapixels)"
        remedy = f"pass max_megapixels={math.ceil(megapixels)} if that is right"
        raise InputError(
            f"{path}: expected at most {limit:g} megapixels, found {size}; {remedy}", argument="max_megapixels"
        )
    check_memory(path, width, height, max(bytes_each, options.working_bytes), limit)
