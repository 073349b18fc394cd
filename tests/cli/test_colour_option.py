"""Colours and camera through the verbs: what the photographs say is what the results say."""

from io import BytesIO
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image as PillowImage
from PIL import ImageCms

from hdrgen.cli.main import main
from hdrgen.io import BT709, BT2020, DISPLAY_P3, Camera, Exposure, read_image, read_stack, write_image
from hdrgen.io.colour import conversion
from tests.commands.brackets import write_bracket

CAMERA = Camera("Canon", "Canon EOS 5D")
CYAN = (0.1, 0.3, 0.3)
"""Linear BT.2020; within Display P3, but beyond sRGB."""
ADOBE_RGB = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, 0.3127, 0.329)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bracket_in(chromaticities, *, shown=None):
    """Three photographs whose profiles name these primaries; the last one `shown`, if that is given."""
    for number, path in enumerate(write_bracket_files()):
        image = read_image(path)
        space = shown if shown is not None and number == 2 else chromaticities
        write_image(path, image.pixels, exposure=image.exposure, camera=CAMERA, chromaticities=space)


def write_bracket_files():
    return write_bracket(Path("room"), suffix=".png")


def exr_header(name):
    with OpenEXR.File(name) as file:
        return dict(file.header())


def in_srgb(name):
    """Mean colour as a colour-managed viewer shows it."""
    with PillowImage.open(name) as picture:
        profile = ImageCms.ImageCmsProfile(BytesIO(picture.info["icc_profile"]))
        shown = ImageCms.profileToProfile(picture, profile, ImageCms.createProfile("sRGB"))
    return np.asarray(shown).mean(axis=(0, 1))


@pytest.mark.parametrize("space", [DISPLAY_P3.chromaticities, ADOBE_RGB])
def test_merge_keeps_the_colours_of_the_photographs(folder, space):
    bracket_in(space)
    assert main(["merge", "room", "-o", "out.exr", "--response", "gamma:2.2", "--align", "none", "--preview"]) == 0
    header = exr_header("out.exr")
    assert header["chromaticities"] == pytest.approx(space, abs=1e-3)
    assert header["expTime"] == pytest.approx(1 / 8)
    preview = read_image("out_preview.jpg")
    assert preview.chromaticities == pytest.approx(space, abs=1e-3)
    assert (preview.camera, preview.exposure) == (CAMERA, Exposure(time=0.125, fnumber=4, iso=100))


def test_merge_to_a_colour_space(folder):
    bracket_in(DISPLAY_P3.chromaticities)
    options = ["--response", "gamma:2.2", "--align", "none", "--overwrite"]
    assert main(["merge", "room", "-o", "own.exr", *options]) == 0
    assert main(["merge", "room", "-o", "out.exr", "--colour-space", "bt2020", "--preview", *options]) == 0
    assert exr_header("out.exr")["chromaticities"] == pytest.approx(BT2020.chromaticities, abs=1e-6)
    matrix = conversion(DISPLAY_P3.chromaticities, BT2020.chromaticities)
    expected = read_image("own.exr").as_float() @ matrix.T
    np.testing.assert_allclose(read_image("out.exr").as_float(), expected, rtol=3e-3, atol=1e-3)
    assert read_image("out_preview.jpg").chromaticities == pytest.approx(BT2020.chromaticities, abs=1e-3)


def test_fused_picture_keeps_what_the_photographs_say(folder):
    bracket_in(DISPLAY_P3.chromaticities)
    for name, options in (("own.png", []), ("srgb.png", ["--colour-space", "bt709"])):
        assert main(["merge", "room", "-o", name, "--method", "mertens", "--align", "none", *options]) == 0
    own, srgb = read_image("own.png"), read_image("srgb.png")
    assert (own.camera, own.exposure) == (CAMERA, Exposure(time=0.125, fnumber=4, iso=100))
    assert own.chromaticities == pytest.approx(DISPLAY_P3.chromaticities, abs=1e-3)
    assert srgb.chromaticities == pytest.approx(BT709.chromaticities, abs=1e-3)
    np.testing.assert_allclose(in_srgb("own.png"), in_srgb("srgb.png"), atol=1.5)
    assert np.abs(own.pixels.astype(int) - srgb.pixels).max() > 3


