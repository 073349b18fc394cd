"""AVIF files whose parts say different things of the size, and those of several pictures."""

import shutil
import struct
import subprocess
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from hdrgen.errors import InputError
from hdrgen.io import read_header, read_image
from hdrgen.io.codecs.avif import Avif, with_exif

imagecodecs = pytest.importorskip("imagecodecs", reason="the extra `formats` is not installed")


def encoded(height: int, width: int) -> bytes:
    stream = BytesIO()
    PillowImage.new("RGB", (width, height), (99, 99, 99)).save(stream, "avif", speed=10)
    return stream.getvalue()


def said_to_be(content: bytes, width: int, height: int) -> bytes:
    """The same pictures in a file whose header gives another size."""
    at = content.index(b"ispe") + 8
    return content[:at] + struct.pack(">II", width, height) + content[at + 8 :]


def test_frame_larger_than_the_file_says(tmp_path):
    """libavif scales it to the size that the boxes give, once it has taken memory for it."""
    (tmp_path / "a.avif").write_bytes(said_to_be(encoded(1200, 2000), 80, 64))
    assert read_header(tmp_path / "a.avif").width == 80
    assert read_image(tmp_path / "a.avif", max_megapixels=1).pixels.shape == (64, 80, 3)


def test_file_that_says_it_is_too_large(tmp_path):
    (tmp_path / "a.avif").write_bytes(said_to_be(encoded(64, 80), 2000, 1200))
    with pytest.raises(InputError, match=r"a\.avif: expected at most 1 megapixels, found 2000 x 1200"):
        read_image(tmp_path / "a.avif", max_megapixels=1)


def test_first_picture_of_an_animation(tmp_path):
    """imagecodecs writes past its memory where it is asked for one picture of several."""
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 256, (3, 64, 80, 3), np.uint8)
    first, *others = map(PillowImage.fromarray, levels)
    first.save(tmp_path / "a.avif", save_all=True, append_images=others, duration=100, quality=95)
    with PillowImage.open(tmp_path / "a.avif") as reference:
        assert reference.n_frames == 3
        expected = np.asarray(reference.convert("RGB"))
    pixels = read_image(tmp_path / "a.avif").pixels
    assert np.abs(pixels.astype(int) - expected).mean() < 2


@pytest.mark.skipif(shutil.which("avifenc") is None, reason="avifenc is not installed (Debian: libavif-bin)")
def test_picture_of_tiles(tmp_path):
    """A grid: the size of the whole is nowhere in its compressed frames."""
    rng = np.random.default_rng(0)
    levels = np.repeat(np.repeat(rng.integers(0, 256, (8, 12, 3), np.uint8), 32, axis=0), 32, axis=1)
    for number in range(6):
        row, column = divmod(number, 3)
        tile = levels[128 * row : 128 * (row + 1), 128 * column : 128 * (column + 1)]
        PillowImage.fromarray(tile).save(tmp_path / f"{number}.png")
    command = ["avifenc", "--grid", "3x2", "--speed", "10", "--min", "0", "--max", "0"]
    tiles = [f"{number}.png" for number in range(6)]
    subprocess.run([*command, *tiles, "a.avif"], cwd=tmp_path, check=True, capture_output=True)
    assert np.abs(read_image(tmp_path / "a.avif").pixels.astype(int) - levels).mean() < 2
    with pytest.raises(InputError, match=r"a\.avif: expected at most 0\.05 megapixels, found 384 x 256"):
        read_image(tmp_path / "a.avif", max_megapixels=0.05)


def test_without_a_compressed_frame(tmp_path):
    content = encoded(64, 80)
    (tmp_path / "a.avif").write_bytes(content.replace(b"av01", b"none"))
    with pytest.raises(InputError, match=r"a\.avif: truncated or corrupt AVIF file"):
        read_image(tmp_path / "a.avif")


def saying_ten_bits(content: bytes) -> bytes:
    """A file of 8 bits whose boxes agree that it has 10."""
    pixels, codec = content.index(b"pixi") + 9, content.index(b"av1C") + 6
    changed = bytearray(content)
    changed[pixels : pixels + 3] = b"\x0a\x0a\x0a"
    changed[codec] |= 0x40
    return bytes(changed)


def test_bits_that_all_boxes_say_wrongly(tmp_path):
    """The decoder goes by the compressed frame; levels would be taken for those of another scale."""
    levels = np.full((64, 80, 3), 100, np.uint8)
    content = imagecodecs.avif_encode(levels, bitspersample=8, primaries=9, transfer=16, matrix=9)
    (tmp_path / "a.avif").write_bytes(saying_ten_bits(content))
    with pytest.raises(InputError, match=r"a\.avif: corrupt AVIF file \(its parts differ in bits\)"):
        read_image(tmp_path / "a.avif")


@pytest.mark.parametrize(
    ("start", "known"),
    [
        (b"\0\0\0\x10ftypavif\0\0\0\0", True),
        (b"\0\0\0\x14ftypmif1\0\0\0\0avis", True),
        (b"\0\0\0\x10ftypmif1\0\0\0\0avif", False),
        (b"\0\0\0\x10freeavif\0\0\0\0", False),
    ],
)
def test_brands_of_the_first_box_tell_the_format(start, known):
    assert Avif().recognises(Path("a"), start) == known


def test_a_gain_map_that_is_not_read_is_told(tmp_path, display):
    """The item that says so, in place of EXIF."""
    content = imagecodecs.avif_encode(np.round(display * 255).astype(np.uint8), level=90)
    changed = with_exif(content, b"a map").replace(b"infe\2\0\0\0\0\2\0\0Exif", b"infe\2\0\0\0\0\2\0\0tmap")
    assert b"tmap" in changed
    (tmp_path / "a.avif").write_bytes(changed)
    with pytest.warns(UserWarning, match="the photograph alone is read: this variant of gain map is not read here"):
        read_image(tmp_path / "a.avif")
