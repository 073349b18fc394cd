import colorsys

import numpy as np
import pytest
import torch

from hdrgen.data import MovingScenes, ProceduralScenes, StackCamera, Variation
from hdrgen.data.virtual.variation import DrawnVariation
from hdrgen.errors import InputError


def drawn(count=2000, **arguments):
    generator = torch.Generator().manual_seed(0)
    return [Variation(**arguments).draw(generator) for _ in range(count)]


def test_amounts_are_drawn_as_stated():
    draws = drawn()
    noise, hue, saturation = (np.array([getattr(each, name) for each in draws]) for name in vars(draws[0]))
    assert 0 <= noise.min() < 1e-4 < 0.0099 < noise.max() <= 0.01
    assert np.std(360 * hue) == pytest.approx(7, rel=0.05)
    assert np.std(saturation) == pytest.approx(0.1, rel=0.05)


def test_hue_and_saturation_change_as_colorsys_has_it():
    radiance = torch.tensor([[4.0, 1.0, 0.25], [0.09, 0.3, 0.2]]).mT[..., None]
    varied = DrawnVariation(0.0, 0.05, -0.2)(radiance, torch.Generator())
    for pixel in range(2):
        h, s, v = colorsys.rgb_to_hsv(*radiance[:, pixel, 0].sqrt().tolist())
        wanted = torch.tensor(colorsys.hsv_to_rgb((h + 0.05) % 1, s - 0.2, v)) ** 2
        torch.testing.assert_close(varied[:, pixel, 0], wanted, atol=1e-4, rtol=1e-4)


def test_noise_is_of_linear_light():
    varied = DrawnVariation(0.01, 0.0, 0.0)(torch.full((3, 100, 100), 0.5), torch.Generator().manual_seed(0))
    assert float(varied.std()) == pytest.approx(0.01, rel=0.05)


def test_a_stated_share_of_values_is_clipped_and_the_truth_shows_the_variation():
    camera = StackCamera(evs=(0,), clipped_values=(0.05, 0.15), variation=Variation())
    radiance = torch.randn(3, 64, 64, generator=torch.Generator().manual_seed(0)).mul(2).exp()
    shares = []
    for seed in range(40):
        sample = camera.photograph(radiance, "a", [0], torch.Generator().manual_seed(seed))
        shares.append(float((sample["hdr"] >= 1).float().mean()))
        below = sample["hdr"] < 0.98
        assert (sample["ldr"][0][below] < 1).all()
    assert 0.04 < min(shares) < 0.08 < 0.12 < max(shares) < 0.16


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="clipped_values"):
        StackCamera(clipped_values=(0.2, 0.1))
    with pytest.raises(InputError, match="noise=-1"):
        Variation(noise=-1)
    moving = MovingScenes(ProceduralScenes(1, 68, camera=StackCamera(variation=Variation())))
    with pytest.raises(InputError, match="variation=None"):
        moving.load(0, [0, 4], generator=torch.Generator().manual_seed(0))
