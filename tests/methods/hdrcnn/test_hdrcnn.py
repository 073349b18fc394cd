import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from scipy.stats import norm

from hdrgen.errors import InputError
from hdrgen.methods import HDRCNN
from hdrgen.methods.hdrcnn.loss import log_loss, separated_loss
from hdrgen.nn import LOG_FLOOR, FillingNetwork, VGGEncoder, blend_weight
from hdrgen.nn.filling import as_for_codes_
from tests.methods.checks.formula import filled, image, parameters, statistics

TINY = {"channels": (4, 6), "pretrained": False}


@pytest.fixture(scope="module")
def checked():
    with torch.device("meta"):
        network = FillingNetwork()
    return filled(network.to_empty(device="cpu"), 1.0)


@torch.no_grad()
def test_the_papers_network_has_its_parameters_and_gives_the_check_values(checked):
    assert parameters(checked) == 29_443_358
    x = image(0, 3, 64, 96)
    y = checked(x)
    wanted = [0.00733348, 2.22272, -3.23403, -0.555966, 3.33649]
    assert statistics(y) == pytest.approx(wanted, abs=1e-5, rel=1e-5)
    assert float(blend_weight(x, 0.05).mean()) == pytest.approx(0.0704639, abs=1e-6)
    blended = torch.lerp(x**2, y.exp() - LOG_FLOOR, blend_weight(x, 0.05))
    assert statistics(blended)[:2] == pytest.approx([0.433078, 1.26264], abs=1e-5)


def anchors():
    """Log radiance, true radiance and mask by the formula of the check values."""
    target = 2.5 * image(1, 3, 48, 64) ** 2
    return (0.5 * image(2, 3, 48, 64) + LOG_FLOOR).log(), target, blend_weight(target, 0.05)


def test_losses_are_those_of_the_anchors():
    y, target, mask = anchors()
    assert float(mask.mean()) == pytest.approx(0.773386, abs=1e-6)
    assert float(separated_loss(y, target, mask)) == pytest.approx(1.617959, abs=1e-5)
    assert float(log_loss(y, target, mask)) == pytest.approx(3.291994, abs=1e-5)


def test_the_plain_loss_is_that_of_numpy():
    y, target, mask = (x[0].numpy() for x in anchors())
    wanted = ((mask * (y - np.log(target + 1 / 255))) ** 2).mean()
    assert float(log_loss(*anchors())) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("weight", [0.5, 0.2])
def test_the_separated_loss_is_that_of_numpy(weight):
    y, target, mask = (x[0].numpy() for x in anchors())
    half = 2 + 5 / 13 / 2
    share = np.diff(norm.cdf(np.linspace(-half, half, 14)))
    kernel = np.sqrt(np.outer(share, share))
    kernel /= kernel.sum()

    def light(radiance):
        luminance = np.tensordot([0.213, 0.715, 0.072], radiance, 1)
        return correlate2d(np.log(luminance + LOG_FLOOR), kernel, mode="same")

    made, wanted = light(np.exp(y) - LOG_FLOOR), light(target)
    surfaces = (y - made) - (np.log(target + LOG_FLOOR) - wanted)
    expected = weight * (mask[0] * (made - wanted) ** 2).mean() + (1 - weight) * (mask * surfaces**2).mean()
    assert float(separated_loss(*anchors(), weight)) == pytest.approx(expected, rel=1e-5)


@torch.no_grad()
def test_an_untrained_network_with_nothing_in_its_decoder_gives_the_square_back():
    network = FillingNetwork((4, 6)).eval()
    torch.nn.init.zeros_(network.head[0].weight)
    torch.nn.init.zeros_(network.head[0].bias)
    x = torch.rand(1, 3, 8, 8)
    torch.testing.assert_close(network(x), (x**2 + LOG_FLOOR).log())
    model = HDRCNN(**TINY).eval()
    model.network = network
    torch.testing.assert_close(model.expand(x), x**2, atol=1e-6, rtol=1e-5)


@torch.no_grad()
def test_what_is_not_over_exposed_is_the_square_and_what_is_comes_from_the_network():
    model = HDRCNN(**TINY).eval()
    x = torch.tensor([0.3, 0.975, 1.0]).view(1, 1, 1, 3).expand(1, 3, 1, 3)
    y = torch.full_like(x, 2.0)
    wanted = [0.09, 0.5 * 0.975**2 + 0.5 * (np.e**2 - LOG_FLOOR), np.e**2 - LOG_FLOOR]
    torch.testing.assert_close(model.blended(x, y)[0, 0, 0], torch.tensor(wanted, dtype=torch.float32))


@torch.no_grad()
def test_a_boost_is_a_power_of_what_is_not_over_exposed_twice_undone():
    image = 0.8 * torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(HDRCNN(**TINY, boost=1.2).eval().expand(image), image**2)


def test_training_is_masked_by_the_truth_or_by_the_photograph():
    torch.manual_seed(0)
    dark, bright = torch.full((1, 1, 3, 8, 8), 0.5), torch.full((1, 3, 8, 8), 2.0)
    batch = {"ldr": dark, "hdr": bright, "ref": torch.zeros(1, dtype=torch.long), "scene": ["a"]}
    by_target, by_input = (HDRCNN(**TINY, masked_by=each) for each in ("target", "input"))
    for model in (by_target, by_input):
        model.log = lambda *_, **__: None
    assert float(by_target.training_step(batch, 0)) > 0
    assert float(by_input.training_step(batch, 0)) == 0


@torch.no_grad()
def test_imagenets_weights_see_the_same_photograph_57_times_as_large():
    torch.manual_seed(0)
    taught, encoder = VGGEncoder((4, 6), normalised=False), VGGEncoder((4, 6), normalised=False)
    encoder.load_state_dict(taught.state_dict())
    as_for_codes_(encoder)
    x = torch.rand(1, 3, 24, 24)
    normal = (x - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    codes = 255 * x.flip(1) - torch.tensor([103.939, 116.779, 123.68]).view(3, 1, 1)
    for found, wanted in zip(encoder(codes), taught(normal), strict=True):
        inside = (..., slice(3, -3), slice(3, -3))  # zeros beyond the border are another grey in either
        torch.testing.assert_close(found[inside], 255 * 0.226 * wanted[inside], atol=1e-4, rtol=1e-4)


def test_arguments_out_of_range_are_refused():
    for wrong in ({"threshold": 0.0}, {"illumination_weight": 1.5}, {"boost": 0.0}):
        with pytest.raises(InputError, match=r"expected .* found"):
            HDRCNN(**TINY, **wrong)
