"""AVIF files whose parts say different things of the size, and those of several pictures."""

from __future__ import annotations

import shutil
import struct
import subprocess
from io import BytesIO

import numpy as np
import pytest
from PIL import Image as PillowImage

from hdrgen.errors import InputError
from hdrgen.io import avif, read_header, read_image, write_image
from hdrgen.io.av1 import _larger, largest_frame
from hdrgen.io.formats import _is_avif

imagecodecs = pytest.importorskip("imagecodecs", reason="the extra `formats` is not installed")
SIZES = [(1, 1), (16, 16), (17, 33), (255, 3), (256, 257), (1023, 1025), (64, 2049)]


def encoded(height: int, width: int, mode: str = "RGB", *, frames: int = 1) -> bytes:
    stream = BytesIO()
    picture = PillowImage.new(mode, (width, height), 99)
    picture.save(stream, "avif", speed=10, save_all=frames > 1, append_images=[picture] * (frames - 1))
    return stream.getvalue()


def said_to_be(content: bytes, width: int, height: int) -> bytes:
    """The same pictures in a file whose header gives another size."""
    at = content.index(b"ispe") + 8
    return content[:at] + struct.pack(">II", width, height) + content[at + 8 :]


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("frames", [1, 2])
def test_size_that_the_codec_was_given(tmp_path, height, width, frames):
    """The headers of stills are short, those of moving pictures are not."""
    (tmp_path / "a.avif").write_bytes(encoded(height, width, frames=frames))
    assert avif.coded_size(tmp_path / "a.avif") == (width, height)


def test_frame_larger_than_the_file_says(tmp_path):
    """The decoder takes memory for what the compressed frame says, whatever the boxes around it do."""
    (tmp_path / "a.avif").write_bytes(said_to_be(encoded(1200, 2000), 80, 64))
    assert read_header(tmp_path / "a.avif").width == 80
    with pytest.raises(InputError, match=r"a\.avif: expected at most 1 megapixels, found 2000 x 1200"):
        read_image(tmp_path / "a.avif", max_megapixels=1)


def test_transparency_larger_than_the_picture(tmp_path):
    """The second frame of the file is its alpha channel."""
    large = encoded(1200, 2000, "RGBA")
    assert large.count(b"av01") == 2
    hidden = large.replace(b"av01", b"none", 1)  # the picture itself
    (tmp_path / "a.avif").write_bytes(said_to_be(hidden, 80, 64))
    with pytest.raises(InputError, match="found 2000 x 1200"):
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
    assert avif.coded_size(tmp_path / "a.avif") == (128, 128)
    assert np.abs(read_image(tmp_path / "a.avif").pixels.astype(int) - levels).mean() < 2
    with pytest.raises(InputError, match=r"a\.avif: expected at most 0\.05 megapixels, found 384 x 256"):
        read_image(tmp_path / "a.avif", max_megapixels=0.05)


def bits(*fields: tuple[int, int]) -> bytes:
    """Numbers of so many bits one after another, most significant first, filled up with zeros."""
    text = "".join(f"{value:0{count}b}" for value, count in fields)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def unit(kind: int, content: bytes) -> bytes:
    return bytes((kind << 3 | 2, len(content))) + content


def sequence(width: int, height: int, *, timing: bool) -> bytes:
    """A sequence header of moving pictures with 16 bits for each side, up to what a frame header needs of it."""
    start = [(0, 3), (0, 1), (0, 1)]
    if timing:
        model = [(1, 1), (9, 5), (1, 32), (9, 5), (9, 5)]
        start += [(1, 1), (1, 32), (25, 32), (1, 1), (0b00101, 5), *model]
    else:
        start += [(0, 1)]
    start += [(1, 1), (0, 5), (0, 12), (9, 5), (1, 1)]  # one operating point, with a tier
    start += [(1, 1), (7, 10), (7, 10), (0, 1)] if timing else []
    start += [(1, 1), (3, 4)]  # initial display delay
    start += [(15, 4), (15, 4), (width - 1, 16), (height - 1, 16)]
    tools = [(0, 1), (0, 3), (0, 4), (1, 1), (0, 1), (0, 1), (1, 1), (1, 1), (7, 3)]
    return unit(1, bits(*start, *tools, (0, 8)))


def frame(*, larger: bool) -> bytes:
    """A key frame that is shown; whether it has a size of its own."""
    return unit(6, bits((0, 1), (0, 2), (1, 1), (0, 1), (0, 1), (larger, 1), (0, 9)))


@pytest.mark.parametrize("timing", [False, True])
def test_frame_with_a_size_of_its_own(timing):
    """It may be as large as the bits for the sides allow."""
    start = unit(2, b"") + sequence(80, 64, timing=timing)
    assert largest_frame(start) == (80, 64)
    assert largest_frame(start + frame(larger=False)) == (80, 64)
    assert largest_frame(start + frame(larger=True)) == (65536, 65536)


@pytest.mark.parametrize(
    "content", [b"", b"\x12", b"\x12\x00\x0a", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\xff" * 9]
)
def test_nothing_that_tells_a_size(content):
    assert largest_frame(content) is None


def test_without_a_compressed_frame(tmp_path):
    content = encoded(64, 80)
    (tmp_path / "a.avif").write_bytes(content.replace(b"av01", b"none"))
    with pytest.raises(InputError, match=r"a\.avif: truncated or corrupt AVIF file \(no AV1 frame in it\)"):
        read_image(tmp_path / "a.avif")


def test_size_of_what_is_written_here(tmp_path):
    path = write_image(tmp_path / "a.avif", np.full((40, 60, 3), 2, np.float32))
    assert avif.coded_size(path) == (60, 40)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("codec", ["libaom-av1", "librav1e", "libsvtav1"])
def test_other_encoders(tmp_path, codec):
    source = ["-f", "lavfi", "-i", "testsrc=size=258x130", "-frames:v", "1", "-pix_fmt", "yuv420p"]
    command = ["ffmpeg", "-loglevel", "error", *source, "-c:v", codec, str(tmp_path / "a.avif")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if "Unknown encoder" in done.stderr:
        pytest.skip(f"ffmpeg was built without {codec}")
    assert avif.coded_size(tmp_path / "a.avif") == (258, 130)


@pytest.mark.skipif(shutil.which("aomenc") is None, reason="aomenc is not installed (Debian: aom-tools)")
def test_scaled_frames_of_a_real_encoder(tmp_path):
    """258 x 130 at first, then 129 x 65; nine bits for the width, eight for the height."""
    frames = b"".join(b"FRAME\n" + bytes([level]) * (258 * 130 * 3 // 2) for level in (50, 90, 120))
    (tmp_path / "a.y4m").write_bytes(b"YUV4MPEG2 W258 H130 F25:1 C420\n" + frames)
    command = ["aomenc", "--resize-mode=1", "--resize-denominator=16", "--cpu-used=8", "--obu", "-o", "a.obu", "a.y4m"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert largest_frame((tmp_path / "a.obu").read_bytes()) == (512, 256)


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
    assert _is_avif(start) == known


@pytest.mark.parametrize("other", [(10, 100), (100, 10), (59, 61)])
def test_the_larger_frame_is_the_one_of_more_pixels(other):
    assert _larger((60, 60), other) == _larger(other, (60, 60)) == (60, 60)
