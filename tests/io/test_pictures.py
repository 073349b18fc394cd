"""Ultra HDR, JPEG XL and AVIF through independent decoders."""

import sys
import warnings
from io import BytesIO

import colour
import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageCms, ImageOps

from hdrgen.errors import InputError
from hdrgen.io import (
    BT709,
    BT2020,
    DISPLAY_P3,
    Camera,
    Exposure,
    read_exposure,
    read_header,
    read_image,
    write_image,
)
from hdrgen.io.codecs.codec import Decoded
from hdrgen.io.codecs.hdr_picture import pictured
from hdrgen.io.colour import ADOBE_RGB, conversion, pq_decoded, srgb_decoded, usable_chromaticities
from hdrgen.io.metadata.cicp import FULL_RADIANCE, Cicp

imagecodecs = pytest.importorskip("imagecodecs", reason="the extra `formats` is not installed")
EXPOSURE = Exposure(time=0.008, fnumber=5.6, iso=200)
CAMERA = Camera("Canon", "Canon EOS 5D")
PICTURES = [".jxl", ".avif", ".pq.png", ".uhdr.jpg"]


@pytest.fixture(autouse=True)
def _no_unexpected_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


@pytest.fixture
def scene() -> np.ndarray:
    """Smooth radiance in BT.709 from 1/64 to 24, with colours of every hue."""
    y, x = np.mgrid[0:96, 0:128].astype(np.float32)
    hue = np.stack([np.cos(y / 15), np.cos(y / 15 + 2.1), np.cos(y / 15 - 2.1)], axis=-1) * 0.4
    return (2 ** (x / 12 - 6))[..., None] * (1 + hue)


def stops_between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Differences above a floor of 1/64."""
    return np.abs(np.log2((first.astype(np.float64) + 1 / 64) / (second + 1 / 64)))


def in_bt709(image) -> np.ndarray:
    return image.as_float() @ conversion(image.chromaticities, BT709.chromaticities).T


@pytest.mark.parametrize(
    ("suffix", "median", "largest"), [(".jxl", 1e-4, 2e-3), (".avif", 0.015, 0.4), (".uhdr.jpg", 0.02, 0.4)]
)
def test_radiance_comes_back(tmp_path, scene, suffix, median, largest):
    path = write_image(tmp_path / f"a{suffix}", scene)
    image = read_image(path, gain_map=True)
    assert image.linear
    assert image.pixels.dtype == np.float32
    difference = stops_between(in_bt709(image), scene)
    assert np.median(difference) < median
    assert difference.max() < largest
    converted = read_image(path, gain_map=True, colour_space=BT709)
    assert converted.chromaticities == BT709.chromaticities
    np.testing.assert_allclose(converted.pixels, in_bt709(image), atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("suffix", PICTURES)
def test_metadata_is_kept(tmp_path, scene, suffix):
    path = write_image(tmp_path / f"a{suffix}", scene, exposure=EXPOSURE, camera=CAMERA)
    image = read_image(path, gain_map=True)
    assert image.exposure == EXPOSURE
    assert image.camera == CAMERA
    assert read_exposure(path) == EXPOSURE
    header = read_header(path)
    assert (header.width, header.height) == (128, 96)
    assert (
        write_image(tmp_path / f"b{suffix}", scene, exposure=EXPOSURE, camera=CAMERA).read_bytes() == path.read_bytes()
    )


@pytest.mark.parametrize("suffix", PICTURES)
@pytest.mark.parametrize("space", [BT709, DISPLAY_P3, BT2020])
def test_colour_space_by_parameter(tmp_path, scene, suffix, space):
    path = write_image(tmp_path / f"a{suffix}", scene, colour_space=space)
    image = read_image(path, gain_map=True)
    assert image.chromaticities == space.chromaticities
    assert np.median(stops_between(in_bt709(image), scene)) < 0.02


OTHER_COLOURS = {
    "Adobe RGB": (ADOBE_RGB.chromaticities, BT2020),
    "ProPhoto": ((0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001, 0.3457, 0.3585), BT2020),
    "ACES": ((0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767), BT2020),
    "a camera's": ((0.6484, 0.3309, 0.2678, 0.6499, 0.1516, 0.0634, 0.3127, 0.329), DISPLAY_P3),
    "smaller": ((0.60, 0.33, 0.30, 0.55, 0.16, 0.10, 0.3127, 0.329), BT709),
    "XYZ": ((1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1 / 3, 1 / 3), BT2020),
}


@pytest.mark.parametrize("name", OTHER_COLOURS)
@pytest.mark.parametrize("suffix", [".uhdr.jpg", ".pq.png"])
def test_pictures_of_other_colours_are_in_a_space_that_screens_know(tmp_path, scene, suffix, name):
    """As LittleCMS needs no telling: the file's profile is one that every viewer has, and the light is the same."""
    colours, space = OTHER_COLOURS[name]
    stored = scene @ conversion(BT709.chromaticities, colours).T.astype(np.float32)
    image = read_image(write_image(tmp_path / f"a{suffix}", stored, chromaticities=colours), gain_map=True)
    assert image.chromaticities == (space if suffix == ".uhdr.jpg" else BT2020).chromaticities
    assert np.median(stops_between(in_bt709(image), scene)) < 0.02


