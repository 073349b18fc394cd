"""Files made to harm: each gives an image or one line, without time or memory for what it claims."""

import tracemalloc
from dataclasses import astuple
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
import tifffile

from benchmarks.fuzz.mutations import READERS, file_of, outcome_of
from hdrgen.errors import LONGEST, InputError
from hdrgen.io import BT2020, Camera, Exposure, read_array, read_exposure, read_exposure_list, read_image, write_image
from tests.mutated import READERS as SEEDED

GREY = np.full((8, 8, 3), 0.5, np.float32)
ON_A_LINE = (0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.31, 0.33)
NO_COLOURS = {
    "zero": (0.0,) * 8,
    "on a line": ON_A_LINE,
    "NaN": (np.nan, *BT2020.chromaticities[1:]),
    "huge": (1e30, *BT2020.chromaticities[1:]),
    "white outside": (*BT2020.chromaticities[:6], 0.1, 0.8),
}


def written(path: Path, channels: tuple[str, ...] = ("R", "G", "B"), **attributes: object) -> Path:
    """Grey radiance with attributes that nothing checks."""
    spec = oiio.ImageSpec(8, 8, 3, "float")
    for name, value in attributes.items():
        spec.attribute(name, "float[8]", value)
    spec.channelnames = channels
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), spec), output.geterror()
    assert output.write_image(GREY)
    output.close()
    return path


@pytest.mark.parametrize("name", NO_COLOURS)
@pytest.mark.filterwarnings("ignore:.*enclose no white; left out")
def test_colours_that_are_none_count_as_unknown(tmp_path, name):
    exr, radiance = written(tmp_path / "a.exr", chromaticities=NO_COLOURS[name]), written(tmp_path / "a.hdr")
    line = f"PRIMARIES={' '.join(map(str, NO_COLOURS[name]))}\n\n".encode()
    radiance.write_bytes(radiance.read_bytes().replace(b"\n\n", b"\n" + line, 1))
    for path in (exr, radiance):
        image = read_image(path, colour_space=BT2020)
        assert image.chromaticities == BT2020.chromaticities
        np.testing.assert_allclose(image.pixels, 0.5, rtol=5e-3)  # white stays white from BT.709
        assert read_image(path).chromaticities is None
        with pytest.raises(InputError, match="primaries that enclose a white") as refused:
            write_image(tmp_path / "b.exr", GREY, chromaticities=NO_COLOURS[name])
        assert refused.value.argument == "chromaticities"


LARGE = Exposure(time=1e10, fnumber=1e12, iso=1e12)
EXPOSURES = (
    Exposure(time=4000 * 2 ** (1 / 3), fnumber=2.8, iso=102_400),
    Exposure(time=3e-7, fnumber=1e-9, iso=0.3),
    LARGE,
    Exposure(time=1.0, iso=3e9),
)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".exr"])
@pytest.mark.parametrize("exposure", EXPOSURES)
def test_exposures_of_any_size_can_be_written(tmp_path, suffix, exposure):
    """What comes back is what was given, or nothing where the format has no number for it."""
    pixels = GREY if suffix == ".exr" else np.full((8, 8, 3), 99, np.uint8)
    found = read_exposure(write_image(tmp_path / f"a{suffix}", pixels, exposure=exposure))
    for given, kept in zip(astuple(exposure), astuple(found), strict=True):
        possible = given is not None and (suffix == ".exr" or 1 / 2**32 < given < 2**31)
        if possible and (given != EXPOSURES[1].iso or suffix == ".exr"):
            assert kept == pytest.approx(given, rel=1e-5)
        else:
            assert kept is None


def test_a_high_iso_as_another_library_reads_it(tmp_path):
    path = write_image(tmp_path / "a.tif", np.zeros((8, 8, 3), np.uint8), exposure=Exposure(time=1 / 60, iso=102_400))
    with tifffile.TiffFile(path) as file:
        tags = file.pages[0].tags["ExifTag"].value
    assert (tags["ISOSpeedRatings"], tags["SensitivityType"], tags["ISOSpeed"]) == (65535, 3, 102_400)
    assert Fraction(*tags["ExposureTime"]) == Fraction(1, 60)


@pytest.mark.parametrize(("make", "made"), [(b"Cano\x80", "Cano?"), (b"C\0non", "C"), (b"C\x1b[1m", "C\x1b[1m")])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".exr"])
def test_a_camera_of_no_text_can_be_written(tmp_path, suffix, make, made):
    """As another library than this leaves it."""
    path = write_image(tmp_path / "a.tif", np.full((8, 8, 3), 99, np.uint8), camera=Camera("Canon", "EOS"))
    path.write_bytes(path.read_bytes().replace(b"Canon", make))
    image = read_image(path)
    pixels = GREY if suffix == ".exr" else image.pixels
    written_again = read_image(write_image(tmp_path / f"b{suffix}", pixels, camera=image.camera))
    assert written_again.camera == image.camera
    assert image.camera.make == made


def test_a_png_chunk_that_claims_four_gigabytes(tmp_path):
    """Python takes the memory for what is asked for before it reads."""
    path = write_image(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint8))
    content = path.read_bytes()
    path.write_bytes(content[:-12] + b"\xff\xff\xff\xf0teXt" + content[-12:])
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"a\.png: truncated PNG file"):
            read_image(path)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("content", [b"PK\3\4garbage", b"PK\5\6" + bytes(18), b"\x80\4cos\nsystem\n", b"\x93NUMP"])
def test_an_archive_or_pickle_under_the_name_of_an_array(tmp_path, content):
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.npy: expected one array of numbers in NumPy's \.npy format, found"):
        read_array(tmp_path / "a.npy")


def test_names_in_a_file_make_one_line(tmp_path):
    with pytest.raises(InputError, match=r"found e, .*, q w$"):
        read_image(written(tmp_path / "a.exr", channels=("q\nw", "\r\ne", "")))
    (tmp_path / "exposures.csv").write_text(f"{'x' * 5000},z\n1,2\n")
    with pytest.raises(InputError, match=r"exposures\.csv: expected columns .* \.\.\. x+,z$") as refused:
        read_exposure_list(tmp_path / "exposures.csv")
    assert len(str(refused.value)) <= LONGEST


@pytest.mark.skipif("avif" not in SEEDED, reason="the extra `formats` is not installed")
@pytest.mark.parametrize("bits", [17, 34, 255])
def test_an_avif_of_absurd_bits(tmp_path, monkeypatch, bits):
    """A table of the curve would have an entry for each of 2^34 levels. Not every libavif looks at them."""
    monkeypatch.setattr("imagecodecs.avif_decode", lambda content: np.zeros((8, 8, 3), np.uint16))
    path = write_image(tmp_path / "a.avif", GREY)
    content = bytearray(path.read_bytes())
    at = content.index(b"pixi") + 9
    content[at : at + 3] = bytes((bits,) * 3)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.avif: corrupt AVIF file \(its parts differ in bits\)"):
        read_image(path)


@pytest.mark.parametrize("reader", [reader for reader in READERS if set(READERS[reader].seeds) <= set(SEEDED)])
def test_files_of_changed_structure(tmp_path, reader):
    """`python -m benchmarks.fuzz mutations` does the same at length, in processes of their own."""
    for index in range(len(READERS[reader].kinds)):
        kind, name, content = file_of(reader, 5, index)
        assert outcome_of(tmp_path / name, content) in ("value", "one line"), kind
