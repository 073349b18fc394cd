"""DNG files of floating point: every packing, twenty stops, beside what tifffile and LibRaw read of the same files."""

import zlib

import numpy as np
import pytest
import rawpy
import tifffile

from hdrgen.cli.main import main
from hdrgen.errors import InputError
from hdrgen.io import read_header, read_image
from hdrgen.io.samples.float_raw import float_page
from hdrgen.io.samples.tiff_floats import float_samples
from tests.io.samples.tiffs import tiff_bytes

NEUTRAL = np.array((0.5, 1.0, 0.8))
XYZ_TO_SRGB = (32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570)
RAMP = 2.0 ** np.linspace(-16, 3.9, 128)[None, :, None] * np.ones((48, 1, 1))
PACKINGS = [
    {},
    {"factor": 1, "squeezed": True, "tile": (16, 32)},
    {"factor": 2, "squeezed": True, "tile": (32, 16)},
    {"factor": 4, "squeezed": True},
]
PREDICTORS = {None: 1, 1: 3, 2: 34894, 4: 34895}


def mosaic(rgb):
    plane = rgb[..., 1].copy()
    plane[0::2, 0::2], plane[1::2, 1::2] = rgb[0::2, 0::2, 0], rgb[1::2, 1::2, 2]
    return plane[..., None]


def as_bytes(values, bits, order):
    """(..., bytes) of floats: those of 24 bits as a sign, 7 bits of exponent (bias 63) and 16 of fraction."""
    if bits != 24:
        return np.ascontiguousarray(values.astype(f"{order}f{bits // 8}")[..., None]).view(np.uint8)
    fraction, exponent = np.frexp(values)
    fraction, exponent = np.rint((fraction * 2 - 1) * 65536).astype(int), exponent + 62
    fraction, exponent = fraction % 65536, exponent + fraction // 65536
    parts = [exponent, fraction >> 8, fraction & 255]
    return np.stack(parts if order == ">" else parts[::-1], axis=-1).astype(np.uint8)


def block(values, bits, order, factor, squeezed):
    """A tile (h, w, samples) as it is stored: predicted by the pixel so many before, or as it is."""
    height, width, samples = values.shape
    if factor is None:
        data = as_bytes(values, bits, order).tobytes()
    else:
        planes = as_bytes(values, bits, ">").reshape(height, width * samples, -1).swapaxes(1, 2).reshape(height, -1)
        apart = factor * samples
        planes[:, apart:] -= planes[:, :-apart].copy()
        data = planes.tobytes()
    return zlib.compress(data) if squeezed else data


def write_dng(path, values, *, bits=32, order="<", factor=None, squeezed=False, tile=None, orientation=1, more=()):
    """A sensor's values (H, W, 1), a mosaic, or (H, W, 3)."""
    height, width, samples = values.shape
    rows, columns = tile or (height, width)
    padded = np.pad(values, ((0, -height % rows), (0, -width % columns), (0, 0)), constant_values=1e-3)
    blocks = [
        block(padded[y : y + rows, x : x + columns], bits, order, factor, squeezed)
        for y in range(0, height, rows)
        for x in range(0, width, columns)
    ]
    raw = [(33421, 3, [2, 2]), (33422, 1, [0, 1, 1, 2])] if samples == 1 else []
    sides = [(322, 3, [columns]), (323, 3, [rows])] if tile else [(278, 4, [height])]
    rational = [n for value in NEUTRAL for n in (round(value * 1e4), 10000)]
    matrix = [n for value in XYZ_TO_SRGB for n in (value, 10000)]
    tags = [
        *[(254, 4, [0]), (256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * samples), (274, 3, [orientation])],
        *[(259, 3, [8 if squeezed else 1]), (262, 3, [32803 if samples == 1 else 34892]), (277, 3, [samples])],
        *[(317, 3, [PREDICTORS[factor]]), (339, 3, [3] * samples), (50706, 1, [1, 4, 0, 0]), (50717, 4, [1])],
        *[(271, 2, list(b"Maker\0")), (272, 2, list(b"Model\0")), (50708, 2, list(b"Maker Model\0"))],
        *[(50721, 10, matrix), (50728, 5, rational), (50778, 3, [21]), *raw, *sides, *more],
    ]
    path.write_bytes(tiff_bytes(tags, blocks, order=order, tiled=tile is not None))
    return path


def closeness(pixels, expected, edge=4):
    return np.abs(pixels[edge:-edge, edge:-edge] / expected[edge:-edge, edge:-edge] - 1).max()


@pytest.mark.parametrize("bits", [16, 24, 32])
@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_mosaic_keeps_twenty_stops(tmp_path, bits, packing, order):
    path = write_dng(tmp_path / "a.dng", mosaic(RAMP * NEUTRAL), bits=bits, order=order, **packing)
    image = read_image(path)
    assert (image.linear, image.pixels.dtype) == (True, np.float32)
    assert closeness(image.pixels, np.repeat(RAMP, 3, axis=-1)) < 0.02
    with rawpy.imread(str(path)) as raw:
        seen = raw.raw_image / 16383
    own = float_samples(path, float_page(path))[..., 0]
    np.testing.assert_allclose(own / own.max(), seen, atol=1.1e-4)


@pytest.mark.parametrize("bits", [16, 24, 32])
def test_pixels_without_a_mosaic(tmp_path, bits):
    """As Lightroom's merged images: three samples a pixel."""
    path = write_dng(tmp_path / "a.dng", RAMP * NEUTRAL, bits=bits, factor=2, squeezed=True, tile=(16, 64))
    assert closeness(read_image(path).pixels, np.repeat(RAMP, 3, axis=-1), 1) < 4e-3


