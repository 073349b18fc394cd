"""Decoding through OpenImageIO, and what it does not check."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs.channels import ChannelChoice
from hdrgen.io.image import Pixels
from hdrgen.io.stderr import quiet_stderr

_PIXEL_TYPES = {"uint8": "uint8", "uint16": "uint16", "half": "half", "float": "float", "double": "float"}
_SIZES = {"uint8": 1, "uint16": 2, "half": 2, "float": 4}
_CHANNELS = 3
_LARGE_TILE = 4096**2  # pixels; tiles of panoramas are 1024 wide at most


@contextmanager
def opened(file: Path, name: str, openimageio_name: str, *, shown: Path | None = None) -> Iterator[Any]:
    """An OpenImageIO reader positioned at the first image of the file.

    Args:
        file: The file.
        name: The format's, for messages.
        openimageio_name: What OpenImageIO calls the format.
        shown: The file that messages name; None: the one that is opened.

    Raises:
        InputError: The header cannot be read.
    """
    import OpenImageIO as oiio

    path, config = shown or file, oiio.ImageSpec()
    config.attribute("oiio:UnassociatedAlpha", 1)  # else colours come back multiplied by their alpha
    try:
        with quiet_stderr:
            reader = oiio.ImageInput.open(str(file), config)
        if reader is None:
            raise unread(path, f"{name} header", oiio.geterror())
        with closing(reader), _errors_read(reader):
            if reader.format_name() != openimageio_name:
                raise InputError(f"{path}: corrupt, begins like {name} but reads as {reader.format_name()}")
            yield reader
    except UnicodeError as error:
        raise InputError(f"{path}: corrupt {name} header (text that is not UTF-8)") from error


@contextmanager
def _errors_read(reader: Any) -> Iterator[None]:
    """An error left unread would be printed when the reader goes."""
    try:
        yield
    finally:
        with suppress(UnicodeError):
            reader.geterror()


def check_tiles(path: Path, spec: Any, limit: float) -> None:
    """Refuse tiles for which memory is taken as a whole, however small the image in them.

    Raises:
        InputError: Tiles of more than `limit` megapixels, or far larger than the image.
    """
    area = spec.tile_width * spec.tile_height
    if area > min(limit * 1e6, max(_LARGE_TILE, 4 * spec.width * spec.height)):
        tiles = f"tiles of {spec.tile_width} x {spec.tile_height} in an image of {spec.width} x {spec.height}"
        raise InputError(f"{path}: corrupt, or of another use than pictures: {tiles}")


def decoded(
    reader: Any, choice: ChannelChoice, path: Path, name: str, *, harmless: Callable[[str], bool] = lambda error: False
) -> Pixels:
    """The chosen channels as (H, W, 3) in their own number type; double becomes float32.

    Args:
        reader: At the part to read.
        choice: Of its channels.
        path: Named in the error.
        name: The format's, for messages.
        harmless: Whether all pixels are there whatever OpenImageIO says.

    Raises:
        InputError: Truncated or corrupt, or a number type that is not read.
    """
    first, last = min(choice.channels), max(choice.channels) + 1
    pixel_type = _pixel_type(reader.spec(), choice, path)
    with quiet_stderr:
        block = reader.read_image(choice.part, 0, first, last, pixel_type)
    error = reader.geterror()
    if block is None or (error and not harmless(error)):
        raise unread(path, f"{name} file", error)
    planes = [index - first for index in choice.channels]
    if planes == list(range(_CHANNELS)):
        whole: Pixels = block
        return whole
    result = np.empty((*block.shape[:2], _CHANNELS), block.dtype)
    for index, plane in enumerate(planes * (_CHANNELS // len(planes))):  # a list of indices would copy twice
        result[..., index] = block[..., plane]
    return result


def bytes_each(spec: Any, choice: ChannelChoice, path: Path, *, whole_pixels: bool) -> int:
    """Bytes that reading takes for each pixel at its peak: measured, OpenImageIO holds what it decodes twice.

    Args:
        spec: Of the part to read.
        choice: Of its channels.
        path: Named in the error.
        whole_pixels: Whether it decodes the other channels, too.

    Raises:
        InputError: A number type that is not read.
    """
    channels = spec.nchannels if whole_pixels else max(choice.channels) - min(choice.channels) + 1
    return 2 * _SIZES[_pixel_type(spec, choice, path)] * max(channels, _CHANNELS)


def _pixel_type(spec: Any, choice: ChannelChoice, path: Path) -> str:
    types = {str(spec.channelformat(index)) for index in choice.channels}
    unknown = types - _PIXEL_TYPES.keys()
    if unknown:
        listed = ", ".join(sorted(unknown))
        raise InputError(f"{path}: expected 8 or 16-bit unsigned integers or floats, found {listed}; convert it")
    return _PIXEL_TYPES[types.pop()] if len(types) == 1 else "float"


def unread(path: Path, part: str, message: str) -> InputError:
    """The error to raise where OpenImageIO gave up on a part of a file, with what it said about it."""
    cause = reason(message, path)
    if re.search("not (supported|configured|implemented)|[Nn]o support|[Uu]nsupported", cause):
        return InputError(f"{path}: this variant of {part} is not read here ({cause}); convert the file")
    return InputError(f"{path}: truncated or corrupt {part} ({cause})")


def reason(message: str, path: Path) -> str:
    """The first line of a library's message, without the file name that our own message already gives."""
    lines = message.strip().splitlines()
    return re.sub(r' \("[^"]*"\)', "", lines[0]).replace(f"({path}): ", "") if lines else "no reason given"
