import pytest
import torch

from hdrgen.methods import AHDRNet
from hdrgen.methods.ahdrnet import AHDRNetwork
from hdrgen.nn import AttentionTo
from tests.methods.checks.formula import exposures, filled, parameters, statistics


@torch.no_grad()
def test_the_network_has_the_size_and_the_outputs_of_the_authors():
    network = filled(AHDRNetwork(), 1.0)
    assert parameters(network) == 1_515_139
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == 1_441_283
    output = network(exposures(48, 64))
    assert statistics(output) == pytest.approx([0.421963, 0.113541, 0.225331, 0.48996, 0.640878], abs=1e-4)


def test_attention_of_equal_features_is_the_same_for_both_and_between_nothing_and_all():
    torch.manual_seed(0)
    attention, features = AttentionTo(4), torch.rand(1, 4, 8, 8)
    weighed = attention(features, features)
    assert ((weighed > 0) & (weighed < features)).all()


def test_parts_have_the_sizes_of_the_table():
    network = AHDRNetwork(idle_layers=False)
    sizes = [parameters(part) for part in (network.stem, *network.attention, network.merge, *network.blocks)]
    assert sizes == [3_520, 221_376, 221_376, 110_656, *[265_472] * 3]
    assert parameters(network.fuse) + parameters(network.head) == 12_352 + 2 * 36_928 + 1_731


def test_every_parameter_but_the_idle_ones_has_a_gradient():
    network = AHDRNetwork(8, 4, 2, 2)
    network(torch.rand(1, 3, 6, 16, 16)).sum().backward()
    without = [name for name, parameter in network.named_parameters() if parameter.grad is None]
    assert without == [f"idle.{index}.{name}" for index in range(2) for name in ("weight", "bias")]


def test_the_authors_rate_is_the_default():
    settings = AHDRNet(8, 4, 2, 2).configure_optimizers()
    assert settings["optimizer"].defaults["lr"] == pytest.approx(1e-4)
    assert settings["optimizer"].defaults["betas"] == (0.9, 0.999)
