import numpy as np
import pytest
import torch
from torch import nn

from hdrgen.data import SelectedExposures, collate
from hdrgen.errors import InputError
from hdrgen.methods import DeepRecursiveHDRI
from hdrgen.methods.deep_recursive.network import Discriminator, Generator, MirroredPReLU
from tests.methods.checks.formula import filled, image, parameters, statistics
from tests.methods.examples import Ramps

TINY = {"channels": (4, 6), "discriminator_channels": (4, 4)}
CHAIN = {**TINY, "shared": False, "adversarial_weight": 0.0}


@pytest.mark.parametrize(
    ("brighter", "wanted"),
    [
        (True, [-0.0523804, 0.426042, -0.850861, 0.717809, 0.138819]),
        (False, [0.0795218, 0.425398, -0.431941, 0.698147, 0.0969981]),
    ],
)
@torch.no_grad()
def test_the_papers_generators_have_their_parameters_and_give_the_check_values(brighter, wanted):
    generator = filled(Generator(brighter=brighter), 1.0)
    assert parameters(generator) == 12_414_194
    assert statistics(generator(2 * image(0, 3, 64, 64) - 1)) == pytest.approx(wanted, abs=1e-6)


def test_the_papers_discriminator_has_its_parameters_and_judges_fourteen_by_fourteen_patches():
    with torch.device("meta"):
        discriminator = Discriminator()
        assert discriminator(torch.empty(1, 6, 256, 256)).shape == (1, 1, 14, 14)
    assert parameters(discriminator) == 6_965_441


def test_the_activation_of_darker_images_is_that_of_brighter_ones_turned():
    x = torch.tensor([-2.0, 3.0])
    assert nn.PReLU()(x).tolist() == [-0.5, 3.0]
    assert MirroredPReLU()(x).tolist() == [-2.0, 0.75]


class Shift(nn.Module):
    """Adds to images in [-1, 1]."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    def forward(self, image):
        return image + self.by


@torch.no_grad()
def test_exposures_come_by_recursion_or_from_a_network_for_each_step():
    for arguments, ups, wanted in (
        (TINY, [0.1], [0.3, 0.4, 0.5, 0.55, 0.6]),
        (CHAIN, [0.1, 0.2], [0.3, 0.4, 0.5, 0.55, 0.65]),
    ):
        model = DeepRecursiveHDRI(**arguments, reach=2).eval()
        model.up = nn.ModuleList(Shift(by) for by in ups)
        model.down = nn.ModuleList(Shift(-0.2) for _ in ups)
        stack = model.expose(torch.full((1, 3, 4, 4), 0.5), torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0]))
        torch.testing.assert_close(stack[0, :, 0, 0, 0], torch.tensor(wanted))


@torch.no_grad()
def test_steps_in_8_bits_pass_through_codes():
    model = DeepRecursiveHDRI(**TINY, eight_bit=True).eval()
    model.up = nn.ModuleList([Shift(0.003)])
    stack = model.expose(torch.full((1, 3, 4, 4), 100 / 255), torch.tensor([1.0, 2.0]))
    assert stack[0, :, 0, 0, 0].mul(255).tolist() == pytest.approx([100, 100], abs=1e-4)


def test_other_exposures_are_refused():
    model = DeepRecursiveHDRI(**TINY)
    assert model.can_generate(torch.tensor([-4.0, -3.0, 0.5, 3.0])).tolist() == [False, True, False, True]
    with pytest.raises(InputError, match=r"whole multiples of 1 EV from -3 to \+3, found \+0\.5"):
        model.expose(torch.zeros(1, 3, 4, 4), torch.tensor([0.5]))
    with pytest.raises(InputError, match="found reach=0"):
        DeepRecursiveHDRI(**TINY, reach=0)


def step(model):
    """What a training step of two scenes logs, and the batch."""
    data = SelectedExposures(Ramps(2, 32), model.exposures)
    batch, logged = collate([data[0], data[1]]), {}
    model.log = lambda name, value, **_: logged.update({name: float(value)})
    model.log_dict = lambda values, **_: logged.update({name: float(value) for name, value in values.items()})
    model.descend = lambda loss, idle=(): None
    torch.manual_seed(0)
    model.training_step(batch, 0)
    return logged, batch


def distance(network, source, target):
    made = network(torch.tensor(2 * source - 1)).detach().numpy()
    return np.abs(made - (2 * target - 1)).mean()


def test_the_recursion_learns_a_pair_both_ways_and_its_terms_are_those_of_numpy():
    torch.manual_seed(0)
    model = DeepRecursiveHDRI(**TINY, dropout=0.0, adversarial_from=0)
    logged, batch = step(model)
    dark, bright = batch["ldr"].numpy().swapaxes(0, 1)
    assert (batch["ev"].diff() == 1).all()
    pixel = distance(model.up[0], dark, bright) + distance(model.down[0], bright, dark)
    assert logged["train/pixel"] == pytest.approx(pixel, rel=1e-5)
    adversarial = discriminator = 0.0
    sides = ((model.up[0], dark, bright), (model.down[0], bright, dark))
    for judge, (network, source, target) in zip(model.discriminators, sides, strict=True):
        given, true = (torch.tensor(2 * x - 1) for x in (source, target))
        made = network(given).detach()
        fake, real = (judge(torch.cat([given, x], 1)).detach().numpy() for x in (made, true))
        adversarial += 0.01 * ((fake - 0.9) ** 2).mean()
        discriminator += 0.5 * ((real - 0.9) ** 2).mean() + 0.5 * ((fake - 0.1) ** 2).mean()
    assert logged["train/adversarial"] == pytest.approx(adversarial, rel=1e-5)
    assert logged["train/discriminator"] == pytest.approx(discriminator, rel=1e-5)


def test_the_chain_learns_every_step_outwards_with_a_network_of_its_own():
    torch.manual_seed(0)
    model = DeepRecursiveHDRI(**CHAIN, dropout=0.0)
    logged, batch = step(model)
    frames = dict(zip(range(-3, 4), batch["ldr"].numpy().swapaxes(0, 1), strict=True))
    pixel = sum(distance(model.up[k], frames[k], frames[k + 1]) for k in range(3))
    pixel += sum(distance(model.down[k], frames[-k], frames[-k - 1]) for k in range(3))
    assert logged == {"train/pixel": pytest.approx(pixel, rel=1e-5), "train/loss": pytest.approx(pixel, rel=1e-5)}


def test_discriminators_wait_for_their_epoch():
    assert set(step(DeepRecursiveHDRI(**TINY, adversarial_from=1))[0]) == {"train/pixel", "train/loss"}
