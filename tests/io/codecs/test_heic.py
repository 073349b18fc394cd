"""HEIC files as pillow-heif writes them, and the arithmetic of Apple's gain maps."""

import struct
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hdrgen.errors import InputError
from hdrgen.io import Exposure, FileFormat, read_header, read_image
from hdrgen.io.codecs.heif.apple import _KIND, AppleGain, apple_gain, headroom_in, with_apple_gain
from hdrgen.io.formats import detect
from hdrgen.io.metadata.exif_block import exif_block

SMOOTH = np.mgrid[0:48, 0:64].sum(0)[..., None] / 110 * (0.9, 0.7, 0.5)
HEIC = b"\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf"


def pillow_heif():
    return pytest.importorskip("pillow_heif", reason="the extra `heic` is not installed")


@pytest.mark.parametrize(("mode", "kind"), [("RGB", np.uint8), ("RGB;16", np.uint16)])
def test_photographs_of_8_and_10_bits(tmp_path, mode, kind):
    levels = np.round(SMOOTH * np.iinfo(kind).max).astype(kind)
    exif = b"Exif\0\0" + exif_block(Exposure(time=0.008, iso=200))
    written = pillow_heif().from_bytes(mode, (64, 48), levels.tobytes())
    written.save(tmp_path / "a.heic", quality=95, exif=exif)
    image, header = read_image(tmp_path / "a.heic"), read_header(tmp_path / "a.heic")
    assert (header.width, header.height, image.linear, image.pixels.dtype) == (64, 48, False, kind)
    assert (image.exposure.time, image.exposure.iso) == (0.008, 200)
    assert np.abs(image.as_float() - SMOOTH).mean() < 0.005


def test_what_is_cut_off_is_refused(tmp_path):
    levels = np.round(SMOOTH * 255).astype(np.uint8)
    pillow_heif().from_bytes("RGB", (64, 48), levels.tobytes()).save(tmp_path / "a.heic", quality=95)
    content = (tmp_path / "a.heic").read_bytes()
    for size in (40, 300, len(content) - 100):
        (tmp_path / "a.heic").write_bytes(content[:size])
        with pytest.raises(InputError, match="truncated or corrupt HEIC file"):
            read_image(tmp_path / "a.heic")


def test_heic_is_known_without_the_library(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "a.jpg").write_bytes(HEIC + bytes(100))
    assert detect(tmp_path / "a.jpg") is FileFormat.HEIC
    with pytest.raises(InputError, match="truncated or corrupt HEIC file"):
        read_image(tmp_path / "a.jpg")


def note(headroom, gain):
    """Apple's maker's note of two fractions, within other bytes of EXIF."""
    entries = b"".join(struct.pack(">HHII", tag, 10, 1, 46 + 8 * index) for index, tag in enumerate((33, 48)))
    fractions = b"".join(struct.pack(">ii", round(value * 1e4), 10000) for value in (headroom, gain))
    return b"Exif\0\0MM\0*" + bytes(30) + b"Apple iOS\0\0\1MM" + struct.pack(">H", 2) + entries + bytes(6) + fractions


LINES = [(0.5, 0, 1.8), (0.5, 0.01, 1.6), (0.5, 1, 1.5), (1, 0, 3), (1.2, 0.01, 2.3), (1, 1, 2), (1, 9, 0)]


@pytest.mark.parametrize(("headroom", "gain", "stops"), LINES)
def test_headroom_of_apples_note(headroom, gain, stops):
    assert headroom_in(note(headroom, gain)) == pytest.approx(2**stops, rel=2e-3)


def test_a_map_that_cannot_be_decoded_is_refused_with_the_reason():
    def fails(number):
        raise RuntimeError("no such\nitem")

    heif = SimpleNamespace(info={"aux": {_KIND: [3]}, "exif": note(1, 1)}, get_aux_image=fails)
    with pytest.raises(InputError, match=r"a\.heic: corrupt gain map \(no such item\)"):
        apple_gain(heif, Path("a.heic"))


def test_no_headroom_without_the_note():
    assert headroom_in(b"Exif\0\0MM\0*" + bytes(60)) is None
    assert headroom_in(note(1, 0)[:60]) is None


def test_apples_gain_lifts_by_the_headroom_where_the_map_is_white():
    base = np.full((4, 8, 3), 188, np.uint8)  # linear 0.503
    levels = np.zeros((2, 4), np.uint8)
    levels[:, 2:] = 255
    found = with_apple_gain(base, AppleGain(levels, 8.0))
    np.testing.assert_allclose(found[:, :3], 0.503, atol=0.003)
    np.testing.assert_allclose(found[:, 6:], 8 * 0.503, atol=0.02)
