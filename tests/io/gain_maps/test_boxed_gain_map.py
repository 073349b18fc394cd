"""Gain maps of ISO 21496-1 in AVIF and HEIC, in files that are put together here from two pictures."""

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from hdrgen.data.reading import read_own_radiance
from hdrgen.data.sample import GAIN_MAP
from hdrgen.errors import InputError
from hdrgen.io import has_gain_map, read_image
from hdrgen.io.containers import items
from hdrgen.io.containers.boxes import box, boxes, full_box
from hdrgen.io.gain_maps.gain_map import GainMapMetadata
from hdrgen.io.gain_maps.gain_map_metadata import iso_segment

BASE = np.round(np.mgrid[0:32, 0:64].sum(0)[..., None] / 93 * (230, 190, 110) + 20).astype(np.uint8)
LEVELS = np.repeat([0, 85, 170, 255], 8).astype(np.uint8)[None, :, None].repeat(16, 0).repeat(3, 2)
HOW = GainMapMetadata((0.0,) * 3, (2.0,) * 3, gamma=(1.0, 1.0, 1.0), headroom=2.0)


def avif(pixels: np.ndarray) -> bytes:
    imagecodecs = pytest.importorskip("imagecodecs", reason="the extra `formats` is not installed")
    return imagecodecs.avif_encode(pixels, level=100, pixelformat="444")


def heic(pixels: np.ndarray) -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif", reason="the extra `heic` is not installed")
    file = BytesIO()
    size = pixels.shape[1::-1]
    pillow_heif.from_bytes("RGB", size, pixels.tobytes()).save(file, quality=100, chroma="444")
    return file.getvalue()


def raw(stream: BytesIO, found) -> bytes:
    return box(found.kind, found.content(stream, 1 << 20))


def picture(content: bytes) -> tuple[bytes, list[bytes], bytes]:
    """Type, boxes of properties and data of the picture in a file."""
    stream = BytesIO(content)
    meta = next(part for part in boxes(stream, 0, len(content)) if part.kind == b"meta")
    parts = items.parts_of(stream, meta)
    item = items.primary(stream, parts)
    inner = {part.kind: part for part in boxes(stream, parts[b"iprp"].start, parts[b"iprp"].end)}
    known = [raw(stream, part) for part in boxes(stream, inner[b"ipco"].start, inner[b"ipco"].end)]
    own = [known[index - 1] for index in items._associations(items.content_of(stream, inner, b"ipma"), item)]
    kind = next(kind for kind in (b"av01", b"hvc1") if item in items.items_of(stream, parts, kind))
    return kind, own, items.data_of(stream, parts, item, 1 << 20)


def with_map(base: bytes, gain: bytes, metadata: bytes) -> bytes:
    """One file: the base, number 1, is shown; the map, 2, is hidden; 3 is made of both."""
    stream, pictures = BytesIO(base), [picture(base), picture(gain)]
    first = next(boxes(stream, 0, len(base)))
    handler = full_box(b"hdlr", bytes(4) + b"pict" + bytes(13))
    content = [pictures[0][2], pictures[1][2], b"\0" + metadata]
    kinds = (pictures[0][0], pictures[1][0], b"tmap")
    infos = b"".join(
        box(b"infe", bytes((2, 0, 0, number == 2)) + struct.pack(">HH", number, 0) + kind + b"\0")
        for number, kind in enumerate(kinds, 1)
    )
    references = full_box(b"iref", box(b"dimg", struct.pack(">HHHH", 3, 2, 1, 2)))
    listed = [*pictures[0][1], *pictures[1][1]]
    count = len(pictures[0][1])
    numbers = [range(1, count + 1), range(count + 1, len(listed) + 1), range(1, 2)]
    linked = b"".join(
        struct.pack(">HB", item, len(own))
        + bytes(0x80 * (listed[at - 1][4:8] in (b"av1C", b"hvcC")) | at for at in own)
        for item, own in enumerate(numbers, 1)
    )
    described = box(b"ipco", b"".join(listed)) + full_box(b"ipma", struct.pack(">I", 3) + linked)

    def head(start: int) -> bytes:
        places, at = b"", start
        for item, data in enumerate(content, 1):
            places += struct.pack(">HHHII", item, 0, 1, at, len(data))
            at += len(data)
        located = full_box(b"iloc", b"\x44\0" + struct.pack(">H", 3) + places)
        inside = handler + full_box(b"pitm", struct.pack(">H", 1)) + located
        inside += full_box(b"iinf", struct.pack(">H", 3) + infos) + references + box(b"iprp", described)
        return raw(stream, first) + full_box(b"meta", inside)

    return head(len(head(0)) + 8) + box(b"mdat", b"".join(content))