def test_learned_merge_keeps_what_the_photographs_say(folder, monkeypatch):
    def predict(verb, arguments):
        write_image(f"{arguments[-1]}/room/room.exr", np.full((96, 128, 3), 0.5, np.float32))

    monkeypatch.setattr("hdrgen.cli.run_lightning", predict)
    (folder / "net.ckpt").touch()
    bracket_in(DISPLAY_P3.chromaticities)
    network = ["--method", "hdr_gan", "--ckpt_path", "net.ckpt"]
    assert main(["merge", "room", "-o", "out.exr", *network, "--preview"]) == 0
    image = read_image("out.exr")
    assert (image.camera, image.exposure.time) == (CAMERA, 0.125)
    assert image.chromaticities == pytest.approx(DISPLAY_P3.chromaticities)
    assert read_image("out_preview.jpg").chromaticities == pytest.approx(DISPLAY_P3.chromaticities, abs=1e-3)
    assert main(["merge", "room", "-o", "wide.exr", *network, "--colour-space", "bt2020"]) == 0
    assert exr_header("wide.exr")["chromaticities"] == pytest.approx(BT2020.chromaticities, abs=1e-6)


def test_photographs_of_different_colours_are_not_merged(folder, capsys):
    bracket_in(DISPLAY_P3.chromaticities, shown=BT709.chromaticities)
    assert main(["merge", "room", "-o", "out.exr"]) == 2
    told = capsys.readouterr().err
    assert "room: expected frames of one colour space, found a_mid.png display-p3, b_dark.png display-p3" in told
    assert "c_bright.png bt709" in told


def test_photographs_that_say_nothing_are_bt709(folder):
    write_bracket_files()
    assert main(["merge", "room", "-o", "out.exr", "--align", "none"]) == 0
    assert exr_header("out.exr")["chromaticities"] == pytest.approx(BT709.chromaticities, abs=1e-6)


@pytest.fixture
def wide_image(folder):
    radiance = np.empty((40, 50, 3), np.float32)
    radiance[:] = CYAN
    exposure = Exposure(time=1 / 4, fnumber=2.8, iso=400)
    return write_image("wide.exr", radiance, exposure=exposure, camera=CAMERA, chromaticities=BT2020.chromaticities)


@pytest.mark.parametrize(("options", "space"), [([], BT2020), (["--colour-space", "display-p3"], DISPLAY_P3)])
def test_exposures_keep_colours_and_camera(wide_image, options, space):
    assert main(["expose", "wide.exr", "--ev", "-1,0", "--bits", "16", *options]) == 0
    frames = [read_image(frame.path) for frame in read_stack("exposures")]
    for frame, time in zip(frames, (0.5, 1), strict=True):
        assert (frame.camera, frame.exposure) == (CAMERA, Exposure(time=time, fnumber=2.8, iso=400))
        assert frame.chromaticities == pytest.approx(space.chromaticities, abs=1e-3)
    matrix = conversion(BT2020.chromaticities, space.chromaticities)
    expected = np.maximum(CYAN @ matrix.T, 0)
    linear = np.asarray(frames[1].as_float()[0, 0], float)
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    np.testing.assert_allclose(linear, expected, rtol=1e-3, atol=1e-4)


def test_picture_in_a_colour_space(wide_image):
    assert main(["tonemap", "wide.exr", "-o", "plain.png"]) == 0
    assert main(["tonemap", "wide.exr", "-o", "p3.png", "--colour-space", "display-p3"]) == 0
    plain, wide = read_image("plain.png"), read_image("p3.png")
    assert plain.chromaticities is None
    assert wide.chromaticities == pytest.approx(DISPLAY_P3.chromaticities, abs=1e-3)
    assert (wide.camera, wide.exposure) == (CAMERA, Exposure(time=1 / 4, fnumber=2.8, iso=400))
    assert plain.pixels[0, 0, 0] == 0
    assert wide.pixels[0, 0, 0] > 0