@pytest.mark.parametrize("suffix", [".jxl", ".avif", ".uhdr.jpg"])
def test_less_quality_is_less_to_store(tmp_path, scene, suffix):
    noisy = scene * np.random.default_rng(0).uniform(0.8, 1.25, scene.shape).astype(np.float32)
    sizes = [write_image(tmp_path / f"a{suffix}", noisy, quality=q).stat().st_size for q in (30, 60, 95, None)]
    assert sizes[0] < sizes[1] < sizes[2] <= sizes[3]


def test_jpeg_xl_through_imagecodecs(tmp_path, scene):
    """Another build of libjxl: 16-bit PQ levels in BT.2020."""
    levels = imagecodecs.jpegxl_decode(write_image(tmp_path / "a.jxl", scene).read_bytes())
    assert levels.dtype == np.uint16
    wide = scene @ conversion(BT709.chromaticities, BT2020.chromaticities).T
    np.testing.assert_allclose(pq_decoded(levels / 65535) / 203, wide, rtol=2e-3, atol=1e-4)


def test_avif_through_imagecodecs_and_pillow(tmp_path, scene):
    path = write_image(tmp_path / "a.avif", scene, exposure=EXPOSURE, camera=CAMERA)
    levels = imagecodecs.avif_decode(path.read_bytes())
    wide = scene @ conversion(BT709.chromaticities, BT2020.chromaticities).T
    assert levels.dtype == np.uint16
    assert np.median(stops_between(pq_decoded(levels / 1023) / 203, wide)) < 0.02
    assert b"colrnclx\0\x09\0\x10\0\x09\x80" in path.read_bytes()  # BT.2020, PQ, BT.2020 matrix, full range
    with PillowImage.open(path) as picture:  # another build of libavif, which reduces to 8 bits
        assert np.median(np.abs(np.asarray(picture) / 255 - levels / 1023)) < 0.01
        exif = picture.getexif()
    assert (exif[0x010F], exif[0x0110]) == ("Canon", "Canon EOS 5D")
    assert float(exif.get_ifd(0x8769)[0x829A]) == 0.008


def test_ultra_hdr_through_libultrahdr(tmp_path, scene):
    content = write_image(tmp_path / "a.uhdr.jpg", scene).read_bytes()
    found = imagecodecs.ultrahdr_decode(content)  # half floats, 1 is SDR white
    assert np.median(stops_between(found[..., :3], scene)) < 0.03
    ours = read_image(tmp_path / "a.uhdr.jpg", gain_map=True).pixels
    assert np.percentile(stops_between(found[..., :3], ours), 99) < 0.03


