"""Images that memory does not hold are refused by what their headers say, before any is taken."""

import sys

import numpy as np
import pytest

from hdrgen.cli.main import main
from hdrgen.errors import InputError
from hdrgen.io import memory, read_array, read_image, write_image


@pytest.fixture
def little(monkeypatch):
    """A machine with a megabyte left, where every image is large."""
    monkeypatch.setattr(memory, "free_memory", lambda: 1_000_000)
    monkeypatch.setattr(memory, "_SMALL", 0)


@pytest.mark.parametrize(
    ("name", "megabytes"),
    [("a.exr", 3), ("a.hdr", 4.8), ("a.png", 1.2), ("a.tif", 4.8), ("a.jxl", 3)],
)
def test_an_image_is_refused_by_an_estimate(name, megabytes, tmp_path, little):
    pixels = np.full((400, 500, 3), 0.5, np.float32)
    path = write_image(tmp_path / name, pixels, **({"bits": 8} if name == "a.png" else {}))
    with pytest.raises(InputError, match=r"500 x 400 \(0.2 megapixels, which max_megapixels=500 allows\)") as caught:
        read_image(path)
    assert f"takes about {megabytes / 1e3:.3g} GB; end other programs, or reduce it" in str(caught.value)


def test_what_fits_is_read(tmp_path, little):
    path = write_image(tmp_path / "a.exr", np.ones((200, 200, 3), np.float32))
    assert read_image(path).pixels.shape == (200, 200, 3)


def test_the_command_line_names_its_option(tmp_path, little, capsys):
    path = write_image(tmp_path / "a.exr", np.ones((400, 500, 3), np.float32))
    assert main(["info", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "which --max-megapixels 500 allows" in line


@pytest.mark.skipif(sys.platform != "linux", reason="files with holes")
def test_an_array_of_holes_takes_no_memory(tmp_path, monkeypatch):
    import resource  # Windows has none

    path = tmp_path / "holes.npy"
    with path.open("wb") as stream:
        header = {"descr": "<f4", "fortran_order": False, "shape": (20000, 20000, 3)}
        np.lib.format.write_array_header_1_0(stream, header)
        stream.truncate(stream.tell() + 20000 * 20000 * 3 * 4)
    monkeypatch.setattr(memory, "free_memory", lambda: 4_000_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=r"found 20000 x 20000 \(400 megapixels\), of which reading takes about 8.4"):
        read_array(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB
