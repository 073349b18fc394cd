"""Errors and warnings name the argument in Python's words, and carry it for the command line, which has others."""

import re
from pathlib import Path

import numpy as np
import pytest

import hdrgen.io
from hdrgen.errors import InputError, InputWarning
from hdrgen.io import colour_space_named, read_array, read_image, write_image
from hdrgen.io.colour import ADOBE_RGB

RADIANCE = np.ones((4, 5, 3), np.float32)


@pytest.mark.parametrize(
    ("name", "options", "argument"),
    [
        ("a.png", {"bits": 12}, "bits"),
        ("a.jpg", {"quality": 0}, "quality"),
        ("a.exr", {"chromaticities": (0.3, 0.3)}, "chromaticities"),
        ("a.exr", {"base": RADIANCE}, "base"),
        ("a.uhdr.jpg", {"base": RADIANCE[:2]}, "base"),
        ("a.pq.png", {"colour_space": ADOBE_RGB}, "colour_space"),
        ("a.bmp", {}, None),
    ],
)
def test_writing(tmp_path, name, options, argument):
    with pytest.raises(InputError) as caught:
        write_image(tmp_path / name, RADIANCE, **options)
    assert caught.value.argument == argument


def test_size(tmp_path):
    path = write_image(tmp_path / "a.exr", np.ones((1500, 1000, 3), np.float32))
    with pytest.raises(InputError, match="; pass max_megapixels=2 if that is right") as caught:
        read_image(path, max_megapixels=1)
    assert caught.value.argument == "max_megapixels"
    assert read_image(path, max_megapixels=2).pixels.shape == (1500, 1000, 3)


def test_clean(tmp_path):
    pixels = RADIANCE.copy()
    pixels[0, 0] = -1
    for read, path in ((read_image, tmp_path / "a.exr"), (read_array, tmp_path / "a.npy")):
        np.save(path, pixels) if path.suffix == ".npy" else write_image(path, pixels)
        with pytest.warns(InputWarning, match="; pass clean=True to replace them") as caught:
            read(path)
        assert caught[0].message.argument == "clean"
        assert caught[0].filename == __file__
    np.save(path, pixels * np.nan)
    with pytest.raises(InputError, match="; pass clean=True to replace them") as error:
        read_array(path)
    assert error.value.argument == "clean"


def test_gain_map(tmp_path):
    path = write_image(tmp_path / "a.uhdr.jpg", RADIANCE)
    with pytest.warns(InputWarning, match="; pass gain_map=True to apply it") as caught:
        read_image(path)
    assert caught[0].message.argument == "gain_map"


def test_colour_space():
    with pytest.raises(InputError) as caught:
        colour_space_named("srgb")
    assert caught.value.argument == "colour_space"


def test_no_option_of_the_command_line_is_named():
    for path in Path(hdrgen.io.__file__).parent.rglob("*.py"):
        assert not re.search(r"--[a-z]", path.read_text(encoding="utf-8")), path
