"""Saturation and contrast against their definitions, by NumPy's own arithmetic in the light of the display."""

import numpy as np
import pytest
import torch

from hdrgen.errors import InputError
from hdrgen.io import DISPLAY_P3, rgb_to_xyz, srgb_decoded, srgb_encoded
from hdrgen.tonemap import PRESETS, Graded, Reinhard2002, graded

WEIGHTS = np.array([0.2126, 0.7152, 0.0722])


def colours(count: int = 400) -> np.ndarray:
    """(count, 3) of light in [0, 1], black, white and pure primaries among them."""
    corners = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T
    return np.concatenate([corners, np.random.default_rng(0).random((count, 3)) ** 2])


def light(made: torch.Tensor) -> np.ndarray:
    return srgb_decoded(made.double().numpy())[:, 0].T


def given(pixels: np.ndarray) -> torch.Tensor:
    """(3, 1, count) of display values."""
    return torch.from_numpy(srgb_encoded(np.asarray(pixels, float)).T[:, None].copy())


def test_neutral_numbers_change_nothing():
    picture = torch.rand(2, 3, 5, 7)
    assert graded(picture, saturation=1, contrast=1) is picture


@pytest.mark.parametrize("contrast", [0.25, 0.8, 1.5, 4])
def test_contrast_is_stops_for_each_stop_at_middle_grey_between_black_and_white(contrast):
    grey = np.array([0.18 / 1.01, 0.18, 0.18 * 1.01])
    made = light(graded(given(np.repeat(grey[:, None], 3, 1)), contrast=contrast))[:, 0]
    assert np.log2(made[2] / made[0]) / np.log2(grey[2] / grey[0]) == pytest.approx(contrast, rel=1e-3)
    assert made[1] == pytest.approx(0.18, rel=1e-5)
    ends = graded(torch.tensor([0.0, 1.0]).expand(3, 1, 2), contrast=contrast)
    assert ends[0, 0].tolist() == pytest.approx([0, 1], abs=1e-6)
    ramp = graded(torch.linspace(0, 1, 256).expand(3, 1, 256), contrast=contrast)[0, 0]
    assert (ramp.diff() >= 0).all()


@pytest.mark.parametrize("saturation", [0.0, 0.5, 1.3, 4.0])
@pytest.mark.parametrize("contrast", [0.5, 1.0, 2.0])
def test_luminance_is_contrasts_alone_and_hue_is_kept(saturation, contrast):
    pixels = colours()
    made = light(graded(given(pixels), saturation=saturation, contrast=contrast))
    luminance = pixels @ WEIGHTS
    odds = (0.18 / 0.82) * ((luminance / (1 - luminance).clip(1e-12)) / (0.18 / 0.82)) ** contrast
    expected = odds / (1 + odds)
    np.testing.assert_allclose(made @ WEIGHTS, expected, atol=2e-5)
    assert made.min() >= 0
    assert made.max() <= 1
    chroma, before = made - expected[:, None], pixels - luminance[:, None]
    parallel = np.linalg.norm(np.cross(chroma, before), axis=1)
    assert (parallel <= 1e-4).all()  # the same hue, and not its opposite:
    assert ((chroma * before).sum(1) >= -1e-6).all()


def test_saturation_scales_what_differs_from_grey_where_the_display_has_it():
    pixels = 0.3 + 0.2 * colours()
    made = light(graded(given(pixels), saturation=1.2))
    grey = (pixels @ WEIGHTS)[:, None]
    np.testing.assert_allclose(made, grey + 1.2 * (pixels - grey), atol=1e-6)


def test_black_and_white_is_luminance_of_the_colours_that_it_is_told():
    pixels, weights = colours(), rgb_to_xyz(DISPLAY_P3.chromaticities)[1]
    made = light(graded(given(pixels), saturation=0, luminance=weights.tolist()))
    np.testing.assert_allclose(made, np.repeat((pixels @ weights)[:, None], 3, 1), atol=1e-6)


def test_strips_batches_and_gradients(monkeypatch):
    picture = torch.rand(2, 3, 40, 8, dtype=torch.float64, requires_grad=True)
    whole = graded(picture, saturation=1.5, contrast=0.5)
    monkeypatch.setattr("hdrgen.tiling.strips.PIXELS", 64)
    torch.testing.assert_close(graded(picture, saturation=1.5, contrast=0.5), whole)
    graded(torch.zeros(3, 2, 2, requires_grad=True), contrast=0.5).sum().backward()
    whole.sum().backward()
    assert picture.grad.isfinite().all()


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({"saturation": -0.1}, "saturation from 0 to 4, found -0.1"),
        ({"saturation": float("nan")}, "found nan"),
        ({"contrast": 0}, "contrast from 0.25 to 4, found 0"),
    ],
)
def test_numbers_out_of_range_name_their_argument(numbers, said):
    for make in (lambda **given: graded(torch.ones(3, 2, 2), **given), lambda **given: Graded(Reinhard2002(), **given)):
        with pytest.raises(InputError, match=said) as error:
            make(**numbers)
        assert error.value.argument == next(iter(numbers))


def test_presets_are_named_settings_and_no_more():
    radiance = (torch.randn(3, 12, 16, generator=torch.Generator().manual_seed(1)) * 2).exp()
    for preset in PRESETS.values():
        settings = {"saturation": preset.saturation, "contrast": preset.contrast}
        assert torch.equal(preset(radiance), graded(Reinhard2002(**vars(preset.operator))(radiance), **settings))
    picture = PRESETS["bw"](radiance)
    assert (picture.amax(0) - picture.amin(0)).max() < 1e-6
