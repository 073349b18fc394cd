import numpy as np
import pytest
import tifffile
import torch

from hdrgen.camera import SRGB
from hdrgen.data import Photographs
from hdrgen.errors import InputError
from hdrgen.io import write_image


def test_display_images_are_read_as_they_are(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 65536, (6, 8, 3)).astype(np.uint16)
    write_image(tmp_path / "a.png", pixels)
    sample = Photographs([tmp_path])[0]
    np.testing.assert_allclose(sample["ldr"][0].permute(1, 2, 0).numpy(), pixels / 65535, atol=1e-6)
    assert sample["ev"].tolist() == [0]
    assert int(sample["ref"]) == 0
    assert sample["path"] == str(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", [".exr", ".hdr", ".tif"])
def test_radiance_is_exposed_for_its_median_and_encoded(tmp_path, suffix):
    radiance = np.random.default_rng(1).lognormal(size=(32, 32, 1)).astype(np.float32) * np.ones(3, np.float32)
    write_image(tmp_path / f"a{suffix}", 1000 * radiance)
    display = Photographs([tmp_path])[0]["ldr"][0]
    expected = np.clip(radiance * 0.18 / np.median(radiance), 0, 1)
    np.testing.assert_allclose(SRGB().inverse(display).permute(1, 2, 0).numpy(), expected, atol=0.01)
    assert float(display.max()) == pytest.approx(1, abs=1e-6)


def test_names_are_unique(tmp_path):
    for name in ("a/sky.png", "b/sky.png", "b/sky.jpg"):
        write_image(tmp_path / name, np.zeros((4, 4, 3), np.uint8))
    photographs = Photographs([tmp_path / "a", tmp_path / "b"])
    assert sorted(photographs.scene(index) for index in range(3)) == ["sky", "sky_2", "sky_3"]


def test_nothing_found_is_said(tmp_path):
    with pytest.raises(InputError):
        Photographs([str(tmp_path / "*.jpg")])


def test_a_flag_cleans_radiance(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.array([[[np.nan, 1, 1], [1, 1, 1]]], np.float32))
    with pytest.raises(InputError, match="1 NaN or infinite"):
        Photographs([tmp_path])[0]
    with pytest.warns(UserWarning, match="replaced "):
        assert Photographs([tmp_path], clean=True)[0]["ldr"].isfinite().all()


def test_radiance_without_light_is_told_with_its_file(tmp_path):
    write_image(tmp_path / "night.exr", np.zeros((4, 4, 3), np.float32))
    with (
        pytest.warns(UserWarning, match="zero"),
        pytest.raises(InputError, match=r"night\.exr: expected an HDR image with positive"),
    ):
        Photographs([tmp_path])[0]


def test_a_flag_lifts_the_limit_of_size(tmp_path):
    write_image(tmp_path / "a.png", np.zeros((40, 50, 3), np.uint8))
    with pytest.raises(InputError, match=r"expected at most 0\.001 megapixels"):
        Photographs([tmp_path], max_megapixels=0.001)[0]
    assert Photographs([tmp_path], max_megapixels=0.002)[0]["ldr"].shape[-2:] == (40, 50)


def test_real_photographs(shared):
    photographs = Photographs([str(shared / "data/stacks/colour_frobisher_001")])
    sample = photographs[1]
    assert sample["scene"] == "IMG_2601"
    assert sample["ldr"].shape[:2] == torch.Size([1, 3])
