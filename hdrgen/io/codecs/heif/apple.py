"""The gain map of Apple's phones: an auxiliary picture, and a headroom that the maker's note of EXIF holds.

Apple, "Applying Apple HDR effect to your photos" (developer documentation): SDR (1 + (headroom - 1) gain), all linear;
the gain is stored with the curve of BT.709 or sRGB, which differ little.
"""

from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hdrgen.io.colour import srgb_decoded
from hdrgen.io.containers.tiff_directories import TiffReader
from hdrgen.io.gain_maps.gain_map import GainMapError, resampled_rows
from hdrgen.io.image import Pixels
from hdrgen.io.rows import row_slices, rows_of

_KIND = "urn:com:apple:photo:2020:aux:hdrgainmap"
_NOTE = b"Apple iOS\0"
_NOTE_START = 14  # of its directory, whose places count from the beginning of the note
_HEADROOM, _GAIN = 33, 48
_DARKEST = 0.01


class AppleGain(NamedTuple):
    """A map, (H, W) uint8, and the largest factor."""

    levels: Pixels
    headroom: float


def has_apple_map(heif: Any) -> bool:
    """Whether there is one."""
    return bool((heif.info.get("aux") or {}).get(_KIND))


def has_apple_gain(heif: Any) -> bool:
    """Whether there is one, and a headroom that says what it means."""
    return has_apple_map(heif) and headroom_in(heif.info.get("exif") or b"") is not None


def apple_gain(heif: Any, path: Path) -> AppleGain | None:
    """The map; None where there is none, or no headroom that says what it means.

    Raises:
        GainMapError: It cannot be decoded.
    """
    headroom = headroom_in(heif.info.get("exif") or b"")
    if not has_apple_map(heif) or headroom is None:
        return None
    try:
        levels = np.asarray(heif.get_aux_image(heif.info["aux"][_KIND][0]))
    except (ValueError, SyntaxError, OSError, RuntimeError, EOFError) as error:
        raise GainMapError.of(path, f"corrupt gain map ({' '.join(str(error).split())})") from error
    return AppleGain(levels.reshape(*levels.shape[:2], -1)[..., 0], headroom)


def with_apple_gain(base: Pixels, gain: AppleGain) -> Pixels:
    """(H, W, 3) float32 radiance in which SDR white is 1; a smaller map is interpolated."""
    linear = srgb_decoded(np.arange(256) / 255).astype(np.float32)
    shares = linear[gain.levels][..., None]
    result = np.empty(base.shape, np.float32)
    for rows in row_slices(len(base), rows_of(base.shape[1])):
        share = resampled_rows(shares, base.shape[:2], rows)
        result[rows] = linear[base[rows]] * (1 + np.float32(gain.headroom - 1) * share)
    return result


def headroom_in(exif: bytes) -> float | None:
    """The largest factor that the maker's note asks for; None where it is not Apple's or does not say."""
    at = exif.find(_NOTE)
    if at < 0:
        return None
    reader = TiffReader(BytesIO(exif[at:]), ">" if exif[at + 12 : at + 14] == b"MM" else "<")
    entries = reader.directory(_NOTE_START).entries
    found = [reader.values(entries[tag], 1) for tag in (_HEADROOM, _GAIN) if tag in entries]
    if len(found) < 2 or not all(found):
        return None
    (headroom,), (gain,) = found
    return float(2 ** max(_stops(headroom, gain), 0.0))


def _stops(headroom: float, gain: float) -> float:
    """Apple's two pieces of two lines."""
    if headroom < 1:
        return 1.8 - 20 * gain if gain <= _DARKEST else 1.601 - 0.101 * gain
    return 3 - 70 * gain if gain <= _DARKEST else 2.303 - 0.303 * gain
