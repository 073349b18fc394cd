"""Camera RAW: a Bayer DNG made here, developed linearly."""

import struct
from contextlib import contextmanager

import numpy as np
import pytest
import tifffile

from hdrgen.errors import InputError
from hdrgen.io import Exposure, read_exposure, read_header, read_image, read_stack
from hdrgen.io.codecs import raw
from hdrgen.io.codecs.raw_extent import check_extent

NEUTRAL = (0.5, 1.0, 0.8)


@pytest.mark.parametrize("level", [0.01, 0.1, 0.25, 0.45])
def test_white_balance_black_level_and_linearity(tmp_path, write_dng, level):
    rgb = np.full((48, 64, 3), level) * NEUTRAL
    image = read_image(write_dng(tmp_path / "a.dng", rgb, neutral=NEUTRAL))
    assert image.linear
    assert image.pixels.dtype == np.uint16
    assert image.pixels.shape == (48, 64, 3)
    np.testing.assert_allclose(image.as_float()[4:-4, 4:-4], level, atol=1e-4)


def test_one_scale_whatever_the_picture(tmp_path, write_dng):
    """Nothing is estimated from the picture: doubling the light doubles the values, up to clipping at white."""
    ramp = np.linspace(0, 0.5, 64)[None, :, None] * np.ones((48, 1, 3)) * NEUTRAL
    dark = read_image(write_dng(tmp_path / "a.dng", ramp)).as_float()
    bright = read_image(write_dng(tmp_path / "b.dng", np.minimum(2 * ramp, 1))).as_float()
    np.testing.assert_allclose(bright[4:-4, 4:-4], 2 * dark[4:-4, 4:-4], atol=1e-3)
    assert (read_image(write_dng(tmp_path / "c.dng", np.ones((48, 64, 3)))).pixels >= 65534).all()


def test_exposure(tmp_path, write_dng):
    path = write_dng(tmp_path / "a.dng", np.full((48, 64, 3), 0.2), time=(1, 50))
    assert read_exposure(path) == Exposure(time=0.02, fnumber=2.8, iso=200)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientation(tmp_path, write_dng, orientation):
    ramp = np.linspace(0.1, 0.5, 64)[None, :, None] * np.ones((48, 1, 3)) * NEUTRAL
    path = write_dng(tmp_path / "a.dng", ramp, orientation=orientation)
    pixels = read_image(path).as_float()[..., 1]
    turned = {1: ramp, 3: ramp[::-1, ::-1], 6: np.rot90(ramp, -1), 8: np.rot90(ramp)}[orientation][..., 1]
    assert pixels.shape == turned.shape == (read_header(path).height, read_header(path).width)
    np.testing.assert_allclose(pixels[4:-4, 4:-4], turned[4:-4, 4:-4], atol=0.01)


def test_known_by_content(tmp_path, write_dng):
    path = write_dng(tmp_path / "a.dng", np.full((48, 64, 3), 0.2))
    assert read_image(path.rename(tmp_path / "a.bin")).linear


def test_stack_of_raw(tmp_path, write_dng):
    for name, time in (("a", (1, 8)), ("b", (1, 500)), ("c", (1, 60))):
        write_dng(tmp_path / f"{name}.dng", np.full((48, 64, 3), 0.2), time=time)
    assert [frame.path.stem for frame in read_stack(tmp_path)] == ["b", "c", "a"]


def test_size_limit(tmp_path, write_dng):
    path = write_dng(tmp_path / "a.dng", np.full((48, 64, 3), 0.2))
    with pytest.raises(InputError, match="64 x 48"):
        read_image(path, max_megapixels=0.003)


def test_raw_suffix_without_raw_content(tmp_path):
    (tmp_path / "a.nef").write_bytes(b"no camera made this" * 99)
    with pytest.raises(InputError, match=r"a\.nef: truncated, corrupt or unsupported RAW"):
        read_image(tmp_path / "a.nef")


