import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hdrgen.camera import Gamma, Sigmoid, form_image
from hdrgen.errors import InputError
from hdrgen.methods import InverseCamera
from hdrgen.methods.inverse_camera.application import Restoration, guided_stops, region_stops
from hdrgen.methods.inverse_camera.curve import BASIS, CurveFamily, response_of
from hdrgen.methods.inverse_camera.loss import QUANTILES, curve_loss, pinball, stops_loss
from hdrgen.methods.inverse_camera.network import CameraEstimate, CameraNetwork
from hdrgen.methods.inverse_camera.summary import depth_of, histogram_of, overview_of, thumbnail_of

TINY = {"channels": (8, 8, 8), "thumbnail": 32}


def photograph(height=48, width=64):
    x, y = torch.linspace(0, 1, width), torch.linspace(0, 1, height)[:, None]
    return torch.stack([x.expand(height, -1), y.expand(-1, width), (x + y) / 2])[None]


def trained_looking():
    """A model whose estimate is not the mean camera."""
    torch.manual_seed(0)
    model = InverseCamera(**TINY)
    for layer in (model.network.to_curve, model.network.to_stops):
        torch.nn.init.normal_(layer.weight, std=0.2)
    return model.eval()


@given(st.lists(st.floats(-3, 3), min_size=BASIS, max_size=BASIS))
def test_every_curve_rises_from_0_to_1(coefficients):
    curve = CurveFamily()(torch.tensor([coefficients]))[0]
    assert curve[0] == 0
    assert curve[-1] == 1
    assert (curve.diff() >= 0).all()


def test_without_evidence_the_curve_is_the_mean_of_cameras():
    levels = torch.linspace(0, 1, 256)
    curve = CurveFamily()(torch.zeros(1, BASIS))[0]
    torch.testing.assert_close(curve, Sigmoid(0.9, 0.6).inverse(levels), atol=1e-6, rtol=1e-5)


@torch.no_grad()
def test_what_is_not_clipped_is_the_linearised_photograph_exactly():
    model, image = trained_looking(), photograph()
    curve = model.estimate(image).curve[0].double().numpy()
    radiance = model.expand(image)
    below = (image.amax(1, keepdim=True) <= 0.9).expand_as(image)
    linear = np.interp(image[below].double().numpy(), np.linspace(0, 1, 256), curve)
    assert np.abs(radiance[below].numpy() - linear).max() < 1e-6


@torch.no_grad()
def test_trust_lies_between_the_mean_of_cameras_and_the_estimate():
    model, image, levels = trained_looking(), photograph(), torch.linspace(0, 1, 256)
    model.trust = 0.0
    torch.testing.assert_close(model.estimate(image).curve[0], Sigmoid(0.9, 0.6).inverse(levels), atol=1e-6, rtol=1e-5)
    model.trust = 1.0
    torch.testing.assert_close(model.estimate(image).curve, model.network(image).curve)
    with pytest.raises(InputError, match=r"trust from 0 to 1, found 1\.5"):
        InverseCamera(**TINY, trust=1.5)


@torch.no_grad()
def test_ev_0_gives_the_photograph_back_and_others_are_the_cameras_pictures():
    model, image = trained_looking(), photograph()
    stack = model.generate(image, torch.tensor([-1.0, 0.0, 1.5]))[0]
    assert torch.equal(stack[1], image[0])
    radiance, response = model.expand(image)[0], response_of(model.estimate(image).curve)
    for index, ev in ((0, -1.0), (2, 1.5)):
        torch.testing.assert_close(stack[index], response((radiance * 2**ev).clamp(0, 1)[None])[0])


@torch.no_grad()
def test_a_white_lamp_stays_white_and_gets_the_stops_of_its_place():
    image = torch.ones(1, 3, 4, 4)
    radiance = Restoration()(image, image, torch.full((1, 1, 4, 4), 3.0))
    torch.testing.assert_close(radiance, torch.full((1, 3, 4, 4), 8.0))


@torch.no_grad()
def test_a_known_response_takes_the_place_of_the_estimated_one():
    torch.manual_seed(0)
    image = photograph() * 0.8
    radiance = InverseCamera(**TINY, response=Gamma(2.2)).eval().expand(image)
    torch.testing.assert_close(radiance, image**2.2, atol=2e-5, rtol=1e-3)


