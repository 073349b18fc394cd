"""A photograph's JPEG with a gain map behind it: the photograph stays as it is, byte for byte."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrgen.errors import InputError
from hdrgen.io.codecs.jpeg_gain_map import is_index, with_gain_map
from hdrgen.io.codecs.jpeg_picture import stored_jpeg
from hdrgen.io.codecs.orientation import as_stored, orientation_in
from hdrgen.io.containers.jpeg_markers import claimed_frame, first_picture
from hdrgen.io.gain_maps.gain_map import GainMap, GainMapMetadata
from hdrgen.io.levels import quantised
from hdrgen.io.paths import write_complete

_QUALITY = 95
_NO_OFFSET = (0.0,) * 3
_SMALLEST_RANGE = 0.01  # stops; a gain of nothing needs some range, too


def takes_gain_map(path: Path) -> bool:
    """Whether a file is a JPEG that a gain map can stand behind: one of three channels, which is none of CMYK."""
    frame = claimed_frame(path)
    return frame is not None and frame.channels == 3


def write_with_gain(path: Path, photograph: Path, stops: NDArray[np.float32]) -> Path:
    """Write the Ultra HDR picture of a JPEG file: linear values of its pixels times 2^stops.

    What the file says of itself stays too, but for pictures behind the first, such as previews, and their index.

    Args:
        path: Where to, .uhdr.jpg.
        photograph: For which `takes_gain_map`.
        stops: (H, W), of the upright picture, finite; negative ones are taken for 0.

    Returns:
        The path written.

    Raises:
        InputError: Stops of another size, or that are not finite; no permission or no space.
    """
    stored = stored_jpeg(photograph)
    gain = as_stored(stops, orientation_in(stored.metadata))
    if gain.shape != (stored.height, stored.width) or not np.isfinite(gain).all():
        expected = f"finite stops for {stored.width} x {stored.height} pixels"
        raise InputError(f"{path}: expected {expected} of {photograph}, found {gain.shape[1]} x {gain.shape[0]}")
    most = max(float(gain.max()), _SMALLEST_RANGE)
    metadata = GainMapMetadata(_NO_OFFSET, (most,) * 3, base_offset=_NO_OFFSET, offset=_NO_OFFSET, headroom=most)
    levels = quantised(gain * np.float32(1 / most), 8)
    content = with_gain_map(first_picture(photograph.read_bytes(), is_index), GainMap(levels, metadata), _QUALITY)
    write_complete(path, content)
    return path
