"""Written files through independent readers; nothing half written."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import imageio.v3 as iio
import numpy as np
import OpenEXR
import pytest
import tifffile
from PIL import Image as PillowImage

from hdrgen.errors import InputError
from hdrgen.io import Camera, Exposure, Image, find_images, read_image, write_image


def levels(display: np.ndarray, bits: int) -> np.ndarray:
    return np.round(display.astype(np.float64) * (2**bits - 1)).astype(np.uint8 if bits == 8 else np.uint16)


def opencv(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1]


@pytest.mark.parametrize("bits", [8, 16])
def test_png_through_opencv(tmp_path, display, bits):
    path = write_image(tmp_path / "a.png", display, bits=bits)
    np.testing.assert_array_equal(opencv(path), levels(display, bits))


def test_what_is_given_goes_before_what_the_image_says(tmp_path, display):
    said = {"exposure": Exposure(time=0.25, fnumber=4.0, iso=200.0), "camera": Camera("Canon", "Canon EOS 5D")}
    other = {"exposure": Exposure(time=0.5, fnumber=8.0, iso=100.0), "camera": Camera("Nikon", "NIKON D800")}
    image = Image(display.astype(np.float32), linear=False, **said)
    for given in ({}, {"camera": other["camera"]}, {"exposure": other["exposure"]}, other):
        found = read_image(write_image(tmp_path / "a.jpg", image, **given))
        assert {"exposure": found.exposure, "camera": found.camera} == said | given


@pytest.mark.parametrize("bits", [8, 16])
def test_tiff_through_tifffile(tmp_path, display, bits):
    path = write_image(tmp_path / "a.tif", display, bits=bits)
    np.testing.assert_array_equal(tifffile.imread(path), levels(display, bits))


def test_float_tiff_through_tifffile(tmp_path, radiance):
    read = tifffile.imread(write_image(tmp_path / "a.tiff", radiance))
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, radiance)


def test_hdr_through_opencv(tmp_path, radiance):
    read = opencv(write_image(tmp_path / "a.hdr", radiance))
    assert (np.abs(read - radiance) <= radiance.max(axis=-1, keepdims=True) / 128).all()


@pytest.mark.parametrize("float32", [False, True])
def test_exr_through_openimageio(tmp_path, radiance, float32):
    import OpenImageIO as oiio

    chromaticities = (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329)
    exposure = Exposure(time=1 / 250, fnumber=2.8, iso=400, ev=-1.5)
    path = write_image(tmp_path / "a.exr", radiance, float32=float32, exposure=exposure, chromaticities=chromaticities)
    buffer = oiio.ImageBuf(str(path))
    assert str(buffer.spec().format) == ("float" if float32 else "half")
    assert buffer.spec().getattribute("compression") == "piz"
    assert buffer.spec().getattribute("ExposureTime") == pytest.approx(1 / 250)
    np.testing.assert_array_equal(buffer.get_pixels(), radiance.astype(np.float32 if float32 else np.float16))
    image = read_image(path)
    assert image.exposure == exposure
    assert image.chromaticities == pytest.approx(chromaticities)


def test_jpeg_through_imageio(tmp_path, display):
    path = write_image(tmp_path / "a.jpg", display, quality=100)
    assert np.abs(iio.imread(path).astype(int) - levels(display, 8)).max() <= 3
    small = write_image(tmp_path / "b.jpg", display, quality=30)
    assert small.stat().st_size < path.stat().st_size


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
@pytest.mark.parametrize("time", [0.008, 1 / 60, 1 / 3200, 30.0])
def test_exposure_is_kept(tmp_path, display, suffix, time):
    exposure = Exposure(time=time, fnumber=5.6, iso=200)
    path = write_image(tmp_path / f"a{suffix}", display, bits=8, exposure=exposure)
    found = read_image(path).exposure
    assert (found.fnumber, found.iso) == (5.6, 200)
    assert found.time == pytest.approx(time, rel=1e-6)
    with PillowImage.open(path) as picture:
        tags = picture.getexif().get_ifd(0x8769)
        np.testing.assert_array_equal(np.asarray(picture), cv2.imread(str(path))[..., ::-1])
    assert [float(tags[tag]) for tag in (0x829A, 0x829D, 0x8827)] == pytest.approx([time, 5.6, 200], rel=1e-6)


EXIF_TAGS = {"time": 0x829A, "fnumber": 0x829D, "iso": 0x8827}


@pytest.mark.parametrize("known", [{"iso": 200}, {"time": 0.008}, {"fnumber": 2.8, "iso": 64}, {}])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".exr"])
def test_what_is_known_of_an_exposure_is_kept(tmp_path, display, suffix, known):
    path = write_image(
        tmp_path / f"a{suffix}", display, bits=8 if suffix == ".tif" else None, exposure=Exposure(**known)
    )
    assert read_image(path).exposure == Exposure(**known)
    if suffix != ".exr":
        with PillowImage.open(path) as picture:
            tags = picture.getexif().get_ifd(0x8769)
        assert {0x829A, 0x829D, 0x8827} & set(tags) == {EXIF_TAGS[name] for name in known}


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".exr"])
def test_exposure_of_whole_numbers_is_kept(tmp_path, display, suffix):
    """A PNG file lost what was given as int."""
    exposure = Exposure(time=1, fnumber=4, iso=200)
    assert read_image(write_image(tmp_path / f"a{suffix}", display, exposure=exposure)).exposure == exposure


@pytest.mark.parametrize(("dtype", "expected"), [(np.uint8, np.uint8), (np.uint16, np.uint16), (np.float32, np.uint8)])
def test_default_depth_of_png(tmp_path, display, dtype, expected):
    pixels = display if dtype == np.float32 else levels(display, 8 * np.dtype(dtype).itemsize)
    assert opencv(write_image(tmp_path / "a.png", pixels)).dtype == expected


def test_depth_change_of_integers(tmp_path):
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=-1)
    wide = opencv(write_image(tmp_path / "a.png", pixels, bits=16))
    np.testing.assert_array_equal(wide, pixels.astype(np.uint16) * 257)
    np.testing.assert_array_equal(opencv(write_image(tmp_path / "b.png", wide, bits=8)), pixels)


def test_display_values_are_clipped(tmp_path):
    pixels = np.array([[[-0.5, 0.5, 1.5]]])
    np.testing.assert_array_equal(opencv(write_image(tmp_path / "a.png", pixels)), [[[0, 128, 255]]])


def test_grey_and_views_are_written_and_left_alone(tmp_path, radiance):
    grey = radiance[::2, ::3, 1]
    before = grey.copy()
    pixels = read_image(write_image(tmp_path / "a.tif", grey)).pixels
    np.testing.assert_array_equal(pixels, before[..., None].repeat(3, axis=-1))
    np.testing.assert_array_equal(grey, before)


def test_half_overflow_becomes_float(tmp_path, radiance):
    radiance[0, 0] = 1e6
    with pytest.warns(UserWarning, match=r"a\.exr: radiance up to 1e\+06 does not fit half") as caught:
        path = write_image(tmp_path / "a.exr", radiance)
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(read_image(path).pixels, radiance)


@pytest.mark.parametrize("scale", [1e-6, 1e-8, 1e-12, 1e-30])
def test_what_half_is_too_coarse_for_becomes_float(tmp_path, radiance, scale):
    small = (radiance * np.float32(scale)).astype(np.float32)
    with pytest.warns(UserWarning, match=r"a\.exr: .* are below 3\.8e-06, too small for half; written as 32-bit float"):
        path = write_image(tmp_path / "a.exr", small)
    with OpenEXR.File(str(path)) as file:
        np.testing.assert_array_equal(file.channels()["RGB"].pixels, small)


def test_a_few_dark_values_leave_half_as_it_is(tmp_path, radiance):
    bright = np.tile(np.abs(radiance) + 1, (3, 3, 1)).astype(np.float32)
    bright[0, 0], bright[1, :, 2], bright[2:4] = 1e-7, 0, 1e-7  # black and its noise
    assert read_image(write_image(tmp_path / "a.exr", bright)).pixels.dtype == np.float16


def test_a_dark_room_under_the_sun_becomes_float(tmp_path):
    picture = np.full((20, 20, 3), 1e-7, np.float32)
    picture[:10] = 6e4
    with pytest.warns(UserWarning, match=r"50\.0% of the values \(at most 6e\+04\) are below"):
        np.testing.assert_array_equal(read_image(write_image(tmp_path / "a.exr", picture)).pixels, picture)


@pytest.mark.parametrize("suffix", [".exr", ".hdr", ".tif"])
def test_double_precision_beyond_floats_is_refused(tmp_path, suffix):
    with pytest.raises(InputError, match="that 32-bit floats hold, found 1e\\+39"):
        write_image(tmp_path / f"a{suffix}", np.full((2, 2, 3), 1e39))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("scale", [1e-36, 3e38])
def test_what_hdr_has_no_exponent_for_is_told(tmp_path, scale):
    with pytest.warns(UserWarning, match="radiance up to .*, of which .hdr holds"):
        write_image(tmp_path / "a.hdr", np.full((8, 8, 3), scale, np.float32))


def test_negative_radiance_in_hdr(tmp_path, radiance):
    radiance[0, 0, 0] = -1
    with pytest.warns(UserWarning, match="1 pixels are negative") as caught:
        path = write_image(tmp_path / "a.hdr", radiance)
    assert caught[0].filename == __file__
    assert read_image(path).pixels[0, 0, 0] == 0
    assert radiance[0, 0, 0] == -1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("suffix", [".exr", ".hdr", ".tif", ".png", ".jpg"])
def test_nan_is_refused_and_nothing_overwritten(tmp_path, radiance, suffix, bad):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"precious")
    radiance[3, 4, 1] = bad
    with pytest.raises(InputError, match="1 pixels are NaN or infinite"):
        write_image(path, radiance)
    assert path.read_bytes() == b"precious"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("name", "pixels", "options", "message"),
    [
        ("a.bmp", np.zeros((2, 2, 3)), {}, "expected one of the suffixes"),
        ("a", np.zeros((2, 2, 3)), {}, "found 'none'"),
        ("a.png", np.zeros((2, 2, 4)), {}, r"expected pixels of shape \(H, W, 3\), found \(2, 2, 4\)"),
        ("a.png", np.zeros((0, 2, 3)), {}, r"found \(0, 2, 3\)"),
        ("a.png", np.zeros((2, 2, 3), np.int32), {}, "found int32"),
        ("a.png", np.zeros((2, 2, 3)), {"bits": 12}, "expected bits of 8 or 16"),
        ("a.jpg", np.zeros((2, 2, 3)), {"bits": 16}, "expected bits of 8 for"),
        ("a.jpg", np.zeros((2, 2, 3)), {"quality": 0}, "quality from 1 to 100"),
        ("a.exr", np.zeros((2, 2, 3), np.uint8), {}, "expected float radiance, found uint8"),
        ("a.exr", np.zeros((2, 2, 3)), {"chromaticities": (0.3,)}, "expected 8 chromaticities"),
    ],
)
def test_refused(tmp_path, name, pixels, options, message):
    with pytest.raises(InputError, match=message):
        write_image(tmp_path / name, pixels, **options)
    assert not list(tmp_path.iterdir())


def test_missing_folder_is_made(tmp_path, display):
    path = write_image(tmp_path / "new" / "deeper" / "a.png", display)
    assert [entry.name for entry in path.parent.iterdir()] == ["a.png"]


def test_folder_in_the_way(tmp_path, display):
    (tmp_path / "a.png").mkdir()
    (tmp_path / "file").touch()
    for path in (tmp_path / "a.png", tmp_path / "file" / "a.png"):
        with pytest.raises(InputError, match=r"a\.png: "):
            write_image(path, display)


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
@pytest.mark.parametrize("suffix", [".exr", ".hdr", ".tif", ".png", ".jpg"])
@pytest.mark.parametrize("limit", [100, 20000])
def test_no_space(tmp_path, suffix, limit):
    """A limit on file sizes stands for a full disk: an error, the old file untouched, no temporary file."""
    import resource

    noise = np.random.default_rng(0).random((200, 300, 3), np.float32)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"precious")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(InputError, match=rf"a\{suffix}: cannot be written"):
            write_image(path, noise)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"precious"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".exr", ".hdr", ".tif", ".png", ".jpg"])
def test_failure_in_the_middle(tmp_path, display, suffix, monkeypatch):
    """The library has written, the rename fails: the old file stays, the temporary one goes."""
    path = write_image(tmp_path / f"a{suffix}", display)
    before = path.read_bytes()
    monkeypatch.setattr(Path, "replace", lambda self, target: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(InputError, match="No space left"):
        write_image(path, display / 2)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


_ENDLESS = """
import sys, numpy as np
from hdrgen.io import write_image
pixels = np.random.default_rng(0).random((600, 800, 3), np.float32)
print("ready", flush=True)
while True:
    write_image(sys.argv[1], pixels)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize("suffix", [".exr", ".png"])
