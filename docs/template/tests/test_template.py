"""What the classes compute, by hand."""

import torch
from hdrgen_template.power_law import PowerLaw
from hdrgen_template.tiny_gain import TinyGain


def test_an_exposure_is_the_photograph_times_its_gain() -> None:
    """Two stops more are 2 ^ (2 / 2.2) times the display value."""
    model = TinyGain()
    exposures = model.expose(torch.full((1, 3, 2, 2), 0.1), torch.tensor([0.0, 2.0]))
    assert exposures.shape == (1, 2, 3, 2, 2)
    torch.testing.assert_close(exposures[0, 1], torch.full((3, 2, 2), 0.1 * 2 ** (2 / 2.2)))


def test_four_times_the_mean_is_white() -> None:
    """And what is brighter is white, too."""
    radiance = torch.tensor([0.5, 0.5, 0.5, 14.5]).expand(3, 1, 4)
    torch.testing.assert_close(PowerLaw(gamma=1.0)(radiance), (radiance / 16).clamp_max(1))
