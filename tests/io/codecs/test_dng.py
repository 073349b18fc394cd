"""Linear DNG files of radiance: read back by hdrgen, by LibRaw and by tifffile."""

import numpy as np
import pytest
import rawpy
import tifffile

import hdrgen
from hdrgen.cli.main import main
from hdrgen.errors import InputError
from hdrgen.io import (
    BT709,
    BT2020,
    DISPLAY_P3,
    Camera,
    Exposure,
    converted,
    read_header,
    read_image,
    read_tags,
    write_image,
)
from hdrgen.io.formats import detect

RADIANCE = (2.0 ** np.linspace(-8, 5, 300 * 270 * 3)).reshape(300, 270, 3).astype(np.float32)
WIDE = RADIANCE * np.float32([1, 0.5, 0.25])


@pytest.mark.parametrize("space", [BT709, DISPLAY_P3, BT2020])
@pytest.mark.parametrize("scale", [1e-3, 0.3, 1.0, 7.0, 1e6])
def test_hdrgen_reads_what_it_wrote(tmp_path, space, scale):
    for float32, close in ((True, 0), (False, 2.0**-11)):
        path = write_image(
            tmp_path / "a.dng", WIDE * np.float32(scale), chromaticities=space.chromaticities, float32=float32
        )
        image, header = read_image(path), read_header(path)
        np.testing.assert_allclose(image.pixels, WIDE * np.float32(scale), rtol=close)
        assert image.linear
        assert (header.width, header.height) == (270, 300)
        for found in (image.chromaticities, read_tags(path).chromaticities):
            np.testing.assert_allclose(found, space.chromaticities, atol=2e-6)


@pytest.mark.parametrize("space", [BT709, BT2020])
@pytest.mark.parametrize("float32", [True, False])
def test_libraw_develops_the_same_radiance(tmp_path, space, float32):
    """Its 16 bits are those of sRGB's primaries; in files of floats it takes the brightest for white."""
    grey = RADIANCE.mean(axis=-1, keepdims=True) * np.float32([0.8, 0.9, 0.75])
    path = write_image(tmp_path / "a.dng", grey, chromaticities=space.chromaticities, float32=float32)
    with rawpy.imread(str(path)) as raw:
        pixels = raw.postprocess(gamma=(1, 1), output_bps=16, no_auto_bright=True, use_camera_wb=True)
    expected = converted(grey, space.chromaticities, BT709.chromaticities) / grey.max()
    np.testing.assert_allclose(
        pixels / 65535, expected.clip(0, 1), rtol=2.0**-10, atol=4e-4
    )  # LibRaw makes 14 bits of floats first


def test_another_reader_of_tiff_finds_samples_and_tags(tmp_path):
    exposure, camera = Exposure(time=1 / 64, fnumber=2.8, iso=200), Camera("Canon", "EOS")
    path = write_image(tmp_path / "a.dng", RADIANCE, exposure=exposure, camera=camera, made=True)
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        tags = {tag.code: tag.value for tag in page.tags}
        np.testing.assert_allclose(page.asarray(), RADIANCE / 32, rtol=2.0**-11)
    assert (tags[50706], tags[50707]) == (bytes((1, 4, 0, 0)),) * 2
    assert tags[50730] == (5, 1)
    assert tags[262] == 34892
    matrix = np.array(tags[50721]).reshape(9, 2)
    np.testing.assert_allclose(
        (matrix[:, 0] / matrix[:, 1])[:3], [3.2410, -1.5374, -0.4986], atol=2e-4
    )  # IEC 61966-2-1
    assert (tags[271], tags[272], tags[34665]["ISOSpeedRatings"]) == ("Canon", "EOS", 200)
    read = read_tags(path)
    assert (read.exposure, read.camera) == (exposure, camera)
    assert detect(path).name == "RAW"


def test_colours_of_another_white_are_converted(tmp_path):
    theatre = (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351)
    image = read_image(write_image(tmp_path / "a.dng", RADIANCE, chromaticities=theatre, float32=True))
    expected = converted(RADIANCE, theatre, image.chromaticities)
    np.testing.assert_allclose(image.pixels, np.maximum(expected, 0), rtol=1e-6)
    np.testing.assert_allclose(image.chromaticities[6:], BT709.chromaticities[6:], atol=1e-5)


def test_negative_values_are_told_and_display_values_refused(tmp_path):
    with pytest.warns(UserWarning, match=r"1 pixels are negative, which \.dng cannot hold"):
        write_image(tmp_path / "a.dng", np.concatenate([RADIANCE, -RADIANCE])[:, :1][:301])
    with pytest.raises(InputError, match="expected float radiance, found uint8"):
        write_image(tmp_path / "b.dng", np.zeros((4, 4, 3), np.uint8))
    assert not (tmp_path / "b.dng").exists()
    write_image(tmp_path / "c.dng", np.zeros((4, 4, 3), np.float32))
    with pytest.warns(UserWarning, match="zero"):
        assert not read_image(tmp_path / "c.dng").pixels.any()


def test_a_merge_to_dng_is_the_merge_to_exr_and_no_photograph_of_the_next(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene = RADIANCE[:64, :96] / 8
    for index, stops in enumerate((-2, 0, 2)):
        codes = np.rint((scene * 2.0**stops).clip(0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
        write_image(tmp_path / f"room/{index}.png", codes, exposure=Exposure(time=2.0**stops))
    options = ["--align", "none", "--response", "gamma:2.2"]
    for name in ("a.exr", "room/b.dng", "room/c.dng"):  # the last beside the first of them
        assert main(["merge", "room", "-o", name, *options]) == 0
    half = hdrgen.read("a.exr").pixels
    for name in ("b", "c"):
        np.testing.assert_allclose(hdrgen.read(f"room/{name}.dng").pixels, half, rtol=2.0**-10)
    assert main(["tonemap", "room/b.dng", "-o", "b.png"]) == 0
