import numpy as np
import pytest

from hdrgen.errors import InputError
from hdrgen.io.arrays import read_array


def saved(tmp_path, array):
    np.save(tmp_path / "image.npy", array)
    return tmp_path / "image.npy"


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
def test_floating_point_is_radiance_in_its_own_precision(tmp_path, dtype):
    pixels = np.random.default_rng(0).random((4, 5, 3)).astype(dtype)
    image = read_array(saved(tmp_path, pixels))
    assert image.linear
    assert image.pixels.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(image.pixels, pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integers_are_display_values(tmp_path, dtype):
    image = read_array(saved(tmp_path, np.full((4, 5, 3), np.iinfo(dtype).max, dtype)))
    assert not image.linear
    assert image.as_float().max() == 1


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1)])
def test_grey_is_copied(tmp_path, shape):
    pixels = np.random.default_rng(0).random(shape)
    image = read_array(saved(tmp_path, pixels))
    np.testing.assert_array_equal(image.pixels, np.repeat(pixels.reshape(4, 5, 1), 3, 2))


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 5, 4)), r"shape \(height, width, 3\), found \(4, 5, 4\)"),
        (np.zeros((2, 4, 5, 3)), "found"),
        (np.zeros((0, 5, 3)), "found"),
        (np.zeros((4, 5, 3), int), "found int64"),
        (np.full((4, 5, 3), np.nan), "expected finite radiance"),
        (np.array([None], dtype=object), "found something else"),
    ],
)
def test_other_arrays_are_refused(tmp_path, array, words):
    with pytest.raises(InputError, match=rf"image\.npy: .*{words}"):
        read_array(saved(tmp_path, array))


def test_clean_replaces_nan(tmp_path):
    pixels = np.ones((4, 5, 3))
    pixels[0, 0] = np.nan
    with pytest.warns(UserWarning, match="image.npy: replaced 1 NaN or infinite"):
        assert np.isfinite(read_array(saved(tmp_path, pixels), clean=True).pixels).all()


def test_other_files_are_refused(tmp_path):
    (tmp_path / "text.npy").write_text("hello")
    np.savez(tmp_path / "several", a=np.zeros(3))
    (tmp_path / "several.npz").rename(tmp_path / "several.npy")
    (tmp_path / "empty.npy").touch()
    for name, words in (
        ("text", "something else"),
        ("several", "found an archive"),
        ("empty", "empty"),
        ("no", "no such"),
    ):
        with pytest.raises(InputError, match=words):
            read_array(tmp_path / f"{name}.npy")