def test_ultra_hdr_by_its_xmp(tmp_path, scene):
    """A reader of Android's format: the directory in the first XMP packet, the numbers in the second."""
    content = write_image(tmp_path / "a.uhdr.jpg", scene).read_bytes()
    length = int(content.partition(b'Item:Semantic="GainMap"')[2].partition(b'Item:Length="')[2].partition(b'"')[0])
    second = content[-length:]

    def number(name: bytes) -> float:
        return float(second.partition(b"<hdrgm:" + name + b">")[2].partition(b"<rdf:li>")[2].partition(b"<")[0])

    base = np.asarray(PillowImage.open(BytesIO(content))) / 255
    share = np.asarray(PillowImage.open(BytesIO(second))) / 255
    gain = number(b"GainMapMin") + share ** (1 / number(b"Gamma")) * (number(b"GainMapMax") - number(b"GainMapMin"))
    found = (srgb_decoded(base) + number(b"OffsetSDR")) * 2**gain - number(b"OffsetHDR")
    np.testing.assert_allclose(found, read_image(tmp_path / "a.uhdr.jpg", gain_map=True).pixels, rtol=0.03, atol=0.01)


def test_display_that_shows_all_of_an_ultra_hdr_picture(tmp_path, scene):
    """The whole gain is for displays as bright as the picture, however much brighter it makes a dark channel."""
    scene[40, 40] = [8000, 40, 0]
    with pytest.warns(UserWarning, match="clipped"):
        content = write_image(tmp_path / "a.uhdr.jpg", scene).read_bytes()
    capacity = float(content.partition(b'hdrgm:HDRCapacityMax="')[2].partition(b'"')[0])
    gain = float(content.partition(b"<hdrgm:GainMapMax>")[2].partition(b"<rdf:li>")[2].partition(b"<")[0])
    assert capacity == pytest.approx(np.log2(10_000 / 203), abs=1e-5)
    assert gain > capacity + 2
    whole = imagecodecs.ultrahdr_decode(content)[..., :3]
    within = imagecodecs.ultrahdr_decode(content, boost=FULL_RADIANCE)[..., :3]
    np.testing.assert_array_equal(within, whole)


def test_ultra_hdr_index_as_pillow_reads_it(tmp_path, scene):
    path = write_image(tmp_path / "a.uhdr.jpg", scene, exposure=EXPOSURE)
    with PillowImage.open(path) as picture:
        second = picture._getmp()[0xB002][1]
        assert path.read_bytes()[-second["Size"] :][:2] == b"\xff\xd8"
        assert picture.getexif().get_ifd(0x8769)[0x8827] == 200
        profile = ImageCms.ImageCmsProfile(BytesIO(picture.info["icc_profile"]))
        assert ImageCms.getProfileDescription(profile).strip() == "bt709"


def test_ultra_hdr_index_is_the_last_segment_before_the_tables(tmp_path, scene):
    """Readers look for it among the segments of applications, which come first."""
    content = write_image(tmp_path / "a.uhdr.jpg", scene, exposure=EXPOSURE).read_bytes()
    at, segments = 2, []
    while 0xE0 <= content[at + 1] <= 0xEF:
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        segments.append(content[at + 4 : at + 8])
        at += 2 + length
    assert segments[-1] == b"MPF\0"
    assert segments.count(b"MPF\0") == 1
    assert len(segments) > 3


def test_ultra_hdr_is_an_ordinary_photograph_without_asking(tmp_path, scene):
    path = write_image(tmp_path / "a.uhdr.jpg", scene)
    with pytest.warns(UserWarning, match=r"a\.uhdr\.jpg: read .* without its gain map") as caught:
        image = read_image(path)
    assert caught[0].filename == __file__
    assert not image.linear
    with PillowImage.open(path) as picture:
        assert np.abs(image.pixels.astype(int) - np.asarray(picture)).max() <= 3


def test_own_base(tmp_path, scene):
    base = np.clip(scene / 24, 0, 1) ** (1 / 2.2)
    path = write_image(tmp_path / "a.uhdr.jpg", scene, base=base)
    with PillowImage.open(path) as picture:
        assert np.abs(np.asarray(picture) / 255 - base).max() < 0.03
    assert np.median(stops_between(read_image(path, gain_map=True).pixels, scene)) < 0.02


