"""Gain maps of ISO 21496-1 in files of boxes, AVIF and HEIC: what is the same in both."""

from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hdrgen.io.colour import Chromaticities
from hdrgen.io.containers import items
from hdrgen.io.containers.boxes import boxes
from hdrgen.io.containers.tone_maps import tone_map_in, with_primary
from hdrgen.io.gain_maps.gain_map import GainMap, GainMapMetadata, apply_gain_map
from hdrgen.io.gain_maps.gain_map_metadata import metadata_of_item
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.cicp import Cicp
from hdrgen.io.metadata.icc import chromaticities_of


class BoxedGainMap(NamedTuple):
    """A gain map.

    Attributes:
        file: The whole file, but that the picture to show is the map.
        metadata: What its levels mean.
        colours: In which the gain applies, where these are not the base's.
    """

    file: bytes
    metadata: GainMapMetadata
    colours: tuple[float, ...] | None


def boxed_gain_map(path: Path) -> BoxedGainMap | None:
    """The gain map of a file; None where there is none.

    Raises:
        GainMapError: One of a kind that is not read here.
    """
    content = path.read_bytes()
    stream = BytesIO(content)
    meta = next((part for part in boxes(stream, 0, len(content)) if part.kind == b"meta"), None)
    parts = {} if meta is None else items.parts_of(stream, meta)
    found = tone_map_in(stream, parts)
    if found is None:
        return None
    metadata = metadata_of_item(found.metadata, path)
    own = None if metadata.in_base_colours else _colours(dict(items.properties(stream, parts, found.item)))
    return BoxedGainMap(with_primary(content, parts, found.gain), metadata, own)


def with_boxed_gain(
    gain: BoxedGainMap, base: tuple[Pixels, int], levels: tuple[Pixels, int], colours: Chromaticities | None
) -> Pixels:
    """(H, W, 3) float32 radiance in which SDR white is 1; both pictures count at 8 bits.

    Args:
        gain: The map.
        base: (H, W, 3) levels and their bits.
        levels: Of the map, (h, w) or (h, w, channels), and their bits.
        colours: Chromaticities of the base.
    """
    planes = _in_8_bits(*levels).reshape(*levels[0].shape[:2], -1)
    planes = planes[..., :3] if planes.shape[-1] > 2 else np.repeat(planes[..., :1], 3, axis=-1)
    return apply_gain_map(GainMap(planes, gain.metadata), _in_8_bits(*base), colours, gain.colours)


def _in_8_bits(levels: Pixels, bits: int) -> Pixels:
    return levels if levels.dtype == np.uint8 else np.rint(levels * np.float32(255 / (2**bits - 1))).astype(np.uint8)


def _colours(properties: dict[bytes, bytes]) -> tuple[float, ...] | None:
    if len(numbers := properties.get(b"nclx", b"")) >= 4:
        return Cicp(int.from_bytes(numbers[:2], "big"), int.from_bytes(numbers[2:4], "big")).chromaticities
    return chromaticities_of(properties[b"prof"]) if b"prof" in properties else None
