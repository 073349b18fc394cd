"""Floating point of 16, 24 and 32 bits in TIFF pages, as DNG files have it."""

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrgen.errors import InputError
from hdrgen.io.containers.tiff_directories import BIG_BYTE_ORDERS, BYTE_ORDERS
from hdrgen.io.containers.tiff_pages import FLOATING, TiffPage
from hdrgen.io.samples.tiff_blocks import TiffBlock, tag_values, tiff_blocks

_SAMPLES, _PLANES, _PREDICTOR = 277, 284, 317
_PLAIN = 1
_DEFLATE = (8, 32946)
_FACTORS = {3: 1, 34894: 2, 34895: 4}
"""How many pixels apart are those whose bytes were subtracted, by predictor; the last two are DNG's own."""
_MOST_SAMPLES = 4


def float_samples(path: Path, page: TiffPage) -> NDArray[np.float32]:
    """(H, W, samples) of a page.

    Raises:
        InputError: Truncated or corrupt; another number type, or packed in another way than DNG does.
    """
    samples, planes, predictor = (int(next(iter(tag_values(path, page, tag)), 1)) for tag in _TAGS)
    known = page.compression in (_PLAIN, *_DEFLATE) and (predictor == _PLAIN or predictor in _FACTORS)
    right = page.sample_format == FLOATING and page.bits in (16, 24, 32) and 0 < samples <= _MOST_SAMPLES
    if not (known and right and (planes == 1 or samples == 1)):
        kind = f"{samples} samples of {page.bits} bits, compression {page.compression}, predictor {predictor}"
        raise InputError(f"{path}: this variant of floating point is not read here ({kind}); convert the file")
    with path.open("rb") as stream:
        order = (BYTE_ORDERS | BIG_BYTE_ORDERS)[stream.read(4)]
    result = np.empty((page.height, page.width, samples), np.float32)
    width = page.bits // 8
    for block in tiff_blocks(path, page):
        shape = (block.height, block.width * samples)
        content = _content(block, path, page.compression, shape[0] * shape[1] * width)
        if predictor == _PLAIN:
            values = _NUMBERS[width](content.reshape(*shape, width), order)
        else:
            planes_ = _undone(content.reshape(block.height, -1), samples * _FACTORS[predictor])
            values = _NUMBERS[width](planes_.reshape(block.height, width, shape[1]).swapaxes(1, 2), ">")
        part = result[block.row : block.row + block.height, block.column : block.column + block.width]
        part[:] = values.reshape(block.height, block.width, samples)[: part.shape[0], : part.shape[1]]
    return result


_TAGS = (_SAMPLES, _PLANES, _PREDICTOR)


def _content(block: TiffBlock, path: Path, compression: int, size: int) -> NDArray[np.uint8]:
    """The bytes of a block, so many of them."""
    try:
        data = zlib.decompressobj().decompress(block.data, size) if compression in _DEFLATE else block.data
    except zlib.error as error:
        raise InputError(f"{path}: corrupt RAW file ({error})") from error
    if len(data) < size:
        raise InputError(f"{path}: truncated or corrupt RAW file (a part of its picture ends early)")
    return np.frombuffer(data, np.uint8, size)


def _undone(rows: NDArray[np.uint8], apart: int) -> NDArray[np.uint8]:
    """Sums of bytes of which differences were stored; the last of a row that `apart` does not divide belong to none."""
    height, size = rows.shape
    padded = np.zeros((height, -(-size // apart) * apart), np.uint8)
    padded[:, :size] = rows
    summed: NDArray[np.uint8] = np.cumsum(padded.reshape(height, -1, apart), axis=1, dtype=np.uint8)
    return summed.reshape(height, -1)[:, :size]


def _of_24_bits(content: NDArray[np.uint8], order: str) -> NDArray[np.float32]:
    """A sign, 7 bits of exponent and 16 of fraction (DNG 1.4, "Floating Point Image Data"), otherwise as IEEE 754."""
    high, middle, low = (content[..., index].astype(np.int32) for index in ((0, 1, 2) if order == ">" else (2, 1, 0)))
    exponent, fraction = high & 127, (middle << 8 | low).astype(np.float64) / 65536
    value = np.where(exponent == 0, np.ldexp(fraction, -62), np.ldexp(1 + fraction, exponent - 63))
    value = np.where(exponent == 127, np.where(fraction == 0, np.inf, np.nan), value)
    return np.where(high > 127, -value, value).astype(np.float32)


def _of_whole_bytes(bits: int) -> Callable[[NDArray[np.uint8], str], NDArray[np.float32]]:
    def numbers(content: NDArray[np.uint8], order: str) -> NDArray[np.float32]:
        found: NDArray[np.float32] = (
            np.ascontiguousarray(content).view(f"{order}f{bits // 8}")[..., 0].astype(np.float32)
        )
        return found

    return numbers


_NUMBERS = {2: _of_whole_bytes(16), 3: _of_24_bits, 4: _of_whole_bytes(32)}
"""By the bytes of a sample: (..., bytes) to numbers."""