@given(st.sampled_from(QUANTILES), st.integers(0, 100))
def test_the_pinball_loss_is_least_at_the_quantile(quantile, seed):
    sample = torch.randn(500, generator=torch.Generator().manual_seed(seed))
    candidates = torch.linspace(-3, 3, 601)
    losses = pinball(candidates[:, None], sample, quantile).mean(1)
    assert float(candidates[losses.argmin()]) == pytest.approx(np.quantile(sample.numpy(), quantile), abs=0.05)


def test_stops_are_judged_where_the_photograph_is_clipped_alone():
    radiance = torch.full((1, 3, 2, 2), 0.5)
    radiance[..., 0, 0] = 4.0  # two stops above white
    clipped = (radiance.amin(1, keepdim=True) >= 1).float()
    assert float(stops_loss(torch.full((1, 2, 2, 2), 2.0), clipped, radiance)) == 0
    assert float(stops_loss(torch.full((1, 2, 2, 2), 1.0), clipped, radiance)) == pytest.approx(sum(QUANTILES))


def test_the_loss_on_the_curve_is_in_stops():
    levels = torch.linspace(0, 1, 1024)
    curve = Sigmoid(0.9, 0.6).inverse(levels)[None]
    assert float(curve_loss(curve, curve)) == 0
    assert float(curve_loss(curve / 2, curve)) == pytest.approx(1, abs=1e-4)


def test_small_lights_get_the_upper_quantile_and_large_areas_the_median():
    stops = torch.tensor([1.0, 3.0]).view(1, 2, 1, 1).expand(1, 2, 64, 64)
    clipped = torch.zeros(1, 1, 64, 64)
    clipped[..., 5, 5] = 0.1
    clipped[..., 32:, :] = 1
    chosen = region_stops(CameraEstimate(torch.zeros(1, 256), stops, clipped, clipped))
    assert float(chosen[0, 0, 5, 5]) > 2.9
    assert float(chosen[0, 0, 50, 50]) == 1


