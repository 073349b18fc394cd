"""What JPEG XL files have beside the other pictures' formats: sizes in short, several frames, EXIF of two kinds."""

from io import BytesIO

import numpy as np
import pytest

from hdrgen.errors import InputError
from hdrgen.io import Exposure, read_header, read_image, write_image
from hdrgen.io.codecs.jpeg_xl import CODESTREAM, CONTAINER, _described, _parts, with_exif
from hdrgen.io.containers.bits import BitReader
from hdrgen.io.containers.boxes import box, boxes
from hdrgen.io.metadata.exif_block import exif_block

imagecodecs = pytest.importorskip("imagecodecs", reason="the extra `formats` is not installed")


def test_jpeg_xl_has_one_exif_block(tmp_path, radiance):
    """The encoder adds one of its own, compressed, that says nothing."""
    content = write_image(tmp_path / "a.jxl", radiance / 4, exposure=Exposure(time=0.008, iso=200)).read_bytes()
    kinds = [part.kind for part in boxes(BytesIO(content), 0, len(content))]
    assert kinds.count(b"Exif") == 1
    assert b"brob" not in kinds


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_jpeg_xl_of_imagecodecs(tmp_path, display, dtype):
    """8 bits are display values; more and floats are linear, as imagecodecs writes into the file."""
    scale = 1 if dtype == np.float32 else np.iinfo(dtype).max
    pixels = (display * scale).round(0 if scale > 1 else 9).astype(dtype)
    (tmp_path / "a.jxl").write_bytes(imagecodecs.jpegxl_encode(pixels, lossless=True))
    image = read_image(tmp_path / "a.jxl")
    assert image.linear == (dtype != np.uint8)
    np.testing.assert_allclose(image.as_float(), display, atol=0.003)


def test_a_jpeg_file_that_was_packed_as_jpeg_xl(tmp_path, display):
    """As `cjxl photo.jpg` does without loss: the codestream begins in a box of a few bytes."""
    pixels = np.round(display * 255).astype(np.uint8)
    photo = imagecodecs.jpeg8_encode(pixels, level=95)
    content = imagecodecs.jpegxl_encode_jpeg(photo, usecontainer=True)
    (tmp_path / "a.jxl").write_bytes(content)
    first = next(part for part in boxes(BytesIO(content), 0, len(content)) if part.kind == b"jxlp")
    assert first.end - first.start < 12
    image, header = read_image(tmp_path / "a.jxl"), read_header(tmp_path / "a.jxl")
    assert (header.height, header.width) == pixels.shape[:2]
    assert not image.linear
    decoded = imagecodecs.jpeg8_decode(photo)
    assert np.abs(image.pixels.astype(int) - decoded).mean() < 1.5


@pytest.mark.parametrize("first", [1, 2, 5, 11, 40])
def test_a_codestream_in_parts(tmp_path, display, first):
    stream = imagecodecs.jpegxl_encode(np.round(display * 255).astype(np.uint8), lossless=True, usecontainer=False)
    cuts = [stream[:first], stream[first : first + 1], stream[first + 1 :]]
    numbers = (0, 1, 2 | 1 << 31)  # the last one is marked
    parts = [box(b"jxlp", n.to_bytes(4, "big") + cut) for n, cut in zip(numbers, cuts, strict=True)]
    (tmp_path / "a.jxl").write_bytes(CONTAINER + box(b"ftyp", b"jxl \0\0\0\0jxl ") + b"".join(parts))
    np.testing.assert_allclose(read_image(tmp_path / "a.jxl").as_float(), display, atol=0.003)


@pytest.mark.parametrize("size", [(8, 8), (256, 256), (255, 3), (3, 300), (100, 120), (90, 160), (33, 44)])
def test_size_of_a_jpeg_xl_before_it_is_opened(tmp_path, size):
    """Sides in eighths, in full, and as ratio; in a container and without one."""
    pixels = np.zeros((*size, 3), np.uint8)
    for container in (False, True):
        (tmp_path / "a.jxl").write_bytes(imagecodecs.jpegxl_encode(pixels, usecontainer=container))
        header = read_header(tmp_path / "a.jxl")
        assert (header.height, header.width) == size
        with pytest.raises(
            InputError, match=rf"a\.jxl: expected at most 1e-06 megapixels, found {size[1]} x {size[0]}"
        ):
            read_image(tmp_path / "a.jxl", max_megapixels=1e-6)


@pytest.mark.parametrize("container", [False, True])
@pytest.mark.parametrize("size", [(64, 80), (33, 44), (90, 160)])
def test_animation_is_refused(tmp_path, size, container):
    """OpenImageIO would decode all of it, and give its last frame."""
    frames = np.random.default_rng(0).integers(0, 256, (3, *size, 3), np.uint8)
    (tmp_path / "a.jxl").write_bytes(imagecodecs.jpegxl_encode(frames, lossless=True, usecontainer=container))
    for read in (read_header, read_image):
        with pytest.raises(InputError, match=r"a\.jxl: expected one picture, found an animation; convert one frame"):
            read(tmp_path / "a.jxl")


