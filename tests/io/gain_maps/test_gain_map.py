"""What a gain map does to its base, beside OpenCV's enlargement."""

import struct
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest

from hdrgen.errors import InputError
from hdrgen.io import has_gain_map, read_image, write_image
from hdrgen.io.codecs.jpeg_gain_map import _segment, _with_xmp
from hdrgen.io.colour import srgb_decoded
from hdrgen.io.containers.jpeg_markers import segments
from hdrgen.io.gain_maps.gain_map import GainMap, GainMapMetadata, apply_gain_map, gain_map_between, rolled_off
from hdrgen.io.gain_maps.gain_map_metadata import (
    ISO_OF_BASE,
    iso_segment,
    merged_xmp,
    metadata_in_segments,
    xmp_segment,
)

ISO, XMP = b"urn:iso:std:iso:ts:21496:-1\0", b"http://ns.adobe.com/xap/1.0/\0"
HERE = Path("a.jpg")
SOME = GainMapMetadata(
    (-1.0, 0.25, 0.5), (2.0, 3.0, 4.5), (1.0, 1.5, 2.0), (0.125, 0.25, 0.5), (0.0, 0.75, 0.5), 3.0, 0.5
)


@pytest.mark.parametrize("longer", [0, 1])
def test_a_packet_that_no_longer_fits_its_segment_gets_one_of_its_own(longer):
    """A segment says its length, itself counted, in two bytes."""
    packet = xmp_segment(SOME)
    head, tail = XMP + b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>', b"</rdf:RDF></x:xmpmeta>"
    space = 0xFFFF - 2 - len(merged_xmp(head + tail, packet)) + longer
    own = head + b" " * space + tail
    base, added = _with_xmp(b"\xff\xd8" + _segment(0xE1, own) + b"\xff\xd9", packet)
    assert len(merged_xmp(own, packet)) == 0xFFFF - 2 + longer
    assert bool(added) == bool(longer)
    assert next(part.marker for part in segments(BytesIO(base))) == 0xE1


@pytest.mark.parametrize("size", [(5, 7), (12, 7), (1, 1), (30, 40)])
def test_a_smaller_map_is_interpolated_between_the_centres_of_its_pixels(size):
    generator = np.random.default_rng(0)
    levels = generator.integers(0, 256, (*size, 3), np.uint8)
    base = generator.integers(0, 256, (600, 40, 3), np.uint8)
    meaning = GainMapMetadata((-1.0, 0.0, 0.5), (2.0, 3.0, 4.0), (1.0, 1.5, 2.0), (0.1, 0.2, 0.3), (0.01, 0.02, 0.03))
    shares = cv2.resize(levels.astype(np.float64), (40, 600), interpolation=cv2.INTER_LINEAR).reshape(600, 40, 3) / 255
    low, high = np.array(meaning.minimum), np.array(meaning.maximum)
    gain = low + shares ** (1 / np.array(meaning.gamma)) * (high - low)
    expected = (srgb_decoded(base / 255) + meaning.base_offset) * 2**gain - meaning.offset
    np.testing.assert_allclose(apply_gain_map(GainMap(levels, meaning), base), expected.clip(0), rtol=1e-4, atol=1e-5)


def test_a_map_between_two_pictures_turns_one_into_the_other():
    """But for half a level of its range, and for what is clipped."""
    generator = np.random.default_rng(0)
    base = generator.integers(0, 256, (300, 20, 3), np.uint8)
    radiance = (generator.random((300, 20, 3)) * 12 - 1).astype(np.float32)
    made = gain_map_between(base, radiance, full=8.0)
    wanted = radiance.clip(0, 8)
    gains = np.log2((wanted + 1 / 64) / (srgb_decoded(base / 255) + 1 / 64))
    assert made.metadata.minimum == pytest.approx((gains.min(),) * 3, abs=1e-4)
    assert made.metadata.maximum == pytest.approx((gains.max(),) * 3, abs=1e-4)
    assert made.metadata.headroom == pytest.approx(3.0)
    step = np.ptp(gains) / 255
    found = np.log2((apply_gain_map(made, base) + 1 / 64) / (wanted + 1 / 64))
    assert np.abs(found).max() == pytest.approx(step / 2, rel=0.05)


def test_a_constant_gain_has_a_range_too():
    base = np.full((4, 4, 3), 255, np.uint8)
    made = gain_map_between(base, np.ones((4, 4, 3), np.float32), full=8.0)
    assert np.subtract(made.metadata.maximum, made.metadata.minimum) == pytest.approx([0.01] * 3, abs=1e-6)
    assert made.metadata.headroom == pytest.approx(0.01)
    np.testing.assert_allclose(apply_gain_map(made, base), 1, atol=1e-3)


def test_highlights_roll_off_as_by_reinhard_and_keep_their_hue():
    radiance = np.array([[[0.0, 0.0, 0.0], [0.25, 0.5, 0.125], [8.0, 4.0, 1.0], [-1.0, 1.0, 0.5]]], np.float32)
    v = radiance.clip(0).max(-1, keepdims=True)
    expected = radiance.clip(0) * (1 + v / 64) / (1 + v)
    np.testing.assert_allclose(srgb_decoded(rolled_off(radiance) / 255), expected, atol=0.006)


