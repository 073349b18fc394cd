"""The short cuts of rendering, beside the image formation that they stand for."""

import pytest
import torch

from hdrgen.camera import SRGB, Gamma, Sigmoid, TabulatedResponse, form_image
from hdrgen.data.virtual import exposing
from hdrgen.data.virtual.exposing import bracket_of

EV = torch.tensor([-1.5, 0.0, 2.0])
KNOTS = torch.linspace(0, 1, 64)
EVEN = TabulatedResponse(KNOTS, KNOTS**0.4)
UNEVEN = TabulatedResponse(KNOTS**1.5, KNOTS**0.4)
CHANNELS = TabulatedResponse(KNOTS.expand(3, -1), torch.stack([KNOTS, KNOTS**0.5, KNOTS**0.4]))


def scene(*size):
    return (torch.rand(*size, 6, 7, generator=torch.Generator().manual_seed(0)) * 8 - 6).exp2()


@pytest.mark.parametrize("bits", [None, 1, 8, 10])
@pytest.mark.parametrize(
    "response", [Gamma(1.0), Gamma(2.2), Sigmoid(), Sigmoid(0.7, 0.3), EVEN, UNEVEN, CHANNELS, SRGB()], ids=repr
)
def test_still_or_moving_it_is_the_formation_of_images(response, bits):
    hdr = scene(3)
    moving = scene(3, 3)
    before = moving.clone()
    codes = 1 if bits is None else 2**bits - 1
    for found, expected in (
        (bracket_of(hdr, EV, response, bits), form_image(hdr, EV, response, bits)),
        (
            bracket_of(moving, EV, response, bits),
            torch.stack([form_image(frame, ev, response, bits) for frame, ev in zip(moving, EV, strict=True)]),
        ),
    ):
        assert found.shape == (3, 3, 6, 7)
        assert found.dtype == torch.float32
        # Where a value lies just between two codes, the one or the other.
        assert (found - expected).abs().max() <= (1e-5 if bits is None else 1.001 / codes)
        assert ((found - expected).abs() > 1e-5).float().mean() < 0.01
    assert torch.equal(moving, before)


@pytest.mark.parametrize(
    ("response", "bits", "short"),
    [
        (EVEN, 8, True),
        (Gamma(2.2), 8, True),
        (Sigmoid(), 8, True),
        (UNEVEN, 8, False),
        (CHANNELS, 8, False),
        (SRGB(), 8, False),
        (Gamma(2.2), 9, False),
        (Gamma(2.2), None, False),
    ],
)
def test_which_responses_have_a_short_cut(monkeypatch, response, bits, short):
    asked = []
    form = exposing.form_image
    monkeypatch.setattr(exposing, "form_image", lambda *args: asked.append(args) or form(*args))
    for hdr in (scene(3), scene(3, 3)):
        bracket_of(hdr, EV, response, bits)
    assert len(asked) == (0 if short else 2)


@pytest.mark.parametrize(("off", "even"), [(2.0**-23, True), (2.0**-21, False)])
def test_equidistant_but_for_single_precision(off, even):
    knots = KNOTS.clone()
    knots[32] += off
    assert exposing._is_uniform(knots) == even
    assert not exposing._is_uniform(KNOTS * 0.5)
