"""Radiance and pictures as the page holds them."""

import base64
import io
import zlib

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hdrgen.reporting.colour_ramp import ramp
from hdrgen.reporting.embedded_images import (
    coloured_map,
    displayed,
    fitting,
    gain_of,
    jpeg,
    packed,
    reduced,
    shared_exponent,
)


def unpacked(text, width, height):
    """What the page's script does."""
    planes = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8).reshape(4, height, width)
    planes = np.cumsum(planes, axis=2, dtype=np.uint8).astype(np.float64)
    return np.moveaxis(planes[:3] * 2.0 ** (planes[3] - 136), 0, -1)


@settings(max_examples=50)
@given(st.lists(st.floats(0, 2.0**100, width=32, allow_subnormal=False), min_size=6, max_size=6))
def test_the_error_is_below_one_in_256_of_the_largest_channel(values):
    radiance = np.array(values, np.float32).reshape(1, 2, 3)
    error = np.abs(unpacked(packed(radiance), 2, 1) - radiance).max(-1)
    assert (error <= radiance.max(-1) / 256 + 2.0**-136).all()


def test_extremes_of_radiance():
    stored = shared_exponent(np.array([[[0.0, 0.0, 0.0], [1e-45, 0.0, 0.0], [3e38, 1.0, 0.0], [1.9999, 1.0, 0.0]]]))
    assert stored.tolist() == [[[0, 0, 0, 0], [0, 0, 0, 0], [255, 0, 0, 255], [128, 64, 0, 130]]]


def test_radiance_files_lose_nothing():
    rng = np.random.default_rng(0)
    mantissas, exponents = rng.integers(128, 256, (4, 5, 3)), rng.integers(100, 150, (4, 5, 1))
    radiance = (mantissas * 2.0 ** (exponents - 136)).astype(np.float32)
    np.testing.assert_array_equal(unpacked(packed(radiance), 5, 4), radiance)


def test_smaller_pictures_keep_the_mean():
    image = np.random.default_rng(1).random((8, 12, 3)).astype(np.float32)
    assert fitting(image, 6) == (6, 4)
    assert fitting(image, 100) == (12, 8)
    np.testing.assert_allclose(reduced(image, (6, 4)), image.reshape(4, 2, 6, 2, 3).mean((1, 3)), rtol=1e-5)


def test_gain():
    assert gain_of(np.full((2, 2, 3), 4.5, np.float32)) == np.float32(0.04)
    assert gain_of(np.zeros((2, 2, 3), np.float32)) == 1.0


def decoded(address):
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


def test_pictures():
    display = displayed(np.full((8, 8, 3), 0.214), 1.0)
    assert np.abs(np.asarray(decoded(jpeg(display))).astype(int) - 127).max() <= 2
    np.testing.assert_array_equal(
        np.asarray(decoded(coloured_map(np.array([[0.0, 1.0]]))).convert("RGB"))[0], ramp()[[0, 255]]
    )


def test_colours_grow_lighter():
    assert (np.diff(ramp() @ np.array([0.2126, 0.7152, 0.0722])) >= 0).all()
