import itertools
import pickle

import numpy as np
import pytest
import torch

from hdrgen.camera import Gamma, Sigmoid, TabulatedResponse, form_image, luminance_of
from hdrgen.data import StackCamera
from hdrgen.data.dataset import derived_generator
from hdrgen.data.virtual.exposing import bracket_of
from hdrgen.data.virtual.stack_camera import HALF_STOPS, fold_of
from hdrgen.errors import InputError


def scene(seed: int = 0) -> torch.Tensor:
    return torch.exp2(8 * torch.randn(3, 24, 24, generator=derived_generator("test", seed)).clamp(-2, 2))


def test_exposures_are_eight_bit_and_follow_the_absolute_scale():
    sample = StackCamera().photograph(scene(), "a", range(9), derived_generator(3))
    levels = sample["ldr"] * 255
    torch.testing.assert_close(levels, levels.round(), atol=1e-4, rtol=0)
    display = torch.linspace(0, 1, 1024)
    for frame, ev in enumerate(HALF_STOPS):
        exposure = (sample["hdr"] * 2**ev).clamp(0, 1)
        # The oracle reads f off the tabulated inverse, which the renderer itself does not use.
        encoded = np.interp(exposure.numpy(), sample["inverse_response"].numpy(), display.numpy())
        assert np.abs(encoded - sample["ldr"][frame].numpy()).max() < 0.6 / 255 + 1 / 1023


def test_frames_are_the_same_whichever_are_asked_for():
    camera = StackCamera()
    whole = camera.photograph(scene(), "a", range(9), derived_generator(5))
    part = camera.photograph(scene(), "a", [2, 7], derived_generator(5))
    assert torch.equal(part["ldr"], whole["ldr"][[2, 7]])
    assert torch.equal(part["hdr"], whole["hdr"])
    assert part["ev"].tolist() == [-1.0, 1.5]
    assert (int(whole["ref"]), int(part["ref"])) == (4, 0)


def test_jitter_stays_within_its_stops():
    camera = StackCamera(jitter=0.5)
    levels = [
        float(luminance_of(camera.photograph(scene(), "a", [4], derived_generator(seed))["hdr"]).median())
        for seed in range(40)
    ]
    errors = np.log2(np.array(levels) / 0.18)
    assert np.abs(errors).max() < 0.55
    assert np.abs(errors).max() > 0.3


def test_folds_share_no_curve_and_keep_neighbours_together():
    curves = [Gamma(1 + index / 100) for index in range(201)]
    train, test = (fold_of(curves, held_out=held_out) for held_out in (False, True))
    assert len(train) + len(test) == 201
    assert not {id(curve) for curve in train} & {id(curve) for curve in test}
    assert 30 <= len(test) <= 50
    positions = [curves.index(curve) for curve in test]
    assert sum(b - a == 1 for a, b in itertools.pairwise(positions)) >= len(test) * 0.75


def test_curves_are_drawn_from_the_given_ones():
    curves = [Gamma(value) for value in (1.0, 2.0, 3.0)]
    drawn = {StackCamera(curves=curves).draw_response(derived_generator(seed)).gamma for seed in range(30)}
    assert drawn == {1.0, 2.0, 3.0}


def test_curves_of_a_file(tmp_path):
    from hdrgen.camera import save_curve

    x = torch.linspace(0, 1, 64)
    save_curve(TabulatedResponse(x, x**0.5, "root"), tmp_path / "root.json")
    camera = StackCamera(curves=str(tmp_path / "root.json"))
    assert [curve.name for curve in camera.responses] == ["root"]
    assert [curve.name for curve in pickle.loads(pickle.dumps(camera)).responses] == ["root"]


def test_curves_of_dorf(shared):
    path = str(shared / "data/crf/201_CRF_data.mat")
    train, test = (StackCamera(curves=path, curves_fold=fold) for fold in ("train", "test"))
    assert len(train.responses) + len(test.responses) == 201


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"evs": (-1, 1)}, "0 among them"),
        ({"evs": (1, 0, -1)}, "ascending"),
        ({"curves_fold": "train"}, "set curves"),
        ({"curves": [Gamma()], "curves_fold": "test"}, "at least one response"),
        ({"curves": "/nowhere/curves.txt"}, "/nowhere/curves.txt"),
    ],
)
def test_nonsense_is_refused_at_once(arguments, message):
    with pytest.raises(InputError, match=message):
        StackCamera(**arguments)


KNOTS = torch.linspace(0, 1, 1024, dtype=torch.float64)
DRAWN = [
    *(Sigmoid(*curve) for curve in ((0.6, 0.3), (0.9, 0.6), (1.2, 0.9))),
    TabulatedResponse(KNOTS, KNOTS**0.4),
    Gamma(2.2),
]


@pytest.mark.parametrize("response", DRAWN)
def test_codes_are_those_of_the_plain_formula_but_for_rounding(response):
    hdr, ev = scene().clamp_min(1e-8), torch.tensor(HALF_STOPS)
    quick, plain = bracket_of(hdr, ev, response, 8), form_image(hdr, ev, response, 8)
    assert (quick != plain).float().mean() < 2e-4
    assert (quick - plain).abs().max() < 1.01 / 255
    assert torch.equal(bracket_of(hdr.expand(9, -1, -1, -1), ev, response, 8), quick)
    assert torch.equal(bracket_of(hdr, ev, response, None), form_image(hdr, ev, response, None))


@pytest.mark.parametrize(("bits", "top"), [(8, 255), (10, 1023), (None, None)])
def test_exposures_have_the_bits_of_their_camera(bits, top):
    radiance = torch.rand(3, 16, 16, generator=derived_generator(0)) + 0.1
    sample = StackCamera(bits=bits).photograph(radiance, "a", [3, 4], derived_generator(1))
    codes = sample["ldr"] * (top or 65535)
    assert ((codes - codes.round()).abs().max() < 1e-2) == (bits is not None)
    assert bits == 8 or (sample["ldr"] * 255 - (sample["ldr"] * 255).round()).abs().max() > 0.1


def test_a_stated_share_of_exposures_is_astray_by_as_much_as_is_stated():
    camera, grey = StackCamera(jitter=0.5, astray=0.4, astray_by=3.0), torch.ones(3, 8, 8)
    gains = [camera.photograph(grey, "a", [4], derived_generator("astray", i))["hdr"].mean() for i in range(600)]
    errors = (torch.stack(gains) / 0.18).log2()
    assert float(errors.abs().max()) == pytest.approx(3, abs=0.05)
    assert float((errors.abs() > 0.5).float().mean()) == pytest.approx(0.4 * (3 - 0.5) / 3, abs=0.06)


def test_exposures_that_never_go_astray_are_drawn_as_before():
    plain, wide = StackCamera(), StackCamera(astray_by=9.0)
    assert torch.equal(*(each.photograph(scene(), "a", [4], derived_generator(1))["ldr"] for each in (plain, wide)))
