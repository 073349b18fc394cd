"""Linear DNG out of radiance, for programs that develop RAW; what is read of one is in `raw`.

DNG 1.4: three samples a pixel in floating point ("LinearRaw"), in tiles that are predicted and deflated, as Lightroom's
own merges are. Values end at 1, the white level; BaselineExposure says by how many stops a program has to brighten them
so that radiance 1 is white, and the matrix says of which primaries they are.
"""

import math
import zlib
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrgen.io.codecs.codec import Encoded, EncodeOptions
from hdrgen.io.codecs.openexr import half_holds
from hdrgen.io.codecs.plain_pixels import in_colours
from hdrgen.io.codecs.raw import Raw
from hdrgen.io.colour import BT709, rgb_to_xyz, space_holding
from hdrgen.io.containers.tiff_directories import BYTE, LONG, RATIONAL, SHORT, SIGNED_RATIONAL, TEXT
from hdrgen.io.containers.tiff_pages import FLOATING, LINEAR_RAW
from hdrgen.io.containers.tiff_writing import Field, write_tiled
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.exif_block import ExifTag, in_exif, iso_tags, rational
from hdrgen.io.metadata.tags import Tags
from hdrgen.io.notes import Note
from hdrgen.io.samples.float_raw import OWN_CAMERA

_TILE = 256
_DEFLATE, _FLOATING_PREDICTOR, _D65 = 8, 3, 21
_FAST = 1  # of zlib's levels: a third of the time of its usual one, for a few per cent more bytes
_HALF_STOPS = 4  # by which what half holds has to lie above what it holds in EXR: there is nothing above white
_VERSION = (1, 4, 0, 0)  # the first with floating point
_FINE = 10_000_000  # of fractions
_WHITE = BT709.chromaticities[6:]
_SAME_WHITE = 1e-3


class Dng(Raw):
    """DNG, written under its own suffix; as a file it is camera RAW."""

    title = "linear DNG"
    suffixes = written = (".dng",)

    def encode(self, path: Path, pixels: Pixels, tags: Tags, options: EncodeOptions) -> Encoded:
        """float16, or float32 where asked for or needed; colours of another white than D65 are converted."""
        source = tags.chromaticities or BT709.chromaticities
        other_white = not np.allclose(source[6:], _WHITE, atol=_SAME_WHITE)
        target = options.colour_space or (space_holding(source) if other_white else None)
        pixels, tags = in_colours(pixels, tags, target, linear=True)
        negative = int((pixels < 0).any(axis=-1).sum())
        notes = [Note(f"{negative} pixels are negative, which .dng cannot hold; written as 0")] if negative else []
        stops = _stops_above(float(pixels.max()))
        values = np.maximum(pixels, 0).astype(np.float32, copy=False)
        values = np.ldexp(values, -stops) if stops else values
        fits = not options.float32 and half_holds(np.ldexp(values, -_HALF_STOPS))
        stored = values.astype(np.float16 if fits else np.float32, copy=False)
        return Encoded(partial(_save, values=stored, tags=tags, stops=stops), tuple(notes))


def _stops_above(largest: float) -> int:
    """Whole stops by which values are divided, which changes no digit, so that the largest is above a half.

    >>> _stops_above(3.0), _stops_above(1.0), _stops_above(0.2), _stops_above(0.0)
    (2, 0, -2, 0)
    """
    return math.ceil(math.log2(largest)) if largest > 0 else 0


def _save(path: Path, values: Pixels, tags: Tags, stops: int) -> None:
    write_tiled(path, _fields(values, tags, stops), _exif(tags), _tiles(values))


def _fields(values: Pixels, tags: Tags, stops: int) -> dict[int, Field]:
    height, width, samples = values.shape
    from_xyz = np.linalg.inv(rgb_to_xyz(tags.chromaticities or BT709.chromaticities))
    make, model = (tags.camera.make, tags.camera.model) if tags.camera else ("", "")
    texts = {ExifTag.MAKE: make, ExifTag.MODEL: model, ExifTag.SOFTWARE: tags.software, 50708: OWN_CAMERA}
    return {
        254: Field(LONG, (0,)),  # the picture itself, not a reduced one
        256: Field(LONG, (width,)),
        257: Field(LONG, (height,)),
        258: Field(SHORT, (8 * values.itemsize,) * samples),
        259: Field(SHORT, (_DEFLATE,)),
        262: Field(SHORT, (LINEAR_RAW,)),
        274: Field(SHORT, (1,)),
        277: Field(SHORT, (samples,)),
        284: Field(SHORT, (1,)),
        317: Field(SHORT, (_FLOATING_PREDICTOR,)),
        322: Field(LONG, (_side(width),)),
        323: Field(LONG, (_side(height),)),
        339: Field(SHORT, (FLOATING,) * samples),
        50706: Field(BYTE, _VERSION),
        50707: Field(BYTE, _VERSION),  # the oldest that programs must know
        50717: Field(LONG, (1,) * samples),  # white level
        50721: Field(SIGNED_RATIONAL, _fractions(from_xyz.ravel().tolist())),
        50728: Field(RATIONAL, (1, 1) * samples),  # white is where all samples are alike
        50730: Field(SIGNED_RATIONAL, (stops, 1)),
        50778: Field(SHORT, (_D65,)),
        **{int(tag): Field(TEXT, text) for tag, text in texts.items() if text},
    }


def _exif(tags: Tags) -> dict[int, Field]:
    exposure = in_exif(tags.exposure)
    known = ((ExifTag.TIME, exposure.time), (ExifTag.FNUMBER, exposure.fnumber))
    fields = {
        int(tag): Field(RATIONAL, rational(value).as_integer_ratio()) for tag, value in known if value is not None
    }
    numbers = {} if exposure.iso is None else iso_tags(exposure.iso)
    return fields | {
        int(tag): Field(LONG if tag == ExifTag.HIGH_ISO else SHORT, (number,)) for tag, number in numbers.items()
    }


def _fractions(values: list[float]) -> list[int]:
    return [part for value in values for part in Fraction(round(value * _FINE), _FINE).as_integer_ratio()]


def _side(length: int) -> int:
    """Of the tiles, which LibRaw wants no larger than the picture, and TIFF in steps of 16.

    >>> _side(4000), _side(100), _side(3)
    (256, 112, 16)
    """
    return min(_TILE, -(-length // 16) * 16)


def _tiles(values: Pixels) -> Iterator[bytes]:
    """Row by row of tiles; what lies over the edge repeats it."""
    height, width, _ = values.shape
    rows, columns = _side(height), _side(width)
    for row in range(0, height, rows):
        for column in range(0, width, columns):
            tile = values[row : row + rows, column : column + columns]
            sides = ((0, rows - tile.shape[0]), (0, columns - tile.shape[1]), (0, 0))
            yield zlib.compress(_predicted(np.pad(tile, sides, mode="edge")).tobytes(), _FAST)


def _predicted(tile: Pixels) -> NDArray[np.uint8]:
    """Rows of bytes, the most significant ones first, each less that of the pixel before (TIFF Technical Note 3)."""
    height, width, samples = tile.shape
    numbers = np.ascontiguousarray(tile.astype(tile.dtype.newbyteorder(">"))).view(np.uint8)
    planes = numbers.reshape(height, width * samples, tile.itemsize).swapaxes(1, 2).reshape(height, -1)
    differences = planes.copy()
    differences[:, samples:] -= planes[:, :-samples]
    return differences
