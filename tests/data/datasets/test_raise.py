import pytest
import torch

from hdrgen.camera import SRGB, Gamma
from hdrgen.data import RAISE
from hdrgen.errors import InputError
from tests.data.datasets import trees


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return trees.raise_(tmp_path_factory.mktemp("raise") / "photographs")


def test_stacks_are_developed_from_linear_raw(root):
    """Each exposure is f(radiance 2^EV), quantised; by hand, with the curve of the standard."""
    data = RAISE(str(root), evs=[-1, 0, 2])
    sample = data[1]
    assert [data.scene(index) for index in range(len(data))] == ["r000t", "r001t"]
    light = (sample["hdr"][None] * torch.tensor([0.5, 1, 4])[:, None, None, None]).clamp(0, 1)
    curve = torch.where(light <= 0.0031308, 12.92 * light, 1.055 * light.clamp_min(1e-9) ** (1 / 2.4) - 0.055)
    torch.testing.assert_close(sample["ldr"], (curve * 255).round() / 255, atol=1 / 255 + 1e-6, rtol=0)
    assert (sample["ldr"] - (curve * 255).round() / 255).abs().mean() < 1e-4
    torch.testing.assert_close(sample["inverse_response"], SRGB().inverse(torch.linspace(0, 1, 1024)))


def test_with_headroom_what_the_sensor_clipped_is_white_in_every_exposure(root):
    deep, shot = RAISE(str(root))[0], RAISE(str(root), headroom=0)[0]
    clipped = shot["hdr"] >= 0.9999
    assert 0 < float(clipped.float().mean()) < 0.5
    assert (deep["ldr"][:, clipped] == 1).all()
    assert (shot["ldr"][0][clipped] < 1).all()
    torch.testing.assert_close(deep["hdr"], shot["hdr"] * 4)
    assert torch.equal(deep["ldr"][0], shot["ldr"][2])


def test_a_chosen_response_and_no_quantisation(root):
    sample = RAISE(str(root), response=Gamma(2.0), bits=None, headroom=0, square=16)[0]
    assert sample["ldr"].shape[-2:] == (16, 16)
    torch.testing.assert_close(sample["ldr"][2], sample["hdr"].clamp(0, 1).sqrt(), atol=1e-4, rtol=0)
    torch.testing.assert_close(sample["inverse_response"], torch.linspace(0, 1, 1024) ** 2, atol=1e-6, rtol=0)


def test_exposures_must_hold_the_reference(root):
    with pytest.raises(InputError, match="with 0 among them"):
        RAISE(str(root), evs=[1.0, 2.0])


def test_scenes_by_name(root):
    assert len(RAISE(str(root.parent), only="r001t")) == 1


def test_wrong_root_shows_expected_and_found(tmp_path):
    (tmp_path / "r000.TIF").touch()
    with pytest.raises(InputError, match=r"expected <root>/<photograph>\.NEF, found r000\.TIF; .* not their TIFFs"):
        RAISE(str(tmp_path))
