"""Pixels in NumPy's own files, which measurements and other people's code leave behind."""

from pathlib import Path
from tokenize import TokenError

import numpy as np
from numpy.lib.format import MAGIC_PREFIX

from hdrgen.errors import InputError
from hdrgen.io.exposure import Exposure
from hdrgen.io.image import Image, Pixels
from hdrgen.io.memory import check_memory
from hdrgen.io.notes import warn_of
from hdrgen.io.paths import existing_file
from hdrgen.io.radiance import checked_radiance
from hdrgen.io.rows import row_slices

ARRAY_SUFFIX = ".npy"
_CHANNELS = 3
_DAMAGED: tuple[type[Exception], ...] = (
    ValueError,
    OSError,
    EOFError,
    OverflowError,
    SyntaxError,
    TypeError,
    KeyError,
    RecursionError,
    TokenError,
    MemoryError,
)
"""What NumPy raises of a damaged header, which is Python source."""

_NUMBERS = tuple(np.dtype(kind) for kind in (np.float16, np.float32, np.float64, np.uint8, np.uint16))


def read_array(path: str | Path, *, clean: bool = False, working_bytes: float = 0) -> Image:
    """Read a `.npy` file as an image: floating point as linear radiance, 8 and 16 bit as display values.

    Negative and black radiance, and what `clean` replaces, are counted in a warning. Nothing in the file is executed.
    Grey `(H, W)` or `(H, W, 1)` is copied to three channels.

    Args:
        path: The file.
        clean: Replace what radiance cannot be (see `hdrgen.io.radiance.checked_radiance`) instead of failing.
        working_bytes: For each pixel, that the caller takes at most; as of `read_image`.

    Raises:
        InputError: No array file, another shape or number type, NaN or infinite radiance without `clean`; more than
            fits into memory.
    """
    path = existing_file(path)
    _check_kind(path)
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)  # a map takes no memory for what a header claims
    except _DAMAGED as error:
        # NumPy's own words advise to run what is in the file.
        raise InputError(
            f"{path}: expected one array of numbers in NumPy's .npy format, found something else"
        ) from error
    planes = _checked(array, path)
    linear, height, width = array.dtype.kind == "f", *planes.shape[:2]
    check_memory(path, width, height, max((2 if clean else 1) * _CHANNELS * array.itemsize, working_bytes))
    pixels = np.empty((height, width, _CHANNELS), array.dtype.newbyteorder("="))
    for rows in row_slices(height):  # grey is repeated
        pixels[rows] = planes[rows]
    if linear:
        pixels, notes = checked_radiance(pixels, path, clean=clean)
        warn_of(path, notes, stacklevel=2)
    return Image(pixels, linear, Exposure())


def _check_kind(path: Path) -> None:
    """Nothing but an array is given to NumPy, which would open an archive, or complain of a pickle."""
    with path.open("rb") as stream:
        start = stream.read(len(MAGIC_PREFIX))
    if start != MAGIC_PREFIX:
        found = "an archive, of several arrays perhaps; save one" if start.startswith(b"PK") else "something else"
        raise InputError(f"{path}: expected one array of numbers in NumPy's .npy format, found {found}")


def _checked(array: Pixels, path: Path) -> Pixels:
    if not isinstance(array, np.ndarray) or array.dtype.newbyteorder("=") not in _NUMBERS:
        raise InputError(f"{path}: expected an array of floating point, uint8 or uint16, found {_kind(array)}")
    grey = array[..., None] if array.ndim == 2 else array
    if grey.ndim != 3 or grey.shape[-1] not in (1, 3) or not grey.size:
        raise InputError(f"{path}: expected an array of shape (height, width, 3), found {array.shape}")
    return grey


def _kind(array: object) -> str:
    return str(array.dtype) if isinstance(array, np.ndarray) else type(array).__name__
