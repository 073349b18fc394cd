"""What all methods do that merge three exposures of a moving scene."""

import numpy as np
import pytest
import torch

from hdrgen.camera import SRGB
from hdrgen.data import Brackets
from hdrgen.errors import InputError
from hdrgen.losses import mu_law_l1
from hdrgen.methods import HDRTransformer, SAFNet
from hdrgen.methods.three_exposures import ThreeExposureModule
from tests.methods.checks.formula import image
from tests.methods.checks.trunk import ToyTrunk
from tests.methods.examples import EXAMPLES
from tests.methods.three_exposures.scenes import EV, stacks

MERGING = [example for example in EXAMPLES if issubclass(example.method, ThreeExposureModule)]
every_merge = pytest.mark.parametrize("example", MERGING, ids=lambda example: example.method.__name__)


class Dark(ThreeExposureModule):
    """The darkest exposure, linearised."""

    def estimate(self, ldr, ev):
        return self.linearised(ldr, ev)[:, 0]


def compressed(x):
    """The mu-law in NumPy."""
    return np.log(1 + 5000 * x) / np.log(5001)


class TestLoss:
    def test_of_two_images_by_the_formula(self):
        first, second = image(0, 3, 48, 64), image(1, 3, 48, 64)
        assert mu_law_l1(first, second).item() == pytest.approx(0.116548, abs=1e-6)
        oracle = np.abs(compressed(first.numpy()) - compressed(second.numpy())).mean()
        assert mu_law_l1(first, second).item() == pytest.approx(oracle, rel=1e-5)

    def test_the_truth_is_counted_from_the_darkest_exposure_and_cut_where_that_saturates(self):
        batch, model = stacks(), Dark()
        truth = model.truth_of(batch, batch["ev"]).numpy()
        np.testing.assert_allclose(truth, np.minimum(batch["hdr"].numpy() / 4, 1), rtol=1e-6)
        made = np.minimum(batch["ldr"][:, 0].numpy() ** 2.2, 1)
        oracle = np.abs(compressed(made) - compressed(truth)).mean()
        assert model.losses(batch)["l1"].item() == pytest.approx(oracle, abs=1e-6)

    @torch.no_grad()
    @pytest.mark.parametrize("method", [HDRTransformer, SAFNet])
    def test_features_are_compared_of_tone_mapped_images(self, method, monkeypatch):
        trunk = ToyTrunk()
        monkeypatch.setattr("hdrgen.losses.perceptual.pretrained_vgg", lambda *_: trunk)
        example, batch = next(each for each in EXAMPLES if each.method is method), stacks(32)
        model = method(**{**example.arguments, "perceptual_weight": 0.01}).eval()
        model.setup("fit")
        truth = np.minimum(batch["hdr"].double().numpy() / 4, 1)
        made = model.estimate(batch["ldr"], batch["ev"]).double().numpy()
        wanted = 0.01 * trunk.distance(compressed(made), compressed(truth))
        assert model.losses(batch)["perceptual"].item() == pytest.approx(wanted, rel=1e-3)

    def test_scenes_without_truth(self):
        with pytest.raises(InputError, match="true HDR image"):
            Dark().losses({key: value for key, value in stacks().items() if key != "hdr"})


class TestFormation:
    @pytest.mark.parametrize("linear_first", [False, True])
    def test_six_channels(self, linear_first):
        """L and L^2.2 / t, with the time of the darkest exposure as 1."""
        model, batch = Dark(), stacks(8)
        model.linear_first = linear_first
        times = 2 ** (batch["ev"] - batch["ev"][:, :1]).numpy()[..., None, None, None]
        display = batch["ldr"].numpy()
        parts = [display, display**2.2 / times]
        wanted = np.concatenate(parts[::-1] if linear_first else parts, 2)
        made = model.six_channels(batch["ldr"], model.linearised(batch["ldr"], batch["ev"]))
        np.testing.assert_allclose(made.numpy(), wanted, rtol=1e-4, atol=1e-7)

    def test_another_response(self):
        ldr = torch.rand(1, 3, 3, 8, 8)
        torch.testing.assert_close(Dark(response=SRGB()).linearised(ldr, EV[None])[:, 0], SRGB().inverse(ldr[:, 0]))

    def test_three_of_scenes_that_differ(self):
        batch = stacks(8, ev=torch.tensor([-4.0, -2.0, 0.0, 2.0, 4.0]))
        batch["ref"] = torch.tensor([2, 3])
        assert Dark().three_of(batch)[1].tolist() == [[-2, 0, 2], [0, 2, 4]]
        assert Dark(exposure_step=4.0).three_of(batch)[1].tolist() == [[-4, 0, 4], [-2, 2, 4]]


@every_merge
@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(17, 30), (1, 1)])
def test_any_size(example, height, width):
    batch = stacks(32, 1)
    batch["ldr"] = batch["ldr"][..., :height, :width]
    radiance = example.model().eval().reconstruct(batch)
    assert radiance.shape == (1, 3, height, width)
    assert radiance.isfinite().all()
    assert radiance.min() >= 0


@every_merge
@torch.no_grad()
def test_a_stop_more_exposure_is_half_the_radiance(example):
    model, batch = example.model().eval(), stacks(16)
    first, second = (model.reconstruct(batch | {"ev": batch["ev"] + stops}) for stops in (0, 1))
    torch.testing.assert_close(first, 2 * second)


@every_merge
@torch.no_grad()
def test_a_start_near_the_reference(example):
    """Known is the radiance of the reference, and that of the darkest exposure where the reference is clipped."""
    if "start_near_reference" not in example.method.__init__.__annotations__:
        pytest.skip("it starts so anyway, or has no such argument")
    batch = stacks(16)
    radiance = example.model(start_near_reference=True).eval().reconstruct(batch)
    brightest = batch["hdr"].amax(1, keepdim=True).expand_as(radiance)
    for known in (brightest < 0.75, (brightest > 1) & (brightest < 3.9)):
        torch.testing.assert_close(radiance[known], batch["hdr"][known], rtol=0.02, atol=1e-3)


@every_merge
def test_files_of_a_scene_are_grouped(example):
    model = example.model(exposure_step=3.0)
    assert model.photographs.func is Brackets
    assert model.photographs.keywords["selection"].step == pytest.approx(3.0)
