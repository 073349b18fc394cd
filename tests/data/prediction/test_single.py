import warnings

import numpy as np
import PIL.Image
import pytest
import tifffile
import torch

from hdrgen.camera import SRGB
from hdrgen.data import Photographs
from hdrgen.errors import InputError
from hdrgen.io import write_image
from tests.dng import write_dng


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


def coloured_scene(seed=0):
    """Display values of blocks of many colours, a tenth of them beyond white, without noise."""
    blocks = np.random.default_rng(seed).uniform(0.05, 1.15, (16, 24, 3))
    return np.kron(blocks, np.ones((16, 16, 1)))


def read(path, **options):
    """The largest display value, and what was told."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        display = Photographs([path], **options)[0]["ldr"][0]
    return display, [str(warning.message).partition(": ")[2] for warning in caught]


class TestWhiteOfOnePhotograph:
    @pytest.mark.parametrize("code", [230, 235, 240, 245, 250, 252])
    @pytest.mark.parametrize("suffix", ["png", "jpg"])
    def test_below_the_largest_code_is_found_and_told(self, tmp_path, code, suffix):
        codes = np.minimum(coloured_scene() * 255, code).astype(np.uint8)
        PIL.Image.fromarray(codes).save(tmp_path / f"a.{suffix}", **({"quality": 95} if suffix == "jpg" else {}))
        display, told = read(tmp_path / f"a.{suffix}")
        clipped = codes[8::16, 8::16].transpose(2, 0, 1) == code
        assert (display[:, 8::16, 8::16][torch.from_numpy(clipped)] == 1).float().mean() > 0.9
        assert len(told) == 1
        assert f"white is {code} of 255: what is brightest piles up there; pass white=255" in told[0]
        display, told = read(tmp_path / f"a.{suffix}", white=255)
        assert told == []
        assert (display[:, 8::16, 8::16] < 1).all()

    def test_of_channels_that_clip_apart_is_found_for_each(self, tmp_path):
        codes = np.minimum(coloured_scene() * 255, (240, 245, 235)).astype(np.uint8)
        write_image(tmp_path / "a.png", codes)
        assert "white is 240, 245, 235 of 255" in read(tmp_path / "a.png")[1][0]

    def test_far_below_the_largest_code_is_told_and_left(self, tmp_path):
        write_image(tmp_path / "a.png", np.minimum(coloured_scene() * 255, 200).astype(np.uint8))
        display, told = read(tmp_path / "a.png")
        assert told == ["nothing is brighter than 200 of 255; pass white=200 if the photograph clips there"]
        assert float(display.max()) == pytest.approx(200 / 255)

    def test_of_14_bits_in_16_is_found(self, tmp_path):
        write_image(tmp_path / "a.png", (coloured_scene().clip(0, 1) * 16383).astype(np.uint16))
        display, told = read(tmp_path / "a.png")
        assert "white is 16383 of 65535" in told[0]
        assert display.max() == 1

    @pytest.mark.parametrize("ground", [(240, 240, 240), (238, 240, 236)])
    def test_is_not_that_of_a_page_of_one_colour(self, tmp_path, ground):
        codes = np.full((96, 128, 3), ground, np.uint8)
        ink = np.linspace(0, 1, 40)[:, None, None] * np.array(ground)
        codes[20:60, 10:100] = ink.astype(np.uint8)
        write_image(tmp_path / "page.png", codes)
        display, told = read(tmp_path / "page.png")
        assert np.array_equal((display * 255).round().byte().permute(1, 2, 0).numpy(), codes)
        assert told[0].startswith("nothing is brighter than 2")
        assert "pass white=2" in told[0]

    @pytest.mark.parametrize("kind", ["full", "dark", "card", "noise", "flat"])
    def test_is_not_spoken_of_where_nothing_piles_up_near_white(self, tmp_path, kind):
        generator = np.random.default_rng(1)
        codes = {
            "full": coloured_scene() * 255,
            "dark": coloured_scene() * 120,
            "card": 240 + 2 * generator.standard_normal((96, 128, 3)),
            "noise": generator.uniform(0, 245, (96, 128, 3)),
            "flat": np.full((96, 128, 3), 128),
        }[kind]
        write_image(tmp_path / "a.png", codes.clip(0, 255).round().astype(np.uint8))
        assert read(tmp_path / "a.png")[1] == []

    def test_of_a_sensor_is_found_so_that_highlights_are_grey(self, tmp_path):
        radiance = coloured_scene() * np.array([1.0, 2.0, 1.0])
        sensor = np.minimum(radiance * np.array([0.5, 1.0, 0.8]), 0.85)
        write_dng(tmp_path / "a.dng", sensor, time=(1, 100), neutral=(0.5, 1.0, 0.8))
        display, told = read(tmp_path / "a.dng", own_radiance=True)
        assert told[0].startswith("white is")
        assert display[:, 8::16, 8::16].amax((1, 2)).tolist() == pytest.approx([1, 1, 1])
        full = np.minimum(radiance * np.array([0.5, 1.0, 0.8]), 1.0)
        write_dng(tmp_path / "b.dng", full, time=(1, 100), neutral=(0.5, 1.0, 0.8))
        assert read(tmp_path / "b.dng", own_radiance=True)[1] == []
