"""Images that memory does not hold are refused by what their headers say, before any is taken."""

import sys

import numpy as np
import pytest

from hdrgen.cli.main import main
from hdrgen.errors import InputError
from hdrgen.io import memory, read_array, read_image, write_image

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs what Linux says of its processes")


@pytest.fixture
def little(monkeypatch):
    """A machine with a megabyte left, where every image is large."""
    monkeypatch.setattr(memory, "free_memory", lambda: 1_000_000)
    monkeypatch.setattr(memory, "_SMALL", 0)


@pytest.mark.parametrize(
    ("name", "bytes_each"),
    [("a.exr", 12), ("a.hdr", 24), ("a.png", 6), ("a.tif", 24), ("a.jxl", 26), ("a.jpg", 7)],
)
def test_an_image_is_refused_by_an_estimate(name, bytes_each, tmp_path, little):
    pixels = np.random.default_rng(0).random((400, 500, 3), np.float32)
    path = write_image(tmp_path / name, pixels, **({"bits": 8} if name == "a.png" else {}))
    with pytest.raises(InputError, match=r"500 x 400 \(0.2 megapixels, which max_megapixels=500 allows\)") as caught:
        read_image(path)
    gigabytes = 1.1 * bytes_each * 0.2e6 / 1e9
    assert f"which takes about {gigabytes:.3g} GB; end other programs, or reduce it" in str(caught.value)


def test_what_fits_is_read(tmp_path, little):
    path = write_image(tmp_path / "a.exr", np.ones((200, 200, 3), np.float32))
    assert read_image(path).pixels.shape == (200, 200, 3)


def test_what_does_not_fit_with_the_work_on_it_is_not_read(tmp_path, little):
    path = write_image(tmp_path / "a.exr", np.ones((200, 200, 3), np.float32))
    with pytest.raises(InputError, match=r"takes about 0\.00352 GB"):
        read_image(path, working_bytes=80)


@pytest.mark.parametrize("verb", ["info", "tonemap"])
def test_the_command_line_names_its_option(verb, tmp_path, little, capsys):
    path = write_image(tmp_path / "a.exr", np.ones((400, 500, 3), np.float32))
    assert main([verb, str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "which --max-megapixels 500 allows" in line


@linux
def test_an_array_of_holes_takes_no_memory(tmp_path, monkeypatch):
    import resource  # Windows has none

    path = tmp_path / "holes.npy"
    with path.open("wb") as stream:
        header = {"descr": "<f4", "fortran_order": False, "shape": (20000, 20000, 3)}
        np.lib.format.write_array_header_1_0(stream, header)
        stream.truncate(stream.tell() + 20000 * 20000 * 3 * 4)
    monkeypatch.setattr(memory, "free_memory", lambda: 4_000_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=r"found 20000 x 20000 \(400 megapixels\), which takes about 5.28 GB"):
        read_array(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


@linux
def test_no_estimate_is_below_what_reading_takes():
    """One of each reader, and those whose pixels are worked on; see benchmarks/reading_memory.py for all."""
    pytest.importorskip("imagecodecs", reason="the extra `formats` is not installed")
    from benchmarks.reading_memory import measured

    names = ["JPEG, progressive", "JPEG, its gain map applied", "PNG, 8 bits, alpha", "TIFF, 16 bits, alpha"]
    names += ["OpenEXR, half", "Radiance", "JPEG XL, PQ", "JPEG XL, float", "AVIF, PQ", "RAW", "array, 8 bits"]
    width, height, buffers = 1024, 1024, 8e6  # bytes that are taken however large the image, such as bands of rows
    rows = measured(names, width, height)
    assert {row.name: row for row in rows if row.measured - buffers / (width * height) > row.estimate} == {}
    assert all(row.measured > 0.4 * row.estimate for row in rows), rows  # so that a test without a measurement fails
