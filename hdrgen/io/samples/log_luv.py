"""Radiance in TIFF files of SGI's logarithmic encodings: luminance of 16 bits, and LogLuv of 24 and 32 bits.

G. Ward Larson, "LogLuv encoding for full-gamut, high-dynamic range images", Journal of Graphics Tools 3(1), 1998.
OpenImageIO and Pillow make display values of 8 bits of them.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrgen.errors import InputError
from hdrgen.io.colour import BT709, rgb_to_xyz, usable_chromaticities
from hdrgen.io.containers.tiff_pages import LOG_L, LOG_LUV, TiffPage
from hdrgen.io.image import Pixels
from hdrgen.io.rows import row_slices, rows_of
from hdrgen.io.samples.log_luv_grid import chromaticities_of_codes
from hdrgen.io.samples.tiff_blocks import TiffBlock, tag_values, tiff_blocks

_PACKED, _PACKED_24 = 34676, 34677  # compressions
_WHITE_POINT, _PRIMARIES = 318, 319
_EQUAL_ENERGY = (4 / 19, 9 / 19)  # u', v' of codes beyond the grid
_LUV_STEPS = 410.0
_RUN = 128  # from this byte on, one value that many times less 126
Codes = NDArray[np.uint32]


def is_log_luv(page: TiffPage) -> bool:
    """Whether a page holds radiance in logarithms."""
    return page.photometric in (LOG_L, LOG_LUV)


def log_luv_colours(path: Path, page: TiffPage) -> tuple[float, ...]:
    """Chromaticities of the RGB that `log_luv_pixels` makes: those that the file gives, else BT.709's."""
    white, primaries = (tag_values(path, page, tag) for tag in (_WHITE_POINT, _PRIMARIES))
    return usable_chromaticities((*primaries, *white)) or BT709.chromaticities


def log_luv_pixels(path: Path, page: TiffPage) -> Pixels:
    """(H, W, 3) float32 RGB; of luminance alone, grey.

    The file holds CIE XYZ, which is not adapted to another white.

    Raises:
        InputError: Truncated or corrupt, or packed in another way than LogLuv is.
    """
    kinds = {(LOG_LUV, _PACKED): 4, (LOG_LUV, _PACKED_24): 3, (LOG_L, _PACKED): 2}
    size = kinds.get((page.photometric, page.compression))
    if size is None:
        raise InputError(
            f"{path}: this variant of LogLuv is not read here (compression {page.compression}); convert it"
        )
    result = np.empty((page.height, page.width, 3), np.float32)
    radiance = _radiance_of(size, log_luv_colours(path, page))
    for block in tiff_blocks(path, page):
        part = result[block.row : block.row + block.height, block.column : block.column + block.width]
        codes = (_of_24_bits if size == 3 else partial(_unpacked, size=size))(block, path)
        for rows in row_slices(len(part), rows_of(part.shape[1])):
            part[rows] = radiance(codes[rows, : part.shape[1]])
    return result


def _radiance_of(size: int, colours: tuple[float, ...]) -> Callable[[Codes], NDArray[Any]]:
    """What makes RGB of codes of so many bytes."""
    if size == 2:
        table = _luminance(np.arange(1 << 16), 15, 256, 64)
        return lambda codes: table[codes][..., None]
    to_rgb = np.linalg.inv(rgb_to_xyz(colours)).T
    if size == 3:
        luminance, relative = _luminance(np.arange(1 << 10), 10, 64, 12), _relative(_grid()) @ to_rgb
        return lambda codes: luminance[codes >> 14][..., None] * relative[codes & 0x3FFF]
    luminance = _luminance(np.arange(1 << 16), 15, 256, 64)
    steps = (np.arange(256) + 0.5) / _LUV_STEPS
    relative = _relative(np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1)).reshape(-1, 3) @ to_rgb
    return lambda codes: luminance[codes >> 16][..., None] * relative[codes & 0xFFFF]


def _luminance(codes: NDArray[Any], bits: int, steps: int, lowest: int) -> NDArray[Any]:
    """Y of code L is 2^((L + 1/2) / steps - lowest), of code 0 it is 0; a bit above is the sign."""
    size = codes & ((1 << bits) - 1)
    result: NDArray[Any] = np.where(size == 0, 0.0, 2.0 ** ((size + 0.5) / steps - lowest))
    return np.where(codes >> bits, -result, result)


def _grid() -> NDArray[Any]:
    """(16384, 2)."""
    known = chromaticities_of_codes()
    return np.concatenate([known, np.tile(_EQUAL_ENERGY, ((1 << 14) - len(known), 1))])


def _relative(chromaticities: NDArray[Any]) -> NDArray[Any]:
    """XYZ of luminance 1 of u', v' (CIE 15)."""
    u, v = chromaticities[..., 0], chromaticities[..., 1]
    return np.stack([9 * u / (4 * v), np.ones_like(u), (12 - 3 * u - 20 * v) / (4 * v)], axis=-1)


def _of_24_bits(block: TiffBlock, path: Path) -> Codes:
    """(height, width) codes that are not packed."""
    size = 3 * block.height * block.width
    if len(block.data) < size:
        raise _corrupt(path)
    parts = np.frombuffer(block.data, np.uint8, size).reshape(block.height, block.width, 3).astype(np.uint32)
    return (parts[..., 0] << 16 | parts[..., 1] << 8 | parts[..., 2]).astype(np.uint32)


def _unpacked(block: TiffBlock, path: Path, size: int) -> Codes:
    """(height, width) codes of `size` bytes: row by row, first the highest byte of each, packed by runs."""
    codes: Codes = np.zeros((block.height, block.width), np.uint32)
    at = 0
    for row in codes:
        for shift in range(8 * (size - 1), -1, -8):
            plane, at = _run_lengths(block.data, at, block.width)
            if len(plane) != block.width:
                raise _corrupt(path)
            row |= np.frombuffer(plane, np.uint8).astype(np.uint32) << np.uint32(shift)
    return codes


def _run_lengths(data: bytes, at: int, count: int) -> tuple[bytearray, int]:
    """So many bytes that are packed from a place on, or fewer where the data end; and the place behind them."""
    result = bytearray()
    while len(result) < count and at < len(data):
        code, left = data[at], count - len(result)
        if code >= _RUN:
            result += data[at + 1 : at + 2] * min(code - _RUN + 2, left)
            at += 2
        else:
            result += data[at + 1 : at + 1 + min(code, left)]
            at += 1 + code
    return result, at


def _corrupt(path: Path) -> InputError:
    return InputError(f"{path}: truncated or corrupt TIFF file (its LogLuv data end early)")
