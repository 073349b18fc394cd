"""What a camera adds to an ideal picture: each part against what it is by definition."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from hdrgen.camera import Gamma, form_image
from hdrgen.data import Finish
from hdrgen.data.virtual.finish import DrawnFinish

CURVE = Gamma(2.2)
RAMP = torch.linspace(0, 1, 24 * 24).view(1, 1, 24, 24).expand(2, 3, 24, 24)
IDEAL = DrawnFinish(None, 0.0, 0.0, (0.0, 1.0), None)


def developed(finish: DrawnFinish) -> torch.Tensor:
    return finish.develop(RAMP, CURVE, torch.Generator().manual_seed(0))


def test_without_any_part_it_is_the_ideal_picture():
    assert torch.equal(developed(IDEAL), form_image(RAMP[0], torch.zeros(2), CURVE, 8))


def test_black_and_white_are_moved_and_the_inverse_response_knows_it():
    ends = (8 / 255, 248 / 255)
    finish = DrawnFinish(None, 0.0, 0.0, ends, None)
    display = developed(finish)
    assert (display.amin(), display.amax()) == (pytest.approx(ends[0]), pytest.approx(ends[1]))
    codes = (display * 255).round().long()
    exposure = finish.inverse(CURVE, 256)[codes]
    assert (exposure - RAMP).abs().max() < 2.2 / 240  # half a code, at the steepest place of the curve
    assert finish.inverse(CURVE, 256)[[0, 8, 248, 255]].tolist() == [0, 0, 1, 1]


def test_jpeg_is_pillows():
    quality, display = 75, developed(IDEAL)
    file = io.BytesIO()
    pixels = (display[0] * 255).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(pixels).save(file, "jpeg", quality=quality, subsampling="4:2:0")
    compressed = developed(DrawnFinish(None, 0.0, 0.0, (0.0, 1.0), quality))
    np.testing.assert_array_equal((compressed[0] * 255).round().byte().permute(1, 2, 0), np.array(Image.open(file)))


def test_noise_is_of_the_photons_and_sharpening_keeps_flat_areas():
    grey = torch.full((1, 3, 64, 64), 0.25)
    noisy = DrawnFinish(1000.0, 0.0, 0.0, (0.0, 1.0), None).develop(grey, Gamma(1.0), torch.Generator().manual_seed(0))
    assert noisy.std().item() == pytest.approx((0.25 / 1000) ** 0.5, rel=0.05)
    sharp = DrawnFinish(None, 0.0, 0.8, (0.0, 1.0), None).develop(grey, Gamma(1.0), torch.Generator())
    assert torch.equal(sharp, (grey * 255).round() / 255)


def test_draws_lie_within_what_was_asked_for_and_take_the_same_numbers():
    generator = torch.Generator().manual_seed(0)
    drawn = [Finish().draw(generator) for _ in range(300)]
    assert all(1500 <= one.full_well <= 60000 and 0 <= one.read_noise <= 6 for one in drawn)
    assert sum(one.ends == (0.0, 1.0) for one in drawn) == pytest.approx(180, abs=30)
    assert sum(one.quality is None for one in drawn) == pytest.approx(60, abs=25)
    first, second = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    Finish().draw(first)
    Finish(full_well=None, quality=None).draw(second)
    assert torch.equal(first.get_state(), second.get_state())