@pytest.mark.parametrize(("scale", "median"), [(1, 0.01), (2, 0.04), (4, 0.08)])
@pytest.mark.parametrize(("gamut", "space"), [("BT_709", BT709), ("DISPLAY_P3", DISPLAY_P3), ("BT_2100", BT2020)])
def test_files_of_libultrahdr(tmp_path, scene, gamut, space, scale, median):
    """Its base is always Display P3; the map applies to it there, or in BT.2020. Smaller maps it weighs its own way."""
    rgba = np.concatenate([scene, np.ones_like(scene[..., :1])], axis=-1).astype(np.float16)
    path = tmp_path / "a.jpg"
    code = imagecodecs.ULTRAHDR
    path.write_bytes(imagecodecs.ultrahdr_encode(rgba, gamut=code.CG[gamut], scale=scale, transfer=code.CT.LINEAR))
    expected = imagecodecs.ultrahdr_decode(path.read_bytes())[..., :3]
    difference = stops_between(read_image(path, gain_map=True, colour_space=space).pixels.clip(0), expected)
    assert np.median(difference) < median
    assert np.percentile(difference, 95) < 0.2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_of_avif(tmp_path, display, orientation):
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    picture = PillowImage.fromarray(np.round(display * 255).astype(np.uint8))
    picture.save(tmp_path / "a.avif", exif=exif, quality=90)
    with PillowImage.open(tmp_path / "a.avif") as again:
        expected = np.asarray(ImageOps.exif_transpose(again))
    image = read_image(tmp_path / "a.avif")
    np.testing.assert_array_equal(image.pixels, expected)
    assert not image.linear
    assert image.chromaticities == BT709.chromaticities
    header = read_header(tmp_path / "a.avif")
    assert (header.height, header.width) == expected.shape[:2]


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("bits", [8, 10, 12])
def test_sdr_avif_of_other_depths(tmp_path, display, channels, bits):
    levels = np.round(display * (2**bits - 1)).astype(np.uint8 if bits == 8 else np.uint16)
    stored = np.concatenate([levels, np.full_like(levels[..., :1], 2**bits - 1)], axis=-1)[..., :channels]
    codec = {"primaries": 1, "transfer": 13, "matrix": 0 if channels > 1 else 1, "pixelformat": "444"}
    content = imagecodecs.avif_encode(stored.squeeze(), level=100, bitspersample=bits, **codec)
    (tmp_path / "a.avif").write_bytes(content)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*(grey copied|alpha channel dropped)")
        image = read_image(tmp_path / "a.avif")
    assert image.pixels.dtype == (np.uint8 if bits == 8 else np.uint16)
    expected = levels if channels > 1 else levels[..., :1]
    np.testing.assert_allclose(image.as_float(), np.broadcast_to(expected, levels.shape) / (2**bits - 1), atol=0.002)


@pytest.mark.parametrize("suffix", PICTURES)
def test_above_ten_thousand_candelas(tmp_path, scene, suffix):
    scene[:2] = 100
    scene[3, 3] = -1
    with pytest.warns(UserWarning, match=r"256 pixels are brighter than 49\.26 .*clipped") as caught:
        path = write_image(tmp_path / f"a{suffix}", scene)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        brightest = read_image(path, gain_map=True).pixels.max()
    assert brightest == pytest.approx(FULL_RADIANCE, rel=0.06)


