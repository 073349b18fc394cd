"""Exposure out of metadata, against Pillow's EXIF writer."""

import math
import struct
import warnings

import pytest
from PIL import Image as PillowImage
from PIL.TiffImagePlugin import IFDRational

from hdrgen.io import Exposure, read_exposure, read_image
from hdrgen.io.metadata.exif import exposure_from
from hdrgen.io.metadata.exif_block import metadata_in

TIME, FNUMBER, ISO, SHUTTER, APERTURE = 33434, 33437, 34855, 37377, 37378


@pytest.fixture
def jpeg(tmp_path):
    def write(tags, name="a.jpg"):
        exif = PillowImage.Exif()
        exif.get_ifd(0x8769).update(tags)
        PillowImage.new("RGB", (16, 8), (90, 100, 110)).save(tmp_path / name, exif=exif)
        return tmp_path / name

    return write


def test_plain_tags(jpeg):
    path = jpeg({TIME: IFDRational(1, 1000), FNUMBER: IFDRational(28, 10), ISO: 400})
    assert read_exposure(path) == Exposure(time=0.001, fnumber=2.8, iso=400)
    assert read_image(path).exposure == read_exposure(path)


def test_apex_tags_as_fallback(jpeg):
    assert read_exposure(jpeg({SHUTTER: IFDRational(8, 1), APERTURE: IFDRational(4, 1)})) == Exposure(1 / 256, 4.0)
    both = jpeg({TIME: IFDRational(1, 100), SHUTTER: IFDRational(8, 1)})
    assert read_exposure(both).time == 0.01


def test_no_metadata(jpeg):
    exposure = read_exposure(jpeg({}))
    assert exposure == Exposure()
    assert exposure.stops is None


@pytest.mark.parametrize(("numerator", "denominator", "shown"), [(0, 0, "0/0"), (1, 0, "n/0"), (0, 1, "0")])
def test_unreadable_rational(jpeg, numerator, denominator, shown):
    path = jpeg({TIME: IFDRational(123, 457), ISO: 100})
    content = path.read_bytes()
    for order in "<>":
        content = content.replace(
            struct.pack(order + "II", 123, 457), struct.pack(order + "II", numerator, denominator)
        )
    path.write_bytes(content)
    with pytest.warns(
        UserWarning, match=rf"a\.jpg: ExposureTime is unreadable \({shown}.*treated as missing"
    ) as caught:
        assert read_exposure(path) == Exposure(iso=100)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="ExposureTime is unreadable"):
        assert read_image(path).pixels.shape == (8, 16, 3)


def test_fallback_rescues_without_a_warning():
    reading = exposure_from({"ExposureTime": math.nan, "Exif:ShutterSpeedValue": 3.0})
    assert reading.exposure.time == 0.125
    assert not reading.unreadable


@pytest.mark.parametrize("value", [1e9, -1e9, math.inf, math.nan, "text", (), None])
def test_absurd_values_count_as_missing(value):
    exposure, unreadable, *_ = exposure_from({"Exif:ShutterSpeedValue": value, "FNumber": value})
    assert exposure.time is None
    assert unreadable


def test_text_of_any_encoding(tmp_path):
    exif = PillowImage.Exif()
    exif.get_ifd(0x8769)[TIME] = IFDRational(1, 4)
    exif[0x013B] = "Andre XXX"
    PillowImage.new("RGB", (16, 8)).save(tmp_path / "a.jpg", exif=exif)
    content = (tmp_path / "a.jpg").read_bytes().replace(b"XXX", b"\xe9\xff\xfe")
    (tmp_path / "a.jpg").write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_image(tmp_path / "a.jpg").exposure.time == 0.25


def test_value_of_several():
    """The first of three ISO values, which do not fit into their entry: the place of them was read instead."""
    exif = PillowImage.Exif()
    exif.get_ifd(0x8769)[0x8827] = (400, 200, 100)
    assert metadata_in(exif.tobytes()) == {"Exif:PhotographicSensitivity": 400.0}