def test_tifffile_reads_the_same_numbers(tmp_path):
    for kind in (np.float16, np.float32):
        path = tmp_path / "a.dng"
        packing = {"compression": "zlib", "predictor": 3, "tile": (16, 16), "metadata": None}
        tifffile.imwrite(path, (RAMP * NEUTRAL).astype(kind), photometric=34892, **packing)
        np.testing.assert_array_equal(float_samples(path, float_page(path)), tifffile.imread(path))


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientation(tmp_path, orientation, samples):
    camera = RAMP * NEUTRAL
    path = write_dng(tmp_path / "a.dng", mosaic(camera) if samples == 1 else camera, orientation=orientation)
    turned = np.repeat(np.rot90(RAMP, {1: 0, 3: 2, 6: -1, 8: 1}[orientation]), 3, axis=-1)
    image, header = read_image(path), read_header(path)
    assert image.pixels.shape == turned.shape == (header.height, header.width, 3)
    assert closeness(image.pixels, turned) < 0.02


@pytest.mark.parametrize("samples", [1, 3])
def test_black_and_white_level(tmp_path, samples):
    camera = 0.25 + RAMP * NEUTRAL * 4
    levels = [(50714, 5, [1, 4]), (50717, 4, [4])]  # white is 4, 3.75 above black
    values = mosaic(camera) if samples == 1 else camera
    path = write_dng(tmp_path / "a.dng", values, more=levels[:1])
    content = path.read_bytes().replace(b"\x1d\xc6\x04\0\x01\0\0\0\x01\0\0\0", b"\x1d\xc6\x04\0\x01\0\0\0\x04\0\0\0")
    path.write_bytes(content)
    bright = RAMP[:, 40:]
    assert closeness(read_image(path).pixels[:, 40:], np.repeat(bright * 4 / 3.75, 3, axis=-1)) < 0.02


def test_each_place_of_the_mosaic_has_its_black_level(tmp_path):
    """Two rows of two, as cameras note it, in the order of reading."""
    camera, blacks = RAMP * NEUTRAL, np.array([[0.5, 0.25], [0.125, 0.0625]])
    plain = mosaic(camera)
    height, width, _ = plain.shape
    level = np.tile(blacks, (height // 2 + 1, width // 2 + 1))[:height, :width, None]
    fractions = [part for level in blacks.ravel() for part in (round(level * 16), 16)]
    more = [(50713, 3, [2, 2]), (50714, 5, fractions)]
    lifted = read_image(write_dng(tmp_path / "a.dng", level + plain * (1 - level), more=more))
    expected = read_image(write_dng(tmp_path / "b.dng", plain))
    np.testing.assert_allclose(lifted.pixels, expected.pixels, rtol=1e-3, atol=1e-6)


def test_black_pixels_stay_black_and_colours_are_those_of_whole_numbers(tmp_path, write_dng_of_integers):
    rgb = np.full((48, 64, 3), (0.3, 0.2, 0.1))
    rgb[:, 32:] = 0
    with pytest.warns(UserWarning, match="zero"):
        floats = read_image(write_dng(tmp_path / "a.dng", mosaic(rgb))).pixels
    whole = read_image(write_dng_of_integers(tmp_path / "b.dng", rgb, neutral=tuple(NEUTRAL))).as_float()
    np.testing.assert_allclose(floats[8:-8, 8:24], whole[8:-8, 8:24], rtol=5e-3)
    assert not floats[8:-8, 40:-8].any()


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_not_taken_for_black_or_white(tmp_path, samples, value):
    values = mosaic(RAMP * NEUTRAL) if samples == 1 else RAMP * NEUTRAL
    values[11, 30] = value
    path = write_dng(tmp_path / "a.dng", values, orientation=6)
    with pytest.raises(InputError, match="expected finite radiance, found 1 NaN or infinite"):
        read_image(path)
    with pytest.warns(UserWarning, match="replaced 1 NaN or infinite"):
        cleaned = read_image(path, clean=True).pixels
    assert np.isfinite(cleaned).all()


@pytest.fixture
def write_dng_of_integers(write_dng):
    return write_dng


def test_what_is_cut_off_or_packed_otherwise_is_refused(tmp_path):
    path = write_dng(tmp_path / "a.dng", mosaic(RAMP * NEUTRAL), squeezed=True)
    content = bytearray(path.read_bytes())
    content[200:260] = bytes(60)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"corrupt or unsupported RAW file|corrupt RAW file"):
        read_image(path)
    squeezed = path.read_bytes().replace(b"\x03\x01\x03\0\x01\0\0\0\x08\0", b"\x03\x01\x03\0\x01\0\0\0\x42\xcd")
    path.write_bytes(squeezed)
    with pytest.raises(InputError, match=r"not read here|unsupported RAW"):
        read_image(path)


def test_a_merged_dng_through_the_verbs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_dng(tmp_path / "a.dng", mosaic(RAMP * NEUTRAL), bits=16, factor=2, squeezed=True)
    assert main(["tonemap", "a.dng", "-o", "a.png"]) == 0
    assert main(["expose", "a.dng", "--ev", "-2,0,2", "-o", "stack"]) == 0
    exposed = sorted(read_image(path).as_float().mean() for path in (tmp_path / "stack").rglob("*.*"))
    assert len(exposed) == 3
    assert exposed[2] > exposed[0]