def test_kill_leaves_no_half_file(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    for delay in (0.02, 0.13, 0.31):
        with subprocess.Popen([sys.executable, "-c", _ENDLESS, str(path)], stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        if path.exists():
            assert read_image(path).pixels.shape == (600, 800, 3)
            assert find_images([tmp_path]) == [path]


@pytest.mark.parametrize("suffix", [".hdr", ".exr", ".tif", ".png", ".jpg"])
def test_equal_images_are_equal_files(tmp_path, display, suffix):
    """No date is written; OpenImageIO would put the present one into .exr and .tif."""
    first = write_image(tmp_path / f"a{suffix}", display.astype(np.float32)).read_bytes()
    time.sleep(1.1 if suffix in (".exr", ".tif") else 0)
    assert write_image(tmp_path / f"b{suffix}", display.astype(np.float32)).read_bytes() == first


@pytest.mark.parametrize("suffix", [".avif", ".jxl", ".pq.png", ".uhdr.jpg"])
@pytest.mark.parametrize("scale", [1e-9, 1e-5])
def test_a_picture_that_screens_show_black_is_told(tmp_path, radiance, suffix, scale, recwarn):
    """Radiance in units of its own; of black itself, and of bright pixels among dark ones, there is nothing to say."""
    path = tmp_path / f"a{suffix}"
    with pytest.warns(UserWarning, match="radiance up to .* is black here, where 1 is shown as 203 cd/m2; scale it"):
        write_image(path, radiance * np.float32(scale))
    recwarn.clear()
    radiance[1:] *= scale
    write_image(path, np.minimum(radiance, 40))
    write_image(path, radiance * 0)
    assert not recwarn.list


@pytest.mark.parametrize(
    ("kind", "suffix"), [(">u2", ".png"), (">u2", ".tif"), (">f4", ".tif"), (">f8", ".exr"), (">f2", ".hdr")]
)
def test_arrays_of_the_other_byte_order_are_written_as_well(tmp_path, kind, suffix):
    values = np.arange(1, 25).reshape(2, 4, 3)  # exact in all of them
    path = write_image(tmp_path / f"a{suffix}", values.astype(kind), **({"bits": 16} if "u" in kind else {}))
    np.testing.assert_allclose(read_image(path).pixels, values, rtol=0.02)
