"""Which page of a TIFF file is the picture, and what files are called that are not read; written by tifffile."""

import numpy as np
import OpenImageIO as oiio
import pytest
import tifffile

from hdrgen.cli.main import main
from hdrgen.errors import InputError
from hdrgen.io import FileFormat, read_header, read_image
from hdrgen.io.formats import detect
from tests.io.samples.tiffs import tiff_bytes

PHOTO = np.random.default_rng(0).integers(0, 65536, (48, 64, 3), np.uint16)
SMALL = (PHOTO[::8, ::8] >> 8).astype(np.uint8)
TIME = (33434, 5, 1, (1, 50), True)
RGB = {"photometric": "rgb", "metadata": None}


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("within", [False, True])
def test_the_page_that_is_no_reduced_copy(tmp_path, within, order, big, recwarn):
    """Behind the copy or within it; what the copy says of the exposure is said of the photograph."""
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path, byteorder=order, bigtiff=big) as file:
        file.write(SMALL, subfiletype=1, extratags=[TIME], subifds=1 if within else 0, **RGB)
        file.write(PHOTO, subfiletype=0, compression="zlib", **RGB)
    image, header = read_image(path), read_header(path)
    np.testing.assert_array_equal(image.pixels, PHOTO)
    assert (header.width, header.height) == (64, 48)
    assert image.exposure.time == pytest.approx(0.02)
    assert [str(warning.message) for warning in recwarn] == []


def test_several_copies_and_a_mask(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(SMALL[::2, ::2], subfiletype=1, **RGB)
        file.write(SMALL[..., 0], photometric="minisblack", extratags=[(254, 4, 1, 4, True)], metadata=None)
        file.write(PHOTO, **RGB)
        file.write(PHOTO[::2, ::2], subfiletype=1, **RGB)
    np.testing.assert_array_equal(read_image(path).pixels, PHOTO)


def test_of_copies_alone_the_largest(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as file:
        for picture in (SMALL, PHOTO, SMALL):
            file.write(picture, subfiletype=1, **RGB)
    np.testing.assert_array_equal(read_image(path).pixels, PHOTO)


def test_the_first_of_several_pictures_is_told(tmp_path):
    """As are pages of a document, or a thumbnail that is not marked."""
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(SMALL, **RGB)
        file.write(PHOTO, **RGB)
        file.write(SMALL, **RGB)
    with pytest.warns(UserWarning, match=r"2 of its pages left out \(of at most 64 x 48; read: 8 x 6\)"):
        np.testing.assert_array_equal(read_image(path).pixels, SMALL)


def test_the_old_tag_of_reduced_copies_and_an_orientation_in_front(tmp_path):
    with tifffile.TiffWriter(path := tmp_path / "a.tif") as file:
        file.write(SMALL, extratags=[(255, 3, 1, 2, True), (274, 3, 1, 6, True)], **RGB)
        file.write(PHOTO, **RGB)
    np.testing.assert_array_equal(read_image(path).pixels, np.rot90(PHOTO, -1))
    assert read_header(path).width == 48


def test_radiance_behind_a_thumbnail(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with tifffile.TiffWriter("a.tif") as file:
        file.write(SMALL, subfiletype=1, subifds=1, **RGB)
        file.write(PHOTO.astype(np.float32), subfiletype=0, tile=(32, 32), **RGB)
    image = read_image("a.tif")
    assert image.linear
    np.testing.assert_array_equal(image.pixels, PHOTO)
    assert main(["tonemap", "a.tif", "-o", "a.png"]) == 0
    assert read_image("a.png").pixels.shape == (48, 64, 3)


def test_a_sensors_mosaic_is_raw_whatever_its_name(tmp_path):
    path = tmp_path / "renamed.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(SMALL, subfiletype=1, subifds=1, **RGB)
        file.write(PHOTO[..., 0], photometric=32803, extratags=[(33421, 3, 2, (2, 2), True)], metadata=None)
    assert detect(path) is FileFormat.RAW


@pytest.mark.parametrize(("number", "name"), [(50002, "JPEG XL"), (34712, "JPEG 2000"), (52546, "JPEG XL")])
def test_compressions_that_are_not_read_are_named(tmp_path, number, name):
    form = [(258, 3, [8, 8, 8]), (277, 3, [3]), (278, 4, [16]), (259, 3, [number]), (262, 3, [2])]
    path = tmp_path / "a.tif"
    path.write_bytes(tiff_bytes([(256, 4, [16]), (257, 4, [16]), *form], [b"\xff\x0a" + bytes(50)]))
    with pytest.raises(
        InputError, match=rf"this variant of TIFF file is not read here \(compressed by {name}, .* {number}"
    ):
        read_image(path)


def test_jpeg_of_12_bits_in_tiff_is_named(tmp_path):
    imagecodecs = pytest.importorskip("imagecodecs")
    data = imagecodecs.jpeg8_encode(PHOTO[:16, :16] >> 4, bitspersample=12)
    form = [(258, 3, [12, 12, 12]), (277, 3, [3]), (278, 4, [16]), (259, 3, [7]), (262, 3, [6])]
    path = tmp_path / "a.tif"
    path.write_bytes(tiff_bytes([(256, 4, [16]), (257, 4, [16]), *form], [data]))
    with pytest.raises(InputError, match=r"this variant of TIFF file is not read here .*JPEG of 12 bits"):
        read_image(path)


def test_openimageio_reads_no_pages_within_pages(tmp_path):
    """If it does one day, the copy that is made for it can go."""
    with tifffile.TiffWriter(path := tmp_path / "a.tif") as file:
        file.write(SMALL, subfiletype=1, subifds=1, **RGB)
        file.write(PHOTO, subfiletype=0, **RGB)
    assert not oiio.ImageInput.open(str(path)).seek_subimage(1, 0)
