import numpy as np
import pytest
import torch
from torch.nn import functional

from hdrgen.errors import InputError
from hdrgen.methods import NHDRRNet
from hdrgen.methods.nhdrrnet import NHDRRNetwork
from hdrgen.methods.nhdrrnet.network import NonLocal
from tests.methods.checks.formula import exposures, filled, parameters, statistics
from tests.methods.three_exposures.scenes import stacks

TINY = {"channels": (8, 8, 8, 8), "blocks": 1, "pool": 4}


@torch.no_grad()
def test_the_network_has_the_size_and_the_outputs_of_the_port():
    network = filled(NHDRRNetwork(), 1.0)
    assert parameters(network) == 45_486_339
    assert parameters(network.blocks[0]) == 4_064_256
    output = statistics(network(exposures(64, 96)))
    assert output == pytest.approx([0.024534, 0.0583955, 0, 0, 0.115596], abs=1e-4)


@torch.no_grad()
def test_attention_between_distant_places_in_numpy():
    torch.manual_seed(0)
    branch, features = NonLocal(6, 4).double(), torch.rand(1, 6, 9, 10, dtype=torch.float64)
    small = functional.adaptive_avg_pool2d(features, 4)[0].flatten(1).numpy()
    maps = [
        np.einsum("oi,ip->op", c.weight[..., 0, 0].numpy(), small) + c.bias.numpy()[:, None]
        for c in (branch.query, branch.key, branch.value)
    ]
    alike = np.exp(maps[0].T @ maps[1])
    seen = maps[2] @ (alike / alike.sum(1, keepdims=True)).T
    wide = small + branch.widen.weight[..., 0, 0].numpy() @ seen + branch.widen.bias.numpy()[:, None]
    grid = torch.from_numpy(wide).view(1, 6, 4, 4)
    wanted = functional.interpolate(grid, (9, 10), mode="nearest")
    np.testing.assert_allclose(branch(features).numpy(), wanted.numpy(), rtol=1e-10)


def test_every_parameter_is_reached():
    model = NHDRRNet(**TINY)
    sum(model.losses(stacks()).values()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_the_rate_falls_to_a_tenth_after_20_000_passes_over_74_scenes():
    configured = NHDRRNet(**TINY).configure_optimizers()
    assert configured["optimizer"].defaults["lr"] == pytest.approx(1e-3)
    assert configured["lr_scheduler"]["scheduler"].step_size == 20_000 * 74 // 16


@pytest.mark.parametrize("channels", [(8, 8, 8), (8, 8, 8, 7)])
def test_widths_that_do_not_fit(channels):
    with pytest.raises(InputError, match=r"expected four widths, the last even, found \[8, 8, 8"):
        NHDRRNet(channels=channels)
