import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from hdrgen.losses import census_distance
from hdrgen.methods import SAFNet
from hdrgen.methods.safnet import SAFNetwork
from hdrgen.methods.safnet.network import explicit_merge
from hdrgen.methods.safnet.refiners import in_windows
from hdrgen.nn import warped
from tests.methods.checks.formula import exposures, filled, image, parameters, statistics
from tests.methods.three_exposures.scenes import stacks

TINY = {"channels": 4, "refiner": "small", "refiner_width": 4, "perceptual_weight": 0.0}


@pytest.fixture(scope="module")
def network():
    return filled(SAFNetwork(), 0.5)


class TestChecks:
    def test_sizes(self, network):
        parts = [parameters(part) for part in (network.encoder, network.decoder, network.refiner)]
        assert parts == [103_600, 408_006, 609_243]
        with torch.device("meta"):
            assert parameters(SAFNetwork(refiner="small")) == 566_713

    @torch.no_grad()
    def test_flow_and_masks_are_those_of_the_authors(self, network):
        flow, mask = network.select(exposures(64, 96, radiance_first=True))
        wanted = [
            (flow[:, :2], [-1.343, 0.136621, -1.23645, -1.34957, -1.47001]),
            (flow[:, 2:], [-1.2462, 0.204031, -1.7469, -0.954805, -1.44527]),
            (mask[:, :1], [0.45026, 0.00541113, 0.453852, 0.456794, 0.455871]),
            (mask[:, 1:], [0.447287, 0.00502932, 0.449415, 0.441409, 0.443445]),
        ]
        for found, numbers in wanted:
            assert statistics(found) == pytest.approx(numbers, abs=1e-4)

    @torch.no_grad()
    def test_merge_and_radiance_are_those_of_the_authors(self, network):
        made = network(exposures(64, 96, radiance_first=True))
        assert statistics(made.merged) == pytest.approx(
            [0.0964652, 0.0956682, 0.0431847, 0.102414, 0.0351125], abs=1e-4
        )
        assert statistics(made.radiance) == pytest.approx([0.0389205, 0.0666779, 0, 0.00596526, 0], abs=1e-4)
        made = network(exposures(50, 70, radiance_first=True))  # sides that are resized
        assert statistics(made.merged) == pytest.approx([0.0949526, 0.100383, 0.141752, 0.0131753, 0.0269192], abs=1e-4)
        assert statistics(made.radiance)[:2] == pytest.approx([0.0393688, 0.0743432], abs=1e-4)

    @torch.no_grad()
    def test_the_small_variant_is_that_of_the_authors(self):
        radiance = filled(SAFNetwork(refiner="small"), 0.5)(exposures(64, 96, radiance_first=True)).radiance
        assert statistics(radiance) == pytest.approx([0.0668387, 0.0867524, 0.0182805, 0.0552828, 0], abs=1e-4)

    def test_the_explicit_merge_alone(self):
        seen = exposures(48, 64, radiance_first=True)
        mask = torch.tensor([0.7, 0.3]).view(1, 2, 1, 1).expand(1, 2, 48, 64)
        merged = explicit_merge(seen[:, :, :3].unbind(1), seen[:, 1, 3:], mask)
        assert statistics(merged) == pytest.approx([0.106115, 0.134376, 0.10889, 0.0385412, 0.00306024], abs=1e-4)


def test_a_flow_moves_an_image_as_scipy_does():
    torch.manual_seed(0)
    picture, flow = torch.rand(1, 1, 9, 12), 4 * torch.randn(1, 2, 9, 12)
    y, x = np.mgrid[:9, :12] + flow[0].flip(0).numpy()
    wanted = map_coordinates(picture[0, 0].numpy(), [y, x], order=1, mode="nearest")
    np.testing.assert_allclose(warped(picture, flow)[0, 0].numpy(), wanted, atol=1e-5)


def test_the_census_distance_pixel_by_pixel():
    first, second = (image(k, 3, 12, 14) for k in (0, 1))
    luma = np.array([0.2989, 0.587, 0.114])
    terms = []
    for y in range(3, 9):
        for x in range(3, 11):
            signs = []
            for picture in (first, second):
                grey = np.tensordot(luma, picture[0].numpy(), 1)
                delta = grey[y - 3 : y + 4, x - 3 : x + 4] - grey[y, x]
                signs.append(delta / np.sqrt(0.81 + delta**2))
            square = (signs[0] - signs[1]) ** 2
            terms.append((square / (0.1 + square)).mean())
    assert census_distance(first, second).item() == pytest.approx(np.mean(terms), rel=1e-5)


def test_squares_are_worked_on_apart_and_put_back():
    torch.manual_seed(0)
    features, layer = torch.rand(2, 3, 8, 12), torch.nn.Conv2d(3, 2, 3, padding=1)
    made = in_windows(layer, features, 4)
    torch.testing.assert_close(made[1:, :, 4:8, 8:12], layer(features[1:, :, 4:8, 8:12]))
    torch.testing.assert_close(in_windows(layer, features, 5), layer(features))


class TestTraining:
    def test_terms_of_the_loss(self):
        model, batch = SAFNet(**TINY), stacks()
        terms = model.losses(batch)
        truth = model.truth_of(batch, batch["ev"])
        made = model.network(model.six_channels(batch["ldr"], model.linearised(batch["ldr"], batch["ev"])))
        code = [np.log(1 + 5000 * x.detach().numpy()) / np.log(5001) for x in (made.radiance, made.merged, truth)]
        census = census_distance(*(torch.from_numpy(x) for x in code[1:])).item()
        assert terms["l1"].item() == pytest.approx(np.abs(code[0] - code[2]).mean(), rel=1e-5)
        assert terms["merge"].item() == pytest.approx(0.1 * (np.abs(code[1] - code[2]).mean() + census), rel=1e-4)

    @pytest.mark.parametrize("changes", [{}, {"refiner": "full", "refiner_width": 8, "window": 16}])
    def test_every_parameter_is_reached(self, changes):
        model = SAFNet(**TINY | changes)
        sum(model.losses(stacks()).values()).backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())

    @torch.no_grad()
    def test_a_start_at_the_merge(self):
        model, batch = SAFNet(**TINY, start_at_merge=True).eval(), stacks()
        made = model.network(model.six_channels(batch["ldr"], model.linearised(batch["ldr"], batch["ev"])))
        torch.testing.assert_close(made.radiance, made.merged.clamp(0, 1))
