import numpy as np
import pytest
import torch
from torch import nn
from torchmetrics.functional.image import lpips as torchmetrics_lpips

from hdrgen.errors import InputError
from hdrgen.metrics import LPIPS, PerceptualDistance, lpips, pretrained_lpips
from hdrgen.nn import SqueezeNetFeatures, VGGFeatures


def random_trunk(name, seed=0):
    torch.manual_seed(seed)
    trunk = VGGFeatures(16, ["relu5_3"]) if name == "vgg" else SqueezeNetFeatures()
    for parameter in trunk.parameters():  # larger than at the start of a training: deep features that differ
        nn.init.normal_(parameter, std=(2 / max(1, parameter[0].numel())) ** 0.5 if parameter.ndim == 4 else 0.1)
    return trunk


@pytest.fixture(scope="module", params=["vgg", "squeeze"])
def trunk(request, tmp_path_factory):
    network = random_trunk(request.param)
    path = tmp_path_factory.mktemp("weights") / f"{request.param}.pth"
    torch.save(network.state_dict(), path)
    return request.param, network, path


def images(size=(64, 72), count=2, seed=1):
    generator = torch.Generator().manual_seed(seed)
    target = torch.rand(count, 3, *size, generator=generator)
    return (target + 0.1 * torch.randn(target.shape, generator=generator)).clamp(0, 1), target


def by_torchmetrics(name, network, image, target, monkeypatch):
    """torchmetrics' own network around this trunk, which it would otherwise have from torchvision."""
    monkeypatch.setattr(torchmetrics_lpips, "_get_tv_model_features", lambda *_: network.features)
    oracle = torchmetrics_lpips._LPIPS(net=name, pnet_rand=True)
    return oracle(image, target, normalize=True).flatten()


def test_the_distance_is_torchmetrics(trunk, monkeypatch):
    name, network, path = trunk
    image, target = images(size=(40, 48))
    found = lpips(image, target, pretrained_lpips(name, path))
    torch.testing.assert_close(found, by_torchmetrics(name, network, image, target, monkeypatch), rtol=1e-5, atol=1e-7)
    assert found.min() > 0.01


def test_a_published_trunk_orders_distortions_and_agrees_with_torchmetrics(shared, tmp_path, monkeypatch):
    """The weights were trained on blue, green, red in 0..255 less a mean, which the first convolution can take over."""
    state = {
        name: torch.from_numpy(value)
        for name, value in np.load(shared / "data/weights/squeezenet1_1_caffe_features_torchlayout.npz").items()
    }
    network = SqueezeNetFeatures()
    weight = state["features.0.weight"].flip(1)
    mean = torch.tensor([123.0, 117.0, 104.0]).view(3, 1, 1)
    state["features.0.bias"] = state["features.0.bias"] + (weight * (255 * network.mean - mean)).sum((1, 2, 3))
    state["features.0.weight"] = weight * 255 * network.std
    torch.save(state, tmp_path / "trunk.pth")
    network.load_state_dict(state)

    _, target = images(size=(64, 64))
    target = nn.functional.interpolate(target[..., ::8, ::8], (64, 64), mode="bicubic").clamp(0, 1)
    noise = torch.randn(target.shape, generator=torch.Generator().manual_seed(2))
    metric = LPIPS("squeeze", weights=str(tmp_path / "trunk.pth"))
    found = [metric.measure(target + level * noise, target)["lpips"] for level in (0, 0.01, 0.05, 0.2)]
    assert (torch.stack(found).diff(dim=0) > 0).all()
    noisy = (target + 0.05 * noise).clamp(0, 1)
    torch.testing.assert_close(
        metric.measure(noisy, target)["lpips"],
        by_torchmetrics("squeeze", network, noisy, target, monkeypatch),
        rtol=1e-5,
        atol=1e-7,
    )


def test_equal_images_are_0_apart_with_finite_gradients(trunk):
    name, _, path = trunk
    distance = pretrained_lpips(name, path)
    image, target = images(size=(32, 32), count=1)
    for start in (image, target, torch.zeros_like(target)):
        leaf = start.clone().requires_grad_()
        value = lpips(leaf, target, distance)
        value.sum().backward()
        assert leaf.grad.isfinite().all()
    assert lpips(target, target, distance).item() == 0


def test_the_metric_keeps_its_network_out_of_checkpoints_and_half_precision(tmp_path):
    torch.save(random_trunk("squeeze").state_dict(), tmp_path / "trunk.pth")
    metric = LPIPS("squeeze", weights=str(tmp_path / "trunk.pth"))
    assert not metric.state_dict()
    image, target = images(size=(32, 40))
    expected = metric.measure(image, target)["lpips"]
    parent = nn.ModuleDict({"metric": metric}).to(torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        parent["metric"].update(image, target)
    assert metric.compute()["lpips"].item() == pytest.approx(expected.mean().item(), rel=1e-6)
    assert metric.measure(image.double(), target.double())["lpips"].dtype == torch.float64
    assert metric.settings() == {"network": "squeeze", "weights": str(tmp_path / "trunk.pth"), "heads": None}


def test_never_silently_random(tmp_path, monkeypatch):
    def offline(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(InputError, match=r"LPIPS needs ImageNet weights of vgg16.*no network"):
        LPIPS()
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "wrong.pth")
    with pytest.raises(InputError, match="expected the weights of torchvision's squeezenet1_1"):
        LPIPS("squeeze", weights=str(tmp_path / "wrong.pth"))
    with pytest.raises(InputError, match="no LPIPS network 'alex'"):
        LPIPS("alex")


def test_heads_that_do_not_fit_are_refused(tmp_path):
    torch.save(random_trunk("squeeze").state_dict(), tmp_path / "trunk.pth")
    torch.save({"lin0.model.1.weight": torch.zeros(1, 3, 1, 1)}, tmp_path / "heads.pth")
    with pytest.raises(InputError, match=r"heads\.pth: expected LPIPS head weights"):
        pretrained_lpips("squeeze", tmp_path / "trunk.pth", tmp_path / "heads.pth")
    with pytest.raises(InputError, match="no such file of LPIPS head weights"):
        pretrained_lpips("squeeze", tmp_path / "trunk.pth", tmp_path / "none.pth")


def test_small_images_are_refused():
    with pytest.raises(InputError, match="at least 32 x 32 pixels, found 40 x 31"):
        PerceptualDistance("squeeze")(torch.zeros(1, 3, 31, 40), torch.zeros(1, 3, 31, 40))