def stored(metadata: GainMapMetadata) -> bytes:
    return iso_segment(metadata).partition(b"-1\0")[2]


CASES = [(avif, "a.avif"), (heic, "a.heic")]


@pytest.mark.parametrize(("encoded", "name"), CASES)
def test_the_map_lifts_by_the_formula_of_the_standard(encoded, name, tmp_path):
    path = tmp_path / name
    path.write_bytes(with_map(encoded(BASE), encoded(LEVELS), stored(HOW)))
    assert has_gain_map(path)
    with pytest.warns(UserWarning, match="without its gain map; pass gain_map=True"):
        plain = read_image(path)
    assert not plain.linear
    np.testing.assert_allclose(plain.as_float(), BASE / 255, atol=3.5 / 255)
    image = read_image(path, gain_map=True)
    values = plain.as_float()
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    inner = [4, 12, 20, 28, 36, 44, 52, 60]  # columns where neighbours of the map, half the size, are the same
    stops = np.repeat([0, 2 / 3, 4 / 3, 2], 2)[None, :, None]
    expected = (linear[:, inner] + 1 / 64) * 2**stops - 1 / 64
    assert image.linear
    np.testing.assert_allclose(image.pixels[:, inner], expected, rtol=0.02, atol=0.002)
    own = read_own_radiance(path)
    assert own.source == GAIN_MAP
    np.testing.assert_array_equal(own.radiance.permute(1, 2, 0), image.pixels)


@pytest.mark.parametrize(("encoded", "name"), CASES)
def test_a_map_that_cannot_be_is_refused(encoded, name, tmp_path):
    path = tmp_path / name
    for metadata, why in (
        (stored(HOW)[:20], "its numbers cannot be read"),
        (stored(GainMapMetadata((0.0,) * 3, (99.0,) * 3, headroom=2.0)), "gains beyond 64 stops"),
        (
            stored(GainMapMetadata((0.0,) * 3, (1.0,) * 3, headroom=0.0, base_headroom=2.0)),
            "the base is the HDR picture",
        ),
    ):
        path.write_bytes(with_map(encoded(BASE), encoded(LEVELS), metadata))
        with pytest.raises(InputError, match=why):
            read_image(path, gain_map=True)


@pytest.mark.parametrize(("encoded", "name"), CASES)
def test_a_photograph_is_read_without_a_map_that_is_not_read_here(encoded, name, tmp_path):
    path, how = tmp_path / name, GainMapMetadata((0.0,) * 3, (1.0,) * 3, headroom=0.0, base_headroom=2.0)
    for metadata in (stored(how), stored(HOW)[:20]):
        path.write_bytes(with_map(encoded(BASE), encoded(LEVELS), metadata))
        assert not has_gain_map(path)
        with pytest.warns(UserWarning, match="the photograph alone is read: .* gain map"):
            plain = read_image(path)
        np.testing.assert_allclose(plain.as_float(), BASE / 255, atol=3.5 / 255)


def test_a_file_without_one_has_none(tmp_path):
    Path(tmp_path / "a.avif").write_bytes(avif(BASE))
    assert not has_gain_map(tmp_path / "a.avif")