def iso_packet(flags: int, numbers: list[int], letters: str, version: int = 0) -> bytes:
    return ISO + struct.pack(">HHB", version, 0, flags) + struct.pack(">" + letters, *numbers)


def test_numbers_of_the_standard():
    """Of three channels as written here, and of one for all channels over a common denominator."""
    assert metadata_in_segments([b"Exif\0\0", iso_segment(SOME)], HERE) == SOME
    packet = iso_packet(0x08, [4, 2, 12, -4, 8, 6, 1, 2], "I" + "II" + "iiIii")
    expected = GainMapMetadata(
        (-1.0,) * 3, (2.0,) * 3, (1.5,) * 3, (0.25,) * 3, (0.5,) * 3, 3.0, 0.5, in_base_colours=False
    )
    assert metadata_in_segments([packet], HERE) == expected
    fractions = [1, 2, 3, 1, -1, 1, 2, 1, 3, 2, 1, 4, 1, 2]
    assert metadata_in_segments([iso_packet(0x40, fractions, "IIII" + "iIiIIIiIiI")], HERE) == GainMapMetadata(
        (-1.0,) * 3, (2.0,) * 3, (1.5,) * 3, (0.25,) * 3, (0.5,) * 3, 3.0, 0.5
    )


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([iso_packet(0x48, [0, 2, 12, -4, 8, 6, 1, 2], "I" + "II" + "iiIii")], "its numbers cannot be read"),
        ([iso_packet(0x48, [4, 2, 12, -4], "I" + "II" + "i")], "its numbers cannot be read"),
        ([iso_packet(0x48, [4, 2, 12, -4, 8, 6, 1, 2], "I" + "II" + "iiIii", 1)], "its numbers cannot be read"),
        ([iso_packet(0x48, [4, 12, 2, -4, 8, 6, 1, 2], "I" + "II" + "iiIii")], "the base is the HDR picture"),
        ([iso_packet(0x48, [4, 2, 12, -4, 260, 6, 1, 2], "I" + "II" + "iiIii")], "gains beyond 64 stops"),
        ([iso_packet(0x48, [4, 2, 12, -4, 8, 0, 1, 2], "I" + "II" + "iiIii")], "gains beyond 64 stops"),
        ([XMP + b'<hdrgm:GainMapMax="two" hdrgm:HDRCapacityMax="3"/>'], "its numbers cannot be read"),
        ([XMP + b'<a hdrgm:GainMapMax="2"/>'], "its numbers cannot be read"),
        ([xmp_segment(SOME).replace(b'IsHDR="False"', b'IsHDR="True"')], "the base is the HDR picture"),
    ],
)
def test_a_meaning_that_makes_no_sense_is_refused(parts, told):
    with pytest.raises(InputError, match=rf"a\.jpg: .*{told}"):
        metadata_in_segments(parts, HERE)


def test_numbers_of_android():
    """As elements of three, as attributes of one, and their defaults; the standard's go before them."""
    again = metadata_in_segments([xmp_segment(SOME)], HERE)
    assert again is not None
    assert (again.minimum, again.maximum, again.gamma) == (SOME.minimum, SOME.maximum, SOME.gamma)
    assert (again.base_offset, again.offset, again.headroom) == (SOME.base_offset, SOME.offset, SOME.headroom)
    short = XMP + b"<x hdrgm:GainMapMax='2.5' hdrgm:HDRCapacityMax = \"3\"/>"
    assert metadata_in_segments([short], HERE) == GainMapMetadata((0.0,) * 3, (2.5,) * 3, headroom=3.0)
    assert metadata_in_segments([short, iso_segment(SOME)], HERE) == SOME
    assert metadata_in_segments([XMP + b"<x/>", ISO + bytes(4)], HERE) is None
    assert ISO + bytes(4) == ISO_OF_BASE  # the versions, 16 bits each


@pytest.mark.parametrize(("at", "damage"), [(0, b"\1\0"), (17, bytes(4)), (25, bytes(4)), (29, b"\x7f")])
def test_a_photograph_is_read_whatever_its_gain_map_says(tmp_path, at, damage):
    """A version to come, denominators of 0 of the headroom and of a gain, a gain of some 2,000 stops."""
    radiance = np.linspace(0.01, 8, 48 * 64 * 3, dtype=np.float32).reshape(48, 64, 3)
    content = write_image(tmp_path / "a.uhdr.jpg", radiance).read_bytes()
    at += content.rindex(ISO) + len(ISO)
    (tmp_path / "b.jpg").write_bytes(content[:at] + damage + content[at + len(damage) :])
    with pytest.warns(UserWarning, match=r"b\.jpg: the photograph alone is read: corrupt gain map"):
        pixels = read_image(tmp_path / "b.jpg").pixels
    with pytest.warns(UserWarning, match="without its gain map"):
        assert np.array_equal(pixels, read_image(tmp_path / "a.uhdr.jpg").pixels)
    assert not has_gain_map(tmp_path / "b.jpg")
    with pytest.raises(InputError, match=r"b\.jpg: corrupt gain map"):
        read_image(tmp_path / "b.jpg", gain_map=True)
