import numpy as np
import pytest
import torch

from hdrgen.methods import DeepHDR
from hdrgen.methods.deephdr import DeepHDRNetwork
from tests.methods.checks.formula import exposures, filled, image, parameters, statistics
from tests.methods.three_exposures.scenes import stacks


@torch.no_grad()
def test_the_network_has_the_size_and_the_outputs_of_the_table():
    network = filled(DeepHDRNetwork(), 1.0)
    assert parameters(network) == 16_606_339
    output = statistics(network(2 * exposures(64, 96) - 1))
    assert output == pytest.approx([-0.0536246, 0.845965, -0.807694, -0.963279, 0.967893], abs=1e-4)


def test_the_loss_in_numpy():
    first, second = image(0, 3, 48, 64), image(1, 3, 48, 64)
    codes = [2 * np.log(1 + 5000 * x.numpy()) / np.log(5001) - 1 for x in (first, second)]
    loss = DeepHDR((4, 6, 8), 2).image_terms(first, second)["square"]
    assert loss.item() == pytest.approx(((codes[0] - codes[1]) ** 2).mean(), rel=1e-5)


def test_every_parameter_is_reached():
    model = DeepHDR((4, 6, 8), 2)
    sum(model.losses(stacks()).values()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_the_authors_optimizer_is_the_default():
    optimizer = DeepHDR((4, 6, 8), 2).configure_optimizers()["optimizer"]
    assert (optimizer.defaults["lr"], optimizer.defaults["betas"]) == (2e-4, (0.5, 0.999))
