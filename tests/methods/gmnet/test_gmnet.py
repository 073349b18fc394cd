import numpy as np
import pytest
import torch
from PIL import Image

import hdrgen
from hdrgen.camera import SRGB, Gamma
from hdrgen.cli.main import main
from hdrgen.errors import InputError
from hdrgen.methods import GMNet
from hdrgen.methods.gmnet import GainMapNetwork
from hdrgen.methods.gmnet.loss import gain_loss, true_gain
from tests.checkpoint_files import write_weights
from tests.methods.checks.formula import filled, image, parameters, statistics

TINY = {"channels": 8, "blocks": 1, "thumbnail": 32}


def test_the_paper_s_network_has_1921827_parameters():
    with torch.device("meta"):
        network = GainMapNetwork()
    assert parameters(network) == 1_921_827
    assert parameters(network.whole) == 457_504
    assert sum(map(parameters, (network.to_kernels, network.to_gates, network.to_most))) == 58_113


@torch.no_grad()
def test_the_network_makes_what_the_authors_does_of_weights_by_formula():
    network = filled(GainMapNetwork(), gain=0.5)
    whole = network.look_at(image(1, 3, 32, 32))
    assert whole.most.item() == pytest.approx(-0.269598, abs=1e-6)
    shape, gain = network.gain(image(0, 3, 48, 64), whole)
    assert statistics(shape) == pytest.approx((-1.10546, 0.581409, -0.299721, -1.57079, -0.995471), abs=1e-5)
    assert statistics(gain) == pytest.approx((0.29803, 0.156747, 0.0808041, 0.423481, 0.268377), abs=1e-5)


@torch.no_grad()
def test_each_image_of_a_batch_has_its_own_kernels():
    network, pair = filled(GainMapNetwork(8, 1, 32), 0.5), torch.cat([image(k, 3, 16, 24) for k in (0, 1)])
    together = network(pair)[1]
    torch.testing.assert_close(together, torch.cat([network(each[None])[1] for each in pair]))


def test_the_true_map_gives_the_radiance_back():
    linear = image(0, 3, 6, 8).numpy()
    stops = 2.5 * image(1, 1, 6, 8).numpy()
    shape, gain = true_gain(torch.from_numpy(linear), torch.from_numpy(linear * 2**stops), peak=8.0)
    np.testing.assert_allclose(shape.numpy(), stops / stops.max(), atol=1e-5)
    np.testing.assert_allclose(gain.numpy(), stops / 3, atol=1e-5)
    assert true_gain(torch.ones(1, 3, 2, 2), 100 * torch.ones(1, 3, 2, 2), 8.0)[1].tolist() == [[[[1.0] * 2] * 2]]
    assert true_gain(torch.ones(1, 3, 2, 2), 0.1 * torch.ones(1, 3, 2, 2), 8.0)[0].amax() == 0


def test_the_loss_is_that_of_the_paper():
    images = [image(k, 1, 48, 64) for k in range(4)]
    a, b, c, d = (each.numpy() for each in images)
    expected = np.abs(a - c).mean() + 3 * np.abs(b - d).mean()
    assert gain_loss((images[0], images[1]), (images[2], images[3])).item() == pytest.approx(expected, rel=1e-6)


@torch.no_grad()
def test_radiance_is_the_linearised_photograph_times_the_gain(monkeypatch):
    model, display = GMNet(**TINY, peak=5.0), image(0, 3, 8, 8).float()
    gain = torch.linspace(-0.5, 1.5, 64).view(1, 1, 8, 8)
    monkeypatch.setattr(model.network, "forward", lambda image: (gain, gain))
    expected = Gamma(2.2).inverse(display).numpy() * 5 ** np.clip(gain.numpy(), 0, 1)
    np.testing.assert_allclose(model.expand(display).numpy(), expected, rtol=1e-5)
    np.testing.assert_allclose(model.gain(display).numpy(), np.log2(5) * np.clip(gain.numpy(), 0, 1), rtol=1e-5)


def test_a_tile_sees_all_that_the_network_sees():
    """Weights that are positive, so that nothing cancels: whatever is seen has a gradient."""
    network, picture = GainMapNetwork(channels=4).double(), image(0, 3, 8, 400).requires_grad_()
    for parameter in network.parameters():
        torch.nn.init.constant_(parameter, 0.02)
    network.gain(picture, network.look_at(image(1, 3, 32, 32)))[0][..., 200].sum().backward()
    seen = picture.grad.abs().amax((0, 1, 2)).nonzero()
    assert 60 < max(200 - seen.min().item(), seen.max().item() - 200) <= 3 * GMNet.overlap / 8


def test_expand_writes_the_network_s_map_behind_the_photograph_at_full_resolution(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    model = GMNet(**TINY, response=SRGB()).eval()
    with torch.no_grad():
        model.network.to_most[-1].bias.fill_(1.0)
        model.network.tail[-1].weight.mul_(6000)
    write_weights(model, tmp_path / "gmnet.safetensors")
    codes = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8).repeat(8, 0).repeat(8, 1)[:, :51]
    Image.fromarray(codes).save("photo.jpg", quality=95)
    command = ["expand", "photo.jpg", "--weights", "gmnet.safetensors", "--device=cpu", "--response=srgb"]
    assert main([*command, "-o", "photo.uhdr.jpg"]) == 0
    with Image.open("photo.jpg") as old, Image.open("photo.uhdr.jpg") as new:
        pixels = np.asarray(old)
        np.testing.assert_array_equal(pixels, np.asarray(new))
        display = torch.from_numpy(pixels / np.float32(255)).permute(2, 0, 1)[None]
    made = hdrgen.read("photo.uhdr.jpg", gain_map=True).as_float()
    with torch.no_grad():
        stops = model.gain(display)[0, 0].numpy()
    assert stops.max() > stops.min() + 0.2, "a map of one value would prove nothing"
    light = pixels.min(-1) > 40
    found = np.log2(made[light] / SRGB().inverse(display)[0].permute(1, 2, 0).numpy()[light])
    np.testing.assert_allclose(found, stops[light][:, None].repeat(3, 1), atol=0.05)


def test_impossible_arguments_are_refused():
    with pytest.raises(InputError, match="expected a peak above 1, the white of the photograph, found 1"):
        GMNet(**TINY, peak=1)
    with pytest.raises(InputError, match="found channels=6, blocks=5, thumbnail=256"):
        GMNet(channels=6)
