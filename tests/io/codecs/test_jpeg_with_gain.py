"""A photograph's own JPEG with a gain map behind it, beside libultrahdr and Pillow."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from hdrgen.errors import InputError
from hdrgen.io import read_header, read_image, takes_gain_map, write_with_gain
from hdrgen.io.colour import srgb_decoded

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5"/></rdf:RDF></x:xmpmeta>'
)


def photograph(path, orientation: int = 1, **options):
    """A picture with a light, and stops of the upright picture."""
    pixels = np.random.default_rng(0).integers(40, 200, (6, 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    pixels[8:24, 16:40] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(path, quality=93, exif=exif, **options)
    stops = np.zeros((64, 48) if orientation >= 5 else (48, 64), np.float32)
    return path, stops


def scan(content: bytes) -> bytes:
    """Tables and compressed data of the first picture: what no segment of an application is."""
    at = 2
    while 0xE0 <= content[at + 1] <= 0xEF:
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return content[at : content.index(b"\xff\xd9", content.index(b"\xff\xda", at)) + 2]


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"subsampling": 2}, {"xmp": XMP}], ids=["plain", "progressive", "420", "xmp"]
)
def test_the_photograph_stays_bit_for_bit(options, tmp_path):
    path, stops = photograph(tmp_path / "a.jpg", **options)
    stops[8:24, 16:40] = 3
    written = write_with_gain(tmp_path / "a.uhdr.jpg", path, stops)
    before, after = path.read_bytes(), written.read_bytes()
    assert scan(before) == scan(after)
    with Image.open(path) as old, Image.open(written) as new:
        np.testing.assert_array_equal(np.asarray(old), np.asarray(new))
        assert new.getexif()[0x0112] == 1
        assert new._getmp()[0xB001] == 2


@pytest.mark.parametrize("side", [0, 2], ids=["height", "width"])
@pytest.mark.parametrize("gain", [False, True])
def test_a_picture_without_a_pixel_is_refused_in_a_line(tmp_path, side, gain):
    path, stops = photograph(tmp_path / "a.jpg")
    written = write_with_gain(tmp_path / "a.uhdr.jpg", path, stops + 1) if gain else path
    content = bytearray(written.read_bytes())
    at = content.index(b"\xff\xc0") + 5 + side
    content[at : at + 2] = bytes(2)
    written.write_bytes(content)
    for read in (read_image, read_header, lambda path: read_image(path, gain_map=True)):
        with pytest.raises(InputError, match=r"truncated or corrupt JPEG|DNL not supported"):
            read(written)


def test_libultrahdr_finds_the_gain_and_nothing_where_there_is_none(tmp_path):
    imagecodecs = pytest.importorskip("imagecodecs", reason="the extra `formats` is not installed")
    path, stops = photograph(tmp_path / "a.jpg", subsampling=0)
    stops[8:24, 16:40] = 3
    written = write_with_gain(tmp_path / "a.uhdr.jpg", path, stops)
    with Image.open(path) as picture:
        linear = srgb_decoded(np.asarray(picture) / 255)
    expected = linear * 2.0 ** stops[..., None]
    found = imagecodecs.ultrahdr_decode(written.read_bytes())[..., :3].astype(float)
    ours = read_image(written, gain_map=True).as_float()
    for each in (found, ours):
        np.testing.assert_allclose(each, expected, rtol=0.03, atol=2e-3)
    far = np.s_[32:]  # of the light
    np.testing.assert_allclose(ours[far], linear[far], rtol=1e-5)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_gain_lies_as_the_photograph_is_stored(orientation, tmp_path):
    path, stops = photograph(tmp_path / "a.jpg", orientation, subsampling=0)
    upright = read_image(path).as_float()
    stops[upright.min(axis=-1) > 0.9] = 2
    assert (stops > 0).mean() == pytest.approx(0.125)
    radiance = read_image(write_with_gain(tmp_path / "a.uhdr.jpg", path, stops), gain_map=True).as_float()
    np.testing.assert_allclose(radiance, srgb_decoded(upright) * 2.0 ** stops[..., None], rtol=0.05, atol=0.01)


def test_what_the_file_says_stays_and_previews_behind_it_go(tmp_path):
    path, stops = photograph(tmp_path / "a.jpg", xmp=XMP)
    with Image.open(path) as first:
        first.save(tmp_path / "b.jpg", format="MPO", save_all=True, append_images=[first], xmp=XMP)
    content = write_with_gain(tmp_path / "b.uhdr.jpg", tmp_path / "b.jpg", stops).read_bytes()
    assert content.count(b"MPF\0") == 1
    with Image.open(BytesIO(content)) as picture:
        assert picture._getmp()[0xB001] == 2
        assert b'xmp:Rating="5"' in picture.info["xmp"]
        assert b'Item:Semantic="GainMap"' in picture.info["xmp"]


def test_pictures_that_no_map_stands_behind(tmp_path):
    for mode, suffix in (("L", "jpg"), ("CMYK", "jpg"), ("RGB", "png")):
        path = tmp_path / f"{mode}.{suffix}"
        Image.new(mode, (16, 16)).save(path)
        assert not takes_gain_map(path)
    path, stops = photograph(tmp_path / "a.jpg")
    with pytest.raises(InputError, match="expected finite stops for 64 x 48 pixels of"):
        write_with_gain(tmp_path / "a.uhdr.jpg", path, stops[:-1])
    assert not (tmp_path / "a.uhdr.jpg").exists()
