import re
import warnings

import numpy as np
import PIL.Image
import pytest
import tifffile
import torch
from scipy.ndimage import gaussian_filter

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


def coloured_lights(seed=0):
    """Display values of lamps of several colours, far beyond white, before something soft and dark."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0:288, 0:432]
    light = 0.3 + 0.1 * gaussian_filter(generator.standard_normal((288, 432, 3)), (6, 6, 0)) * 20
    for row, column, size in zip(*generator.uniform((0, 0, 5), (288, 432, 25), (20, 3)).T, strict=True):
        lamp = np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * size**2))
        light += lamp[..., None] * generator.uniform(0.8, 3) * generator.uniform(0.6, 1, 3)
    return light.clip(0, None)


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

    @pytest.mark.parametrize("code", [230, 240, 245])
    @pytest.mark.parametrize(("factor", "quality"), [(2, None), (2, 95), (2, 85), (3, None)])
    @pytest.mark.parametrize("scene", ["lights", "blocks"])
    def test_of_what_was_resized_and_compressed_is_found_or_advised(self, tmp_path, code, factor, quality, scene):
        """Lanczos rings above what was clipped, and JPEG keeps colours at half the size."""
        light = {"lights": coloured_lights, "blocks": lambda: np.kron(coloured_scene(), np.ones((3, 3, 1)))}[scene]()
        large = PIL.Image.fromarray(np.minimum(light * 255, code).astype(np.uint8))
        small = large.resize((large.width // factor, large.height // factor), PIL.Image.Resampling.LANCZOS)
        small.save(tmp_path / "a.jpg", quality=quality) if quality else small.save(tmp_path / "a.png")
        assert (np.asarray(small) > code).any()
        display, told = read(tmp_path / ("a.jpg" if quality else "a.png"))
        assert len(told) == 1
        if told[0].startswith("white is"):
            assert told[0].startswith(f"white is {code} of 255")
            assert float((display == 1).float().mean()) > 0.02
        else:
            near = "|".join(str(code + off) for off in (-1, 0, 1))
            assert re.search(
                rf"hardly anything is brighter than .*\b({near})\b.*; pass white=.*if the photogr", told[0]
            )

    @pytest.mark.parametrize("quality", [None, 85])
    def test_of_what_clips_at_the_largest_code_is_no_other_after_resizing(self, tmp_path, quality):
        for number, light in enumerate((coloured_lights(), coloured_scene() * 1.3)):
            large = PIL.Image.fromarray((light * 255).clip(0, 255).astype(np.uint8))
            small = large.resize((large.width * 2 // 3, large.height * 2 // 3), PIL.Image.Resampling.LANCZOS)
            path = tmp_path / f"{number}.{'jpg' if quality else 'png'}"
            small.save(path, **({"quality": quality} if quality else {}))
            assert read(path)[1] == []

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
