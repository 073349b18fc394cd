"""The formats that OpenImageIO reads and writes: what they share."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hdrgen.io.codecs.channels import ChannelChoice, choose_by_count
from hdrgen.io.codecs.codec import Codec, Decoded, DecodeOptions, Encoded, EncodeOptions, Summary, check_size
from hdrgen.io.codecs.openimageio_reading import bytes_each, check_tiles, decoded, opened
from hdrgen.io.codecs.openimageio_writing import save
from hdrgen.io.codecs.orientation import orientation_in, upright, upright_size
from hdrgen.io.colour import usable_chromaticities
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.exif import exposure_from, metadata_of
from hdrgen.io.metadata.exif_block import in_exif
from hdrgen.io.metadata.icc import chromaticities_of
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
        with self._opened(path) as (reader, _):
            return _summary_of(reader.spec())

    def chromaticities(self, path: Path) -> tuple[float, ...] | None:
        """From the header alone."""
        with self._opened(path) as (reader, _):
            return self.colours(reader.spec(), path)

    def decode(self, path: Path, options: DecodeOptions) -> Decoded:
        """The pixels; floating point is radiance."""
        with self._opened(path, options) as (reader, choice):
            spec = reader.spec()
            summary = _summary_of(spec)
            each = bytes_each(spec, choice, path, whole_pixels=self.whole_pixels)
            check_size(path, summary.width, summary.height, options, each)
            check_tiles(path, spec, options.max_megapixels)
            pixels = upright(self.pixels(reader, choice, path), _orientation_of(spec))
            return Decoded(summary, pixels, pixels.dtype.kind == "f", choice.notes, self.colours(spec, path))

    def check_before_opening(self, path: Path, options: DecodeOptions) -> None:
        """Checks of formats for which opening alone takes memory."""

    def choose_channels(self, reader: Any, path: Path) -> ChannelChoice:
        """The part and channels that are the picture."""
        return choose_by_count(reader.spec(), path)

    def colours(self, spec: Any, path: Path) -> tuple[float, ...] | None:
        """Chromaticities that the file gives, by an attribute or a colour profile."""
        value = spec.getattribute("chromaticities")
        numbers = isinstance(value, tuple) and all(isinstance(number, float) for number in value)  # or texts
        given = usable_chromaticities(value) if numbers else None
        return given or profile_colours(spec)

    def pixels(self, reader: Any, choice: ChannelChoice, path: Path) -> Pixels:
        """(H, W, 3) as stored."""
        return decoded(reader, choice, path, self.name)

    @contextmanager
    def _opened(self, path: Path, options: DecodeOptions | None = None) -> Iterator[tuple[Any, ChannelChoice]]:
        """A reader at the part that is the picture, and which of its channels are."""
        self.check_before_opening(path, options or DecodeOptions())
        with opened(path, self.name, self.openimageio_name) as reader:
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


def _summary_of(spec: Any) -> Summary:
    size = upright_size(spec.width, spec.height, _orientation_of(spec))
    return Summary(*size, exposure_from(metadata_of(spec)), _orientation_of(spec))


def profile_colours(spec: Any) -> tuple[float, ...] | None:
    """Chromaticities of the colour profile; None without one."""
    profile = spec.getattribute("ICCProfile")
    return chromaticities_of(profile.tobytes()) if isinstance(profile, np.ndarray) else None


def _orientation_of(spec: Any) -> int:
    return orientation_in({"Orientation": spec.get_int_attribute("Orientation", 1)})
