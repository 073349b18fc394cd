"""Radiance of a sensor in floating point, as merged HDR images in DNG files have it.

LibRaw makes integers of 14 bits of it, in which everything ten stops below the brightest is black. Its colours and its
interpolation are used all the same: the mosaic goes through it in logarithms, of which 16 bits hold all stops alike.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrgen.errors import InputError
from hdrgen.io.containers.tiff_pages import CFA, FLOATING, LINEAR_RAW, TiffPage, pages_of
from hdrgen.io.image import Pixels
from hdrgen.io.rows import by_rows
from hdrgen.io.samples.tiff_blocks import tag_values
from hdrgen.io.samples.tiff_floats import float_samples

_BLACK_SIDES, _BLACK, _WHITE = 50713, 50714, 50717
_CODES = 65535
_MOST_STOPS = 40.0  # below the brightest, which still leave steps of 0.04 %
_TURNS = {3: 2, 5: 1, 6: 3}
"""Quarter turns anticlockwise by LibRaw's `flip`."""


def float_page(path: Path) -> TiffPage | None:
    """The sensor's picture in floating point; None where a file has none."""
    pages = [page for page in pages_of(path) if page.photometric in (CFA, LINEAR_RAW) and not page.reduced]
    picture = max(pages, key=lambda page: page.width * page.height, default=None)
    return picture if picture is not None and picture.sample_format == FLOATING else None


def float_radiance(path: Path, page: TiffPage, raw: Any) -> Pixels:
    """(H, W, 3) float32, linear sRGB, upright; 1 is the file's white level. Of a monochrome sensor grey.

    Args:
        path: The file.
        page: From `float_page`.
        raw: The file as rawpy has it opened.

    Raises:
        InputError: Truncated, corrupt, or packed in a way that is not read.
    """
    values = _levelled(float_samples(path, page), path, page)
    if values.shape[-1] == 1 and page.photometric == CFA:
        balanced = _interpolated(values[..., 0], raw, path)
    else:
        balanced = _turned(values, raw)
        if balanced.shape[-1] < 3:
            return np.repeat(balanced[..., :1], 3, axis=-1)
        balanced = balanced[..., :3] * _gains(raw)[:3]
    matrix = np.asarray(raw.color_matrix, np.float32)[:3, :3].T
    if not matrix.any():
        return np.ascontiguousarray(balanced)
    return by_rows(lambda rows: np.maximum(rows @ matrix, 0), balanced, np.float32)


def _levelled(values: NDArray[np.float32], path: Path, page: TiffPage) -> NDArray[np.float32]:
    """0 at the black level, 1 at the white level."""
    samples = values.shape[-1]
    sides = tuple(map(int, tag_values(path, page, _BLACK_SIDES))) or (1, 1)
    black = np.asarray(tag_values(path, page, _BLACK) or (0.0,), np.float32)
    white = next(iter(tag_values(path, page, _WHITE)), 1.0)
    pattern = np.resize(black, (*sides, samples))
    result = values.copy()
    for row in range(sides[0]):
        for column in range(sides[1]):
            part = result[row :: sides[0], column :: sides[1]]
            part -= pattern[row, column]
            part /= max(white - float(pattern[row, column].max()), 1e-30)
    return result


def _gains(raw: Any) -> NDArray[np.float32]:
    """The camera's white balance, the least of them 1, for four colours of a mosaic."""
    for known in (raw.camera_whitebalance, raw.daylight_whitebalance):
        gains = np.asarray(known, np.float32)
        if (gains[:3] > 0).all() and np.isfinite(gains).all():
            gains[3] = gains[3] or gains[1]
            balanced: NDArray[np.float32] = gains / gains[:3].min()
            return balanced
    return np.ones(4, np.float32)


def _interpolated(mosaic: NDArray[np.float32], raw: Any, path: Path) -> NDArray[np.float32]:
    """(H, W, 3) balanced colours of the camera, upright."""
    import rawpy

    gains = _gains(raw)
    if raw.raw_image is None or raw.raw_image.shape != mosaic.shape:
        raise InputError(f"{path}: this variant of floating point is not read here (LibRaw finds another size)")
    mosaic = mosaic * gains[np.minimum(raw.raw_colors, 3)]
    largest = float(mosaic.max(initial=0, where=np.isfinite(mosaic))) or 1.0
    step = np.float32(_MOST_STOPS / _CODES)
    with np.errstate(divide="ignore", invalid="ignore"):
        codes = np.rint(_CODES + np.log2(mosaic / np.float32(largest)) / step)
    raw.raw_image[:] = np.nan_to_num(codes, nan=0, posinf=_CODES, neginf=0).clip(0, _CODES).astype(np.uint16)
    pixels = raw.postprocess(
        output_color=rawpy.ColorSpace.raw,
        user_wb=[1.0] * 4,
        user_black=0,
        user_cblack=[0] * 4,
        user_sat=_CODES,
        no_auto_bright=True,
        no_auto_scale=True,
        gamma=(1, 1),
        output_bps=16,
    )
    exponents = (np.arange(_CODES + 1, dtype=np.float64) - _CODES) * float(step)
    table = (largest * np.exp2(exponents)).astype(np.float32)
    table[0] = 0
    result = by_rows(lambda rows: table[rows], pixels[..., :3], np.float32)
    lost = _turned(~np.isfinite(mosaic), raw)
    if lost.shape == result.shape[:2]:
        result[lost] = np.nan  # as in every other file of radiance, for the caller to refuse or replace
    return result


def _turned(values: NDArray[np.float32], raw: Any) -> NDArray[np.float32]:
    """The visible part, upright."""
    sizes = raw.sizes
    top, left = sizes.top_margin, sizes.left_margin
    visible = values[top : top + sizes.height, left : left + sizes.width]
    return np.rot90(visible, _TURNS.get(sizes.flip, 0))