def test_clipped_regions_have_an_edge_and_an_inside_whatever_the_size():
    for side in (256, 1024):
        image = torch.full((1, 3, side, side), 0.5)
        image[..., : side // 2] = 1
        image[..., side // 4 : side // 4 + side // 128, -side // 4 : -side // 4 + side // 128] = 1  # two cells
        depth = depth_of(image)[0, 0]
        assert depth[:, :124].min() > 0.999
        assert float(depth[128, 127]) < 0.5  # the last clipped column
        assert depth[128, 130:190].max() == 0
        assert depth[64:66, -64:-62].min() > 0.999
    assert depth_of(torch.full((1, 3, 20, 30), 0.9)).max() == 0


@torch.no_grad()
def test_radiance_comes_down_to_white_at_the_edge_of_a_light():
    model = trained_looking()
    image = torch.full((1, 3, 256, 256), 0.2)
    image[..., 60:200, 60:200] = 1
    row = model.expand(image)[0, 0, 128]
    assert float(row[130]) > 1.5
    assert (row[60:64].diff() > 0).all()
    assert float(row[60]) < 1 + (float(row[130]) - 1) / 2


@torch.no_grad()
def test_what_is_nothing_but_white_is_one_white():
    model = trained_looking()
    radiance = model.expand(torch.ones(1, 3, 96, 128))
    assert float(radiance.max() / radiance.min()) < 1.001
    assert float(radiance.min()) > 1


def test_stops_come_from_clipped_cells_and_do_not_thin_out_at_their_edges():
    stops, clipped = torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8)
    stops[..., 4], clipped[..., 4] = 4.0, 1.0
    large = guided_stops(stops, clipped, torch.zeros(1, 3, 64, 64))
    assert float(large[..., 33:39].min()) > 3.98
    assert float(large[..., 29:31].min()) > 3.9  # beside it, where interpolation alone would give a half
    assert float(large[..., :24].max()) == 0


def test_the_overview_does_not_depend_on_the_size_of_the_photograph():
    torch.manual_seed(0)
    small = torch.rand(1, 3, 64, 96)
    large = small.repeat_interleave(4, -1).repeat_interleave(4, -2)
    views = [overview_of(image, 32) for image in (small, large)]
    assert views[0].shape == (1, 6, 32, 32)
    torch.testing.assert_close(views[0], views[1], atol=0.06, rtol=0)
    assert (views[0] - views[1]).abs().mean() < 0.01


def test_the_thumbnail_holds_means_deviation_and_dark_share_of_its_cells():
    overview = torch.zeros(1, 6, 4, 4)
    overview[:, 0, 0, :2] = torch.tensor([0.2, 0.6])
    overview[:, 0, 1, :2] = torch.tensor([0.6, 0.2])
    overview[:, 3, 2:, 2:] = 0.5
    thumbnail = thumbnail_of(overview)
    assert thumbnail.shape == (1, 8, 2, 2)
    torch.testing.assert_close(thumbnail[0, :, 0, 0], torch.tensor([0.4, 0, 0, 0, 0, 0, 0.2, 0]))
    torch.testing.assert_close(thumbnail[0, :, 1, 1], torch.tensor([0, 0, 0, 0.5, 0, 0, 1e-3, 1]))


def test_the_histogram_is_that_of_numpy_at_the_middle_of_its_bins():
    values = (torch.randint(64, (1, 3, 500), generator=torch.Generator().manual_seed(0)) / 63).square()
    counts = np.stack([np.bincount((row.sqrt() * 63).round().int().numpy(), minlength=64) for row in values[0]])
    expected = torch.tensor(np.sqrt(counts / 500), dtype=torch.float32)
    torch.testing.assert_close(histogram_of(values[..., None])[0], expected, atol=2e-3, rtol=0)


def test_the_default_network_has_so_many_parameters():
    assert sum(parameter.numel() for parameter in InverseCamera().parameters()) == 1_014_189


def test_widths_that_cannot_be_are_refused():
    with pytest.raises(InputError, match=r"multiples of 4, found \[10, 8\]"):
        CameraNetwork((10, 8))
    with pytest.raises(InputError, match="multiple of 4 cells, found 30"):
        CameraNetwork((8, 8, 8), thumbnail=30)


def test_scenes_without_a_known_response_are_refused():
    image = photograph()
    batch = {"ldr": image[:, None], "ev": torch.zeros(1, 1), "ref": torch.zeros(1, dtype=torch.long), "scene": ["a"]}
    with pytest.raises(InputError, match="a: expected scenes that know their radiance and response"):
        InverseCamera(**TINY).training_step(batch, 0)


@torch.no_grad()
def test_photographs_of_any_kind_give_finite_radiance():
    model = trained_looking()
    for image in (torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8), torch.rand(1, 3, 1, 1), torch.rand(1, 3, 3, 400)):
        radiance = model.reconstruct({"ldr": image[:, None], "ref": torch.zeros(1, dtype=torch.long), "scene": ["a"]})
        assert radiance.shape == image.shape
        assert radiance.isfinite().all()
        assert (radiance >= 0).all()


@torch.no_grad()
def test_a_clipped_ramp_is_restored_without_a_step():
    """Where the photograph passes from known to clipped, radiance rises and does not jump."""
    display = torch.linspace(0.85, 1, 256).expand(1, 3, 4, -1)
    radiance = Restoration()(display, display, torch.full((1, 1, 4, 256), 4.0))[0, 0, 0]
    assert (radiance.diff() > 0).all()
    assert float(radiance.diff().max()) < 0.5


def test_form_image_and_expose_agree_on_a_known_camera():
    radiance = torch.linspace(0, 0.9, 192).view(1, 3, 8, 8)
    curve = Gamma(2.2).inverse(torch.linspace(0, 1, 1024))[None]
    from hdrgen.methods.inverse_camera.application import exposures_of

    made = exposures_of(radiance, torch.tensor([1.0]), curve)
    wanted = form_image(radiance, torch.tensor([1.0]), Gamma(2.2), bits=None)
    torch.testing.assert_close(made, wanted, atol=2e-3, rtol=0)
