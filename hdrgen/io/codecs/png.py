"""PNG: display values of 8 or 16 bits."""

import zlib
from pathlib import Path
from typing import Any, BinaryIO

from hdrgen.errors import InputError
from hdrgen.io.codecs.channels import ChannelChoice
from hdrgen.io.codecs.codec import EncodeOptions
from hdrgen.io.codecs.openimageio import OpenImageIOCodec
from hdrgen.io.codecs.plain_pixels import display_levels
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.exif_in_place import correct_png
from hdrgen.io.metadata.tags import Tags
from hdrgen.io.notes import Note

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ZLIB_LEVEL = 4  # half the time of its usual 6 for files that are 7 % larger


class Png(OpenImageIOCodec):
    """PNG."""

    name = title = "PNG"
    openimageio_name = "png"
    signatures = (_SIGNATURE,)
    suffixes = written = (".png",)
    depths = (8, 16)

    def pixels(self, reader: Any, choice: ChannelChoice, path: Path) -> Pixels:
        """(H, W, 3) as stored, once the file is known to be whole."""
        _check_chunks(path)
        return super().pixels(reader, choice, path)

    def stored(
        self, path: Path, pixels: Pixels, tags: Tags, options: EncodeOptions
    ) -> tuple[Pixels, Tags, tuple[Note, ...]]:
        """Levels of 8 or 16 bits."""
        return *display_levels(path, pixels, tags, options, self.depths), ()

    def attributes(self, tags: Tags, *, linear: bool) -> dict[str, object]:
        """With the level of zlib."""
        return super().attributes(tags, linear=linear) | {"png:compressionLevel": _ZLIB_LEVEL}

    def save(self, path: Path, pixels: Pixels, tags: Tags) -> None:
        """Write the file, and the times in it that OpenImageIO rounds."""
        super().save(path, pixels, tags)
        correct_png(path, tags.exif())


def _check_chunks(path: Path) -> None:
    """Walk the chunks and their checksums: libpng accepts a file without its end, and some damage."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(len(_SIGNATURE))
        while _checked_chunk(stream, size, path) != b"IEND":
            pass


def _checked_chunk(stream: BinaryIO, size: int, path: Path) -> bytes:
    """The name of the next chunk; a length beyond the file is not read, which would take memory for all of it."""
    head = stream.read(8)
    length, name = int.from_bytes(head[:4], "big"), head[4:]
    body = stream.read(length + 4) if length + 4 <= size - stream.tell() else b""
    if len(name) < 4 or len(body) < length + 4:
        raise InputError(f"{path}: truncated PNG file (it ends within a chunk)")
    if zlib.crc32(body[:-4], zlib.crc32(name)) != int.from_bytes(body[-4:], "big"):
        raise InputError(f"{path}: corrupt PNG file (the checksum of chunk {name!r} is wrong)")
    return name
