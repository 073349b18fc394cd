"""The curve of a photograph from its histogram alone, and its training by small pictures."""

import pytest
import torch

from hdrgen.camera import Gamma, Sigmoid
from hdrgen.errors import InputError
from hdrgen.methods import InverseCamera
from hdrgen.methods.inverse_camera.loss import ROUNDING, exposure_errors
from hdrgen.methods.inverse_camera.summary import histogram_of
from tests.methods.inverse_camera.steps import trained_by_a_step

TINY = {"channels": (8, 8, 8), "thumbnail": 32}
LEVELS = torch.linspace(0, 1, 1024)


def estimating():
    """A model that has an opinion."""
    torch.manual_seed(0)
    model = InverseCamera(**TINY, curve_from="histogram", part="curve", trust=1.0)
    torch.nn.init.normal_(model.network.of_histogram[-1].weight, std=0.3)
    return model


def test_the_errors_are_those_of_the_pictures_that_two_cameras_take():
    image = (torch.randint(60, (1, 3, 40, 40), generator=torch.Generator().manual_seed(0)) / 63).square()
    mine, true, ev = Sigmoid(0.9, 0.6), Gamma(2.2), torch.tensor([-1.5, 1.0])
    errors = exposure_errors(mine.inverse(LEVELS)[None], true.inverse(LEVELS)[None], histogram_of(image), ev)
    for found, stops in zip(errors[0], ev, strict=True):
        made, wanted = (each((each.inverse(image) * 2**stops).clamp(0, 1)) for each in (mine, true))
        expected = ((made - wanted).square().mean() + ROUNDING**2).sqrt()
        assert float(found) == pytest.approx(float(expected), rel=0.01)


@torch.no_grad()
def test_where_things_are_does_not_matter_to_the_curve():
    model, generator = estimating().eval(), torch.Generator().manual_seed(1)
    image = torch.rand(1, 3, 64, 64, generator=generator)
    moved = image.flatten(2)[..., torch.randperm(64 * 64, generator=generator)].view_as(image)
    curves = [model.estimate(each).curve for each in (image, moved, image.sqrt())]
    torch.testing.assert_close(curves[0], curves[1], atol=1e-5, rtol=0)
    assert float((curves[0] - curves[2]).abs().max()) > 0.01


def test_only_the_curve_is_trained():
    model = estimating()
    assert trained_by_a_step(model) == {name for name, _ in model.named_parameters() if ".of_histogram." in name}


@torch.no_grad()
def test_it_starts_from_weights_that_see_the_picture_and_keeps_their_gain(tmp_path):
    picture = InverseCamera(**TINY)
    torch.nn.init.normal_(picture.network.to_stops.weight, std=0.5)
    file = tmp_path / "picture.ckpt"
    torch.save({"state_dict": picture.state_dict(), "hyper_parameters": {}}, file)
    model = InverseCamera(**TINY, curve_from="histogram", initial_weights=str(file))
    model.setup("fit")
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    found, was = (each.eval().estimate(image) for each in (model, picture))
    torch.testing.assert_close(found.stops, was.stops)
    torch.testing.assert_close(found.curve[0], Sigmoid(0.9, 0.6).inverse(torch.linspace(0, 1, 256)), atol=1e-5, rtol=0)


def test_a_curve_that_sees_the_picture_is_not_trained_alone():
    with pytest.raises(InputError, match='expected curve_from "histogram"'):
        InverseCamera(**TINY, part="curve")
    with pytest.raises(InputError, match="found one that sees the picture"):
        InverseCamera(**TINY).network.curve_of(torch.rand(1, 3, 64))
