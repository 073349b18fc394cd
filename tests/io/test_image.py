"""An image to NumPy."""

import numpy as np
import pytest

from hdrgen.io import Exposure, Image, read_image, write_image

PIXELS = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
IMAGE = Image(PIXELS, linear=False, exposure=Exposure())


def test_array_of_an_image():
    assert np.asarray(IMAGE) is PIXELS
    assert np.asarray(IMAGE, np.float32).dtype == np.float32
    np.testing.assert_array_equal(np.asarray(IMAGE, np.float32), PIXELS)
    np.testing.assert_array_equal(np.stack([IMAGE, IMAGE])[1], PIXELS)
    assert np.mean(IMAGE) == PIXELS.mean()


def test_copy_of_an_image():
    copied = np.array(IMAGE)
    assert copied is not PIXELS
    assert not np.shares_memory(copied, PIXELS)
    np.testing.assert_array_equal(copied, PIXELS)


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="copy=False may copy in NumPy 1")
def test_no_copy_of_an_image():
    assert np.asarray(IMAGE, copy=False) is PIXELS
    with pytest.raises(ValueError, match=r"[Uu]nable to avoid copy"):
        np.asarray(IMAGE, np.float32, copy=False)


def test_array_of_a_file(tmp_path):
    """It was an object without a shape."""
    path = write_image(tmp_path / "a.png", PIXELS)
    assert np.asarray(read_image(path)).shape == (2, 3, 3)
