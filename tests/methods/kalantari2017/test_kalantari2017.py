import sys

import numpy as np
import pytest
import torch

from hdrgen.camera import Gamma
from hdrgen.errors import InputError
from hdrgen.losses import mu_law_square
from hdrgen.methods import Kalantari2017
from hdrgen.methods.kalantari2017 import MergingNetwork
from hdrgen.methods.kalantari2017.alignment import aligned
from hdrgen.methods.kalantari2017.loss import reachable
from hdrgen.methods.kalantari2017.module import in_another_order
from tests.methods.checks.formula import exposures, filled, image, parameters, statistics
from tests.methods.three_exposures.scenes import EV, stacks

TINY = {"channels": (4, 4, 4)}


@torch.no_grad()
@pytest.mark.parametrize(
    ("variant", "count", "output"),
    [
        ("direct", 383_603, [0.347978, 0.3048, 0.00486041, 0.808232, 0.224458]),
        ("weights", 383_909, [0.394294, 0.228843, 0.00486041, 0.808232, 0.0900867]),
        ("weights_and_images", 384_368, [0.463915, 0.202958, 0.00486041, 0.808232, 0.666185]),
    ],
)
def test_the_network_has_the_size_and_the_outputs_of_the_table(variant, count, output):
    network, frames = filled(MergingNetwork(variant), 2.0), exposures(32, 48)
    assert parameters(network) == count
    sides = frames.split(3, 2)
    made = network.layers(torch.cat(sides, 1).flatten(1, 2))
    assert statistics(made) == pytest.approx(output, abs=1e-4)
    planes, linear = made[0].unflatten(0, (-1, 3)).numpy(), sides[1][0].numpy()
    merged = planes[0]
    if variant != "direct":
        seen = linear if variant == "weights" else planes[3:]
        merged = (planes[:3] * seen).sum(0) / (planes[:3].sum(0) + 1e-6)
    np.testing.assert_allclose(network(*sides)[0].numpy(), merged, rtol=1e-5)


def test_the_loss_in_numpy():
    first, second = image(0, 3, 48, 64), image(1, 3, 48, 64)
    codes = [np.log(1 + 5000 * x.numpy()) / np.log(5001) for x in (first, second)]
    assert mu_law_square(first, second, reduction="sum").item() == pytest.approx(
        ((codes[0] - codes[1]) ** 2).sum(), rel=1e-5
    )


def test_the_truth_is_what_the_reference_shows_where_no_other_exposure_helps():
    """A dark reference without the bright exposure, and a bright one without the dark one."""
    ldr = torch.tensor([0.2, 0.2, 0.8, 0.8]).expand(1, 3, 3, 1, 4)
    missing = torch.zeros(1, 3, 1, 1, 4, dtype=torch.bool)
    missing[0, 0, ..., [1, 3]] = True
    missing[0, 2, ..., [0, 2]] = True
    replaced = reachable(torch.zeros(1, 3, 1, 4), ldr, torch.ones_like(ldr), missing)
    assert replaced[0, 0, 0].tolist() == [1, 0, 0, 1]


def smooth(height, width, offset=0.0):
    """A picture of waves, its content moved right by an offset in pixels."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    waves = [torch.sin((x - offset) / a + y / b) for a, b in ((5, 9), (7, -4), (11, 13))]
    return 0.4 + torch.stack(waves) * 0.1 + torch.sin((x - offset) * y / 300) * 0.1


def test_exposures_of_things_that_moved_come_to_where_the_reference_saw_them():
    """Also where one of them is brighter; what has left the picture is the reference, as its exposure would show it."""
    response, moved = Gamma(2.2), 3.0
    linear = response.inverse(torch.stack([smooth(80, 96, moved), smooth(80, 96), smooth(80, 96, -moved)]))
    ldr = response((linear * EV.exp2().view(3, 1, 1, 1)).clamp(0, 1))[None]
    still = response((linear[1] * EV.exp2().view(3, 1, 1, 1)).clamp(0, 1))
    found, missing = aligned(ldr, EV[None], response)
    assert torch.equal(found[0, 1], ldr[0, 1])
    before, after = ((each[0] - still).abs()[..., 8:-8, 8:-8].mean((1, 2, 3)) for each in (ldr, found))
    assert (after[[0, 2]] < before[[0, 2]] / 8).all()
    assert missing[0, 0, ..., -2:].float().mean() > 0.9
    assert missing[0, 2, ..., :2].float().mean() > 0.9
    assert not missing[0, :, :, 8:-8, 8:-8].any()
    gone = missing[0, 0].expand(3, -1, -1)
    torch.testing.assert_close(found[0, 0][gone], still[0][gone])


@pytest.mark.parametrize(("height", "width"), [(1, 1), (16, 100), (100, 24)])
def test_flow_in_pictures_that_opencv_does_not_take(height, width):
    ldr = torch.rand(1, 3, 3, height, width)
    found, missing = aligned(ldr, EV[None], Gamma(2.2))
    assert found.shape == ldr.shape
    assert missing.shape == (1, 3, 1, height, width)
    assert found.isfinite().all()


def test_a_program_looks_for_no_motion(monkeypatch):
    monkeypatch.setattr("torch.compiler.is_exporting", lambda: True)
    batch = stacks(16, 1)
    with pytest.raises(InputError, match="export the weights alone, or a network that was trained with flow='none'"):
        Kalantari2017(**TINY).fuse(batch["ldr"], batch["ev"])
    assert Kalantari2017(**TINY, flow="none").fuse(batch["ldr"], batch["ev"]).isfinite().all()


def test_without_opencv(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(InputError, match=r"pip install 'hdrgen\[flow\]'; or pass flow='none'"):
        Kalantari2017(**TINY).reconstruct(stacks(16, 1))
    assert Kalantari2017(**TINY, flow="none").eval().reconstruct(stacks(16, 1)).isfinite().all()


def test_colours_of_a_scene_are_shuffled_alike_in_all_its_images():
    torch.manual_seed(0)
    ldr = torch.arange(3.0).view(1, 1, 3, 1, 1).expand(60, 3, 3, 2, 2)
    shuffled, truth = in_another_order(ldr, ldr[:, 0])
    assert torch.equal(shuffled[:, 1], truth)
    assert len({tuple(order) for order in truth[..., 0, 0].tolist()}) == 6


@pytest.mark.parametrize("variant", ["direct", "weights", "weights_and_images"])
def test_every_parameter_is_reached(variant):
    model = Kalantari2017(variant, **TINY)
    sum(model.losses(stacks()).values()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_the_border_that_the_network_sees_in_part_is_not_compared():
    """As with the authors' convolutions, which do not pad."""
    model, batch = Kalantari2017(**TINY, flow="none").eval(), stacks(32, 1)
    loss = model.losses(batch)["square"].item()
    batch["hdr"][..., :6] = 0.5
    assert model.losses(batch)["square"].item() == pytest.approx(loss)


def test_widths_that_do_not_fit():
    with pytest.raises(InputError, match=r"expected three hidden widths, found \[4, 4\]"):
        Kalantari2017(channels=(4, 4))
