"""What the file of a photograph knows of its radiance, through predict."""

import numpy as np
import pytest
import torch

from hdrgen.camera import SRGB, Gamma
from hdrgen.data import GAIN_MAP, LINEAR
from hdrgen.methods import InverseCamera, LinearGain
from tests.checkpoint_files import example_of, perturbed


def batch_of(linear: torch.Tensor, source: str, **more) -> dict:
    display = SRGB()(linear)[None, None]
    return {"ldr": display, "ev": torch.zeros(1, 1), "ref": torch.zeros(1, dtype=torch.long), "scene": ["a"]} | {
        "source": [source],
        **more,
    }


def some_linear() -> torch.Tensor:
    linear = torch.rand(3, 24, 32, generator=torch.Generator().manual_seed(0)) * 0.97
    linear[:, 8:16, 8:16] = 1
    return linear


@torch.no_grad()
@pytest.mark.parametrize("method", [LinearGain(response=Gamma(2.2)), perturbed(example_of("InverseCamera").model())])
def test_a_linear_photograph_keeps_its_values_where_it_is_not_clipped(method):
    linear = some_linear()
    before = method.response
    hdr = method.predict_step(batch_of(linear, LINEAR), 0)["hdr"][0]
    known = linear.amax(0) < 0.975
    assert (hdr - linear)[:, known].abs().max() < 1e-6
    assert hdr[:, 10, 10].min() >= 0.999
    assert method.response is before


@torch.no_grad()
def test_an_estimated_curve_has_no_say_in_a_linear_photograph():
    """Also not where one channel is clipped: the others would change their ratio, and the pixel its colour."""
    model = perturbed(example_of("InverseCamera").model())
    linear = some_linear()
    linear[1:, 8:16, 8:16] = torch.tensor([0.5, 0.25])[:, None, None]
    restored = model.predict_step(batch_of(linear, LINEAR), 0)["hdr"][0, :, 10, 10]
    assert restored[0] > 0.999
    np.testing.assert_allclose(restored / restored[0], [1, 0.5, 0.25], rtol=1e-3)


@torch.no_grad()
def test_radiance_of_a_gain_map_stays_and_costs_no_network(monkeypatch):
    model = perturbed(example_of("InverseCamera").model())
    model.keeps_exposures = False
    monkeypatch.setattr(InverseCamera, "expand", lambda *_: pytest.fail("ran"))
    own = 5 * torch.rand(1, 3, 24, 32)
    assert model.predict_step(batch_of(some_linear(), GAIN_MAP, hdr=own), 0)["hdr"] is own