def test_tiles_of_lossless_jpeg(tmp_path, write_dng):
    pytest.importorskip("imagecodecs", reason="the extra `formats` is not installed")
    ramp = np.linspace(0.1, 0.5, 160)[None, :, None] * np.ones((130, 1, 3))
    plain = read_image(write_dng(tmp_path / "a.dng", ramp)).pixels
    np.testing.assert_array_equal(read_image(write_dng(tmp_path / "b.dng", ramp, compressed=True)).pixels, plain)


@pytest.mark.parametrize("kept", [1, 3, 6, 8])
def test_tiles_that_are_missing(tmp_path, write_dng, kept):
    """LibRaw leaves them black, where the file ends between two of them."""
    pytest.importorskip("imagecodecs", reason="the extra `formats` is not installed")
    ramp = np.linspace(0.1, 0.5, 160)[None, :, None] * np.ones((130, 1, 3))
    path = write_dng(tmp_path / "a.dng", ramp, compressed=True)
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        end = page.dataoffsets[kept - 1] + page.databytecounts[kept - 1]
        assert len(page.dataoffsets) == 9
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(InputError, match=rf"a\.dng: truncated RAW file \(.*, the file has {end}\); copy it again"):
        read_image(path)


@pytest.mark.parametrize("missing", [0, 1, 50])
def test_panasonic_tables(tmp_path, missing):
    """The offset that TIFF readers look for is nowhere, another tag has it."""
    entries = [(279, 4, 1, 100), (273, 4, 1, 0xFFFFFFFF), (280, 4, 1, 62)]
    table = b"IIU\0" + struct.pack("<IH", 8, 3) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    content = table.ljust(62, b"\0") + bytes(100)
    (tmp_path / "a.rw2").write_bytes(content[: len(content) - missing])
    if not missing:
        check_extent(tmp_path / "a.rw2")
        return
    with pytest.raises(InputError, match=f"reach to byte 162, the file has {162 - missing}"):
        check_extent(tmp_path / "a.rw2")


@pytest.mark.parametrize("start", [b"II*\0", b"MM\0*\0\0\0\x08\xff\xff", b"IIU\0\xff\xff\xff\xff"])
@pytest.mark.parametrize("rest", [b"", b"\x08\0\0\0" * 99, b"\xff" * 999])
def test_tables_that_lead_nowhere(tmp_path, start, rest):
    (tmp_path / "a.raw").write_bytes(start + rest)
    check_extent(tmp_path / "a.raw")


def test_fewer_tiles_than_the_picture_has(tmp_path, write_dng):
    """What LibRaw gives for them differs from call to call."""
    pytest.importorskip("imagecodecs", reason="the extra `formats` is not installed")
    path = write_dng(tmp_path / "a.dng", np.full((130, 160, 3), 0.2), compressed=True)
    content = path.read_bytes()
    for tag in (324, 325):
        content = content.replace(struct.pack("<HHI", tag, 4, 9), struct.pack("<HHI", tag, 4, 8))
    assert content != path.read_bytes()
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.dng: corrupt RAW file \(it lacks tiles"):
        read_image(path)


class Monochrome:
    """A file of LibRaw's as a sensor without colours would give it: one plane."""

    def __init__(self, raw, plane):
        self.raw, self.plane = raw, plane

    def __getattr__(self, name):
        return getattr(self.raw, name)

    def postprocess(self, **options):
        return self.plane


@pytest.mark.parametrize("shape", [(48, 64), (48, 64, 1)])
def test_a_sensor_without_colours_gives_three_equal_channels(tmp_path, write_dng, monkeypatch, shape):
    path = write_dng(tmp_path / "a.dng", np.full((48, 64, 3), 0.2))
    plane = np.arange(48 * 64, dtype=np.uint16).reshape(shape)
    opened = raw._opened

    @contextmanager
    def grey(path):
        with opened(path) as file:
            yield Monochrome(file, plane)

    monkeypatch.setattr(raw, "_opened", grey)
    with pytest.warns(UserWarning, match="monochrome sensor, grey copied to three channels"):
        image = read_image(path)
    assert image.linear
    np.testing.assert_array_equal(image.pixels, np.repeat(plane.reshape(48, 64, 1), 3, -1))
