"""The formats that OpenImageIO reads and writes: what they share."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hdrgen.io.codecs.channels import ChannelChoice, choose_by_count
from hdrgen.io.codecs.codec import Codec, Decoded, DecodeOptions, Encoded, EncodeOptions, Summary, check_size
from hdrgen.io.codecs.hdr_picture import RADIANCE_BYTES, pictured
from hdrgen.io.codecs.openimageio_reading import bytes_each, check_tiles, decoded, opened
from hdrgen.io.codecs.openimageio_writing import save
from hdrgen.io.codecs.orientation import orientation_in, upright, upright_size
from hdrgen.io.colour import usable_chromaticities
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.cicp import Cicp
from hdrgen.io.metadata.exif import exposure_from, metadata_of
from hdrgen.io.metadata.exif_block import in_exif
from hdrgen.io.metadata.icc import chromaticities_of, curve_of
from hdrgen.io.metadata.tags import Tags
from hdrgen.io.notes import Note


class OpenImageIODecoder(Codec):
    """A format that OpenImageIO reads; what it does otherwise than the format means is in the subclasses.

    Attributes:
        openimageio_name: What OpenImageIO calls the format.
        whole_pixels: Whether it decodes channels that are not asked for.
    """

    openimageio_name: ClassVar[str]
    whole_pixels: ClassVar[bool] = True

    def summary(self, path: Path) -> Summary:
        """Size and exposure, from the header alone."""
        with self._opened(path) as (reader, choice):
            return self.described(reader.spec(), path, choice.shared)

    def chromaticities(self, path: Path) -> tuple[float, ...] | None:
        """From the header alone."""
        with self._opened(path) as (reader, _):
            return self.colours(reader.spec(), path)

    def decode(self, path: Path, options: DecodeOptions) -> Decoded:
        """The pixels; floating point is radiance, and so are integers of a linear curve, PQ or HLG."""
        with self._opened(path, options) as (reader, choice):
            spec = reader.spec()
            summary = self.described(spec, path, choice.shared)
            check_size(path, summary.width, summary.height, options, self.bytes_each(spec, choice, path))
            check_tiles(path, spec, options.max_megapixels)
            pixels = upright(self.pixels(reader, choice, path), self.orientation(spec, path))
            notes = (*choice.notes, *_colour_notes(self.given_colours(spec, path)))
            decoded = Decoded(summary, pixels, pixels.dtype.kind == "f", notes, self.colours(spec, path))
            return decoded if decoded.linear else pictured(decoded, self.curve(spec, path), 8 * pixels.dtype.itemsize)

    def described(self, spec: Any, path: Path, shared: Mapping[str, object]) -> Summary:
        """Size of the upright image and exposure, as the header has them, or `shared` where it has none."""
        orientation = self.orientation(spec, path)
        size = upright_size(spec.width, spec.height, orientation)
        return Summary(*size, exposure_from({**shared, **metadata_of(spec)}), orientation)

    def bytes_each(self, spec: Any, choice: ChannelChoice, path: Path) -> int:
        """That reading takes for each pixel."""
        cicp, stored = self.curve(spec, path), bytes_each(spec, choice, path, whole_pixels=self.whole_pixels)
        return max(stored, RADIANCE_BYTES) if cicp is not None and cicp.is_radiance else stored

    def orientation(self, spec: Any, path: Path) -> int:
        """How the pixels are stored, as one of the EXIF orientations."""
        return orientation_in({"Orientation": spec.get_int_attribute("Orientation", 1)})

    def check_before_opening(self, path: Path, options: DecodeOptions) -> None:
        """Checks of formats for which opening alone takes memory."""

    @contextmanager
    def readable(self, path: Path) -> Iterator[Path]:
        """The file itself, or one that says the same to OpenImageIO where that does not understand it."""
        yield path

    def choose_channels(self, reader: Any, path: Path) -> ChannelChoice:
        """The part and channels that are the picture."""
        return choose_by_count(reader.spec(), path)

    def colours(self, spec: Any, path: Path) -> tuple[float, ...] | None:
        """Chromaticities that the file gives, where they are some, or else those of its colour profile."""
        given = self.given_colours(spec, path)
        return (None if given is None else usable_chromaticities(given)) or profile_colours(spec)

    def given_colours(self, spec: Any, path: Path) -> Sequence[float] | None:
        """x, y of red, green, blue and white as the file has them, whatever they are."""
        value = spec.getattribute("chromaticities")
        numbers = isinstance(value, tuple) and all(isinstance(number, float) for number in value)  # or texts
        return value if numbers else None

    def curve(self, spec: Any, path: Path) -> Cicp | None:
        """The numbers of the curve of integers, by the colour profile; None of displays' own."""
        profile = _profile_in(spec)
        return curve_of(profile) if profile else None

    def pixels(self, reader: Any, choice: ChannelChoice, path: Path) -> Pixels:
        """(H, W, 3) as stored."""
        return decoded(reader, choice, path, self.name)

    @contextmanager
    def _opened(self, path: Path, options: DecodeOptions | None = None) -> Iterator[tuple[Any, ChannelChoice]]:
        """A reader at the part that is the picture, and which of its channels are."""
        self.check_before_opening(path, options or DecodeOptions())
        with self.readable(path) as file, opened(file, self.name, self.openimageio_name, shown=path) as reader:
            choice = self.choose_channels(reader, path)
            reader.seek_subimage(choice.part, 0)
            yield reader, choice