def test_exif_is_put_in_front_of_a_picture_without_a_container():
    plain = imagecodecs.jpegxl_encode(np.zeros((9, 8, 3), np.uint8), usecontainer=False)
    assert plain.startswith(CODESTREAM)
    content = with_exif(plain, b"MM\0*abc")
    parts = {part.kind: part.content(BytesIO(content), 1 << 20) for part in boxes(BytesIO(content), 0, len(content))}
    assert (parts[b"Exif"], parts[b"jxlc"]) == (bytes(4) + b"MM\0*abc", plain)
    assert imagecodecs.jpegxl_decode(content).shape == (9, 8, 3)


class Bits:
    """Numbers of so many bits, the first in the lowest bits, as a JPEG XL codestream has them."""

    def __init__(self, *fields):
        self.value = self.length = 0
        for number, count in fields:
            self.value |= number << self.length
            self.length += count

    @property
    def reader(self):
        return BitReader(self.value.to_bytes(self.length // 8 + 1, "little"), "little")


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ([(1, 1), (31, 5), (0, 3), (3, 5)], (32, 256)),  # in eighths
        ([(1, 1), (0, 5), (1, 3)], (8, 8)),
        ([(0, 1), (0, 2), (511, 9), (0, 3), (1, 2), (8191, 13)], (8192, 512)),
        ([(0, 1), (2, 2), (2**18 - 1, 18), (0, 3), (3, 2), (2**30 - 1, 30)], (2**30, 2**18)),
        ([(0, 1), (0, 2), (99, 9), (2, 3)], (120, 100)),
        ([(0, 1), (0, 2), (299, 9), (3, 3)], (400, 300)),
        ([(0, 1), (0, 2), (99, 9), (4, 3)], (150, 100)),
        ([(0, 1), (0, 2), (89, 9), (5, 3)], (160, 90)),
        ([(0, 1), (0, 2), (99, 9), (6, 3)], (125, 100)),
        ([(0, 1), (0, 2), (99, 9), (7, 3)], (200, 100)),
    ],
)
def test_sides_are_stored_in_full_in_eighths_or_as_a_ratio(fields, size):
    assert _described(Bits(*fields, (1, 1)).reader) == (*size, False, 8)


SIDES = [(0, 1), (0, 2), (99, 9), (7, 3)]  # 200 x 100


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([(0, 1), (0, 1), (0, 1), (0, 2)], (200, 100, False, 8)),
        ([(0, 1), (0, 1), (0, 1), (1, 2)], (200, 100, False, 16)),
        ([(0, 1), (0, 1), (1, 1), (0, 2)], (200, 100, False, 32)),
        ([(0, 1), (1, 1), (3, 3), (0, 1), (0, 1), (0, 1), (0, 1), (3, 2)], (200, 100, False, 16)),
        ([(0, 1), (1, 1), (4, 3), (0, 1), (0, 1), (0, 1), (0, 1), (0, 2)], (100, 200, False, 8)),  # lies on its side
        ([(0, 1), (1, 1), (0, 3), (1, 1), *SIDES, (0, 1), (0, 1), (0, 1), (0, 2)], (200, 100, False, 8)),
        ([(0, 1), (1, 1), (0, 3), (0, 1), (0, 1), (1, 1), (0, 1), (0, 2)], (200, 100, True, 32)),
        ([(0, 1), (1, 1), (7, 3), (0, 1), (1, 1), (1, 1), (0, 1), (0, 2)], (100, 200, False, 32)),  # a preview
    ],
)
def test_what_a_codestream_says_before_its_pixels(fields, expected):
    assert _described(Bits(*SIDES, *fields).reader) == expected


def test_the_first_codestream_and_the_first_exif_of_a_container_count():
    exif = exif_block(Exposure(time=0.25))
    other = exif_block(Exposure(time=4.0))
    parts = [
        box(b"Exif", (3).to_bytes(4, "big") + b"abc" + exif),  # where the TIFF header begins
        box(b"Exif", bytes(4) + other),
        box(b"jxlp", bytes(4) + b"first"),
        box(b"jxlc", b"second"),
    ]
    stream = BytesIO(CONTAINER + b"".join(parts))
    assert _parts(stream) == (b"first", {"ExposureTime": 0.25})
    assert _parts(BytesIO(CONTAINER + parts[3] + parts[2])) == (b"second", {})
    assert _parts(BytesIO(CODESTREAM + bytes(100))) == (CODESTREAM + bytes(62), {})


def test_other_exif_goes_and_all_else_stays():
    brand, picture = box(b"ftyp", b"jxl "), box(b"jxlc", b"pixels")
    others = [box(b"Exif", b"old"), box(b"brob", b"Exifold"), box(b"brob", b"xml text")]
    content = with_exif(CONTAINER + brand + b"".join(others) + picture, b"new")
    assert content == CONTAINER + brand + box(b"Exif", bytes(4) + b"new") + others[2] + picture
