import math

import numpy as np
import pytest
import torch

from hdrgen.errors import InputError
from hdrgen.methods import HDRTransformer
from hdrgen.methods.hdr_transformer import HDRTransformerNetwork
from hdrgen.methods.hdr_transformer.network import ContextBlock, LocalContext
from hdrgen.nn import WindowAttention
from tests.methods.checks.formula import exposures, filled, parameters, statistics, u
from tests.methods.three_exposures.scenes import stacks

TINY = {"channels": 8, "heads": 2, "depths": (2,), "perceptual_weight": 0.0}


@torch.no_grad()
def as_table(network, gain):
    """Biases of positions as the authors' table holds them, places before heads."""
    for module in network.modules():
        if isinstance(module, WindowAttention):
            heads, places = module.bias.shape
            table = (u(module.bias.numel()) - 0.5) * math.sqrt(12 * gain / heads)
            module.bias.copy_(table.view(places, heads).T)
    return network


@torch.no_grad()
def test_the_network_has_the_size_and_the_outputs_of_the_authors():
    network = as_table(filled(HDRTransformerNetwork(), 0.5), 0.5)
    assert parameters(network) == 1_222_113
    output = network(exposures(48, 64, radiance_first=True))
    assert statistics(output) == pytest.approx([0.557216, 0.0673605, 0.583419, 0.516872, 0.623451], abs=1e-4)
    output = network.float()(exposures(128, 128, radiance_first=True).float())
    assert statistics(output) == pytest.approx([0.55696, 0.0625055, 0.447994, 0.512001, 0.554554], abs=1e-4)


def test_parts_have_the_sizes_of_the_table():
    with torch.device("meta"):
        network = HDRTransformerNetwork()
        assert parameters(HDRTransformerNetwork(widening=4)) == 1_483_473
    parts = (network.stems[0], network.attention[0], network.merge, network.groups[0])
    assert [parameters(part) for part in parts] == [3_300, 194_580, 97_260, 230_490]
    block = network.groups[0].blocks[0]
    assert (parameters(block), parameters(block.context)) == (33_005, 2_195)


def test_the_gate_weighs_channels_by_their_mean():
    torch.manual_seed(0)
    context, tokens = LocalContext(6, 2), torch.rand(1, 8, 8, 6)
    features = context.body(tokens.movedim(-1, 1)).detach().numpy()
    narrow, wide = (context.gate[index].weight.detach().numpy() for index in (0, 2))
    gate = 1 / (1 + np.exp(-wide @ np.maximum(narrow @ features.mean((0, 2, 3)), 0)))
    wanted = np.moveaxis(features * gate[None, :, None, None], 1, -1)
    np.testing.assert_allclose(context(tokens).detach().numpy(), wanted, rtol=1e-5)


def test_stochastic_depth_leaves_out_its_share_and_keeps_the_mean():
    torch.manual_seed(0)
    block = ContextBlock(4, 2, 4, 0, 2, 2, drop=0.25).train()
    kept = block.kept(torch.ones(4000, 1, 1, 1))
    assert kept.unique().tolist() == pytest.approx([0, 1 / 0.75])
    assert kept.mean().item() == pytest.approx(1, abs=0.05)
    assert torch.equal(block.eval().kept(kept), kept)


def test_every_parameter_is_reached():
    model = HDRTransformer(**TINY)
    sum(model.losses(stacks()).values()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_heads_that_do_not_divide_the_channels():
    with pytest.raises(InputError, match="expected channels that 3 heads can share, found 8"):
        HDRTransformer(**TINY | {"heads": 3})
