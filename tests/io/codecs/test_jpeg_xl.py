"""What JPEG XL files have beside the other pictures' formats: sizes in short, several frames, EXIF of two kinds."""

from io import BytesIO

import numpy as np
import pytest

from hdrgen.errors import InputError
from hdrgen.io import Exposure, read_header, read_image, write_image
from hdrgen.io.codecs.jpeg_xl import CODESTREAM, with_exif
from hdrgen.io.containers.boxes import boxes

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