@pytest.mark.parametrize(
    ("name", "pixels", "options", "message"),
    [
        ("a.avif", np.zeros((2, 2, 3), np.uint8), {}, "expected float radiance, found uint8"),
        ("a.jxl", np.zeros((2, 2, 4)), {}, r"expected pixels of shape \(H, W, 3\)"),
        ("a.uhdr.jpg", np.full((2, 2, 3), np.nan), {}, "4 pixels are NaN"),
        ("a.uhdr.jpg", np.zeros((2, 2, 3)), {"base": np.zeros((2, 3, 3))}, r"a base of finite display values of shape"),
        ("a.exr", np.zeros((2, 2, 3)), {"base": np.zeros((2, 2, 3))}, r"a base belongs to \.uhdr\.jpg"),
        ("a.uhdr.jpg", np.zeros((2, 2, 3)), {"chromaticities": (0.6, 0.3) * 4}, "primaries that enclose a white"),
        ("a.avif", np.zeros((2, 2, 3)), {"quality": 101}, "expected a quality from 1 to 100"),
        ("a.uhdr.jpg", np.zeros((2, 2, 3)), {"bits": 8}, "bits are of display values, and Ultra HDR holds radiance"),
        ("a.pq.png", np.zeros((2, 2, 3)), {"bits": 16}, "bits are of display values, and PNG with PQ holds radiance"),
        ("a.pq.png", np.zeros((2, 2, 3), np.uint8), {}, "expected float radiance, found uint8"),
        ("a.uhdr.jpg", np.zeros((1, 65501, 3)), {}, "at most 65,500 pixels along a side of Ultra HDR, found 65501 x 1"),
        ("a.avif", np.zeros((65537, 1, 3)), {}, "at most 65,536 pixels along a side of AVIF, found 1 x 65537"),
    ],
)
def test_refused(tmp_path, name, pixels, options, message):
    with pytest.raises(InputError, match=message):
        write_image(tmp_path / name, pixels, **options)
    assert not list(tmp_path.iterdir())


def test_without_imagecodecs(tmp_path, scene, monkeypatch):
    path = write_image(tmp_path / "a.avif", scene, exposure=EXPOSURE)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    for call in (lambda: read_image(path), lambda: write_image(tmp_path / "b.avif", scene)):
        with pytest.raises(InputError, match=r"AVIF needs imagecodecs.*pip install 'hdrgen\[formats\]'"):
            call()
    assert read_exposure(path) == EXPOSURE  # headers need no library
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.avif"]


def test_hybrid_log_gamma_is_read_as_the_light_of_a_display(tmp_path, scene):
    levels = np.round(np.clip(scene / 24, 0, 1) * 1023).astype(np.uint16)
    codec = {"bitspersample": 10, "primaries": 9, "transfer": 18, "matrix": 0, "level": 100, "pixelformat": "444"}
    (tmp_path / "a.avif").write_bytes(imagecodecs.avif_encode(levels, **codec))
    with pytest.warns(UserWarning, match=r"a\.avif: HLG is read as the light of a display of 1000 cd/m2"):
        image = read_image(tmp_path / "a.avif")
    stored = imagecodecs.avif_decode((tmp_path / "a.avif").read_bytes()) / 1023
    np.testing.assert_allclose(image.pixels, colour.models.eotf_BT2100_HLG(stored) / 203, rtol=1e-3, atol=1e-5)
    assert image.linear


def test_numbers_of_colours():
    assert Cicp(12, 16).chromaticities == DISPLAY_P3.chromaticities
    assert Cicp(2, 2).chromaticities is None
    assert not Cicp(1, 13).is_radiance
    for number in (4, 5, 6, 7, 8, 10, 11, 22):  # all have colours that can be converted
        assert usable_chromaticities(Cicp(number, 13).chromaticities)
    assert Cicp(10, 17).chromaticities == (1, 0, 0, 1, 0, 0, 1 / 3, 1 / 3)


@pytest.mark.parametrize("bits", [10, 12])
def test_levels_of_fewer_bits_fill_sixteen(bits):
    """Black and white stay the ends, and the middle the middle."""
    top = 2**bits - 1
    levels = np.array([0, 1, top // 2, top - 1, top], np.uint16)
    decoded = Decoded(None, np.repeat(levels[None, :, None], 3, -1), False)
    found = pictured(decoded, None, bits).pixels[0, :, 0]
    assert found.tolist() == np.rint(levels * 65535.0 / top).astype(int).tolist()