class OpenImageIOCodec(OpenImageIODecoder):
    """A format that OpenImageIO writes, too."""

    def encode(self, path: Path, pixels: Pixels, tags: Tags, options: EncodeOptions) -> Encoded:
        """The image in a number type of the format."""
        stored, tags, notes = self.stored(path, pixels, tags, options)
        return Encoded(partial(self.save, pixels=stored, tags=tags), notes)

    @abstractmethod
    def stored(
        self, path: Path, pixels: Pixels, tags: Tags, options: EncodeOptions
    ) -> tuple[Pixels, Tags, tuple[Note, ...]]:
        """The pixels in a number type of the format, the tags that belong to them, and what a user should know."""

    def attributes(self, tags: Tags, *, linear: bool) -> dict[str, object]:
        """Settings of the file, under the names by which OpenImageIO keeps them in each format."""
        exposure, camera = in_exif(tags.exposure), tags.camera
        return {
            "Compression": "zip",
            "tiff:predictor": 1,  # not every reader knows that of floats
            "DateTime": "",  # else OpenImageIO would write the present one, and equal images be different files
            "ExposureTime": exposure.time,
            "FNumber": exposure.fnumber,
            "Make": (camera.make or None) if camera else None,
            "Model": (camera.model or None) if camera else None,
            "Exif:PhotographicSensitivity": None if exposure.iso is None else round(exposure.iso),
            "Software": tags.software or None,
            "ICCProfile": tags.profile(linear=linear) or None,
        }

    def save(self, path: Path, pixels: Pixels, tags: Tags) -> None:
        """Write the file."""
        save(path, pixels, self.attributes(tags, linear=pixels.dtype.kind == "f"))


def _colour_notes(given: Sequence[float] | None) -> tuple[Note, ...]:
    """What to say of chromaticities that are none; zeros alone, as of many panoramas, say nothing themselves."""
    if given is None or not any(given) or usable_chromaticities(given) is not None:
        return ()
    return (Note(f"its chromaticities ({', '.join(f'{value:g}' for value in given)}) enclose no white; left out"),)


def profile_colours(spec: Any) -> tuple[float, ...] | None:
    """Chromaticities of the colour profile; None without one."""
    profile = _profile_in(spec)
    return chromaticities_of(profile) if profile else None


def _profile_in(spec: Any) -> bytes:
    profile = spec.getattribute("ICCProfile")
    return profile.tobytes() if isinstance(profile, np.ndarray) else b""
