"""A minimal camera RAW file: a Bayer DNG of 16 bits."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile

BLACK, WHITE = 512, 15871
TILE = 64
SHORT, LONG, RATIONAL, SIGNED_RATIONAL, TEXT, BYTE = 3, 4, 5, 10, 2, 1
_XYZ_TO_SRGB = [3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.2040, 1.0570]


def mosaic(rgb: np.ndarray) -> np.ndarray:
    """Sample linear camera RGB (H, W, 3) in [0, 1] through an RGGB filter into sensor values."""
    plane = rgb[..., 1].copy()
    plane[0::2, 0::2] = rgb[0::2, 0::2, 0]
    plane[1::2, 1::2] = rgb[1::2, 1::2, 2]
    return np.round(BLACK + plane * (WHITE - BLACK)).astype(np.uint16)


def write_dng(
    path: Path,
    rgb: np.ndarray,
    *,
    neutral=(0.5, 1.0, 0.8),
    time=(1, 50),
    orientation: int = 1,
    focal: int = 0,
    compressed: bool = False,
) -> Path:
    """Write camera RGB as DNG; `neutral` is the camera RGB of a white surface, as the camera's white balance says.

    Compressed, it has tiles of lossless JPEG, 64 x 64, and needs imagecodecs.
    """
    matrix = [number for value in _XYZ_TO_SRGB for number in (round(value * 10000), 10000)]
    balance = [number for value in neutral for number in (round(value * 10000), 10000)]
    tags = [
        (271, TEXT, 0, "hdrgen", True),
        (272, TEXT, 0, "made up", True),
        (274, SHORT, 1, orientation, True),
        (33421, SHORT, 2, (2, 2), True),  # CFARepeatPatternDim
        (33422, BYTE, 4, (0, 1, 1, 2), True),  # CFAPattern
        (33434, RATIONAL, 1, time, True),
        (33437, RATIONAL, 1, (28, 10), True),
        (34855, SHORT, 1, 200, True),
        *([(0x920A, RATIONAL, 1, (focal, 1), True)] if focal else []),
        (50706, BYTE, 4, (1, 4, 0, 0), True),  # DNGVersion
        (50708, TEXT, 0, "hdrgen made up", True),  # UniqueCameraModel
        (50714, SHORT, 1, BLACK, True),
        (50717, SHORT, 1, WHITE, True),
        (50721, SIGNED_RATIONAL, 9, matrix, True),  # ColorMatrix1
        (50728, RATIONAL, 3, balance, True),  # AsShotNeutral
        (50778, SHORT, 1, 21, True),  # CalibrationIlluminant1: D65
    ]
    sensor = mosaic(rgb)
    if compressed:
        tiles = {"tile": (TILE, TILE), "compression": 7, "shape": sensor.shape, "dtype": sensor.dtype}
        tifffile.imwrite(path, _tiles(sensor), photometric=32803, extratags=tags, metadata=None, **tiles)
    else:
        tifffile.imwrite(path, sensor, photometric=32803, rowsperstrip=len(sensor), extratags=tags, metadata=None)
    return path


def _tiles(sensor: np.ndarray) -> Iterator[bytes]:
    """What the file holds of each, row by row."""
    import imagecodecs

    for row in range(0, len(sensor), TILE):
        for column in range(0, sensor.shape[1], TILE):
            tile = sensor[row : row + TILE, column : column + TILE]
            padded = np.pad(tile, ((0, TILE - tile.shape[0]), (0, TILE - tile.shape[1])), mode="edge")
            yield imagecodecs.ljpeg_encode(np.ascontiguousarray(padded), bitspersample=16)
