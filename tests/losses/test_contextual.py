import math

import numpy as np
import pytest
import torch

from hdrgen.errors import InputError
from hdrgen.losses import ContextualBilateralLoss, contextual_bilateral_distance


def maps(seed=0, size=(3, 4), channels=5):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, channels, *size, generator=generator)


def distances_by_loops(features, target, weight):
    """(M, M) distances of one image's features."""
    _, height, width = features.shape
    places = [(y, x) for y in range(height) for x in range(width)]
    rows = []
    for y, x in places:
        row = []
        for v, u in places:
            p, q = features[:, y, x], target[:, v, u]
            cosine = (p @ q / p.norm() / q.norm()).item()
            away = math.hypot((y - v) / height, (x - u) / width)
            row.append(1 - cosine + weight * away)
        rows.append(row)
    return torch.tensor(rows)


@pytest.mark.parametrize("weight", [0.0, 0.1, 0.5])
def test_equation_7_by_loops(weight):
    found, wanted = maps(0), maps(1)
    expected = [distances_by_loops(f, w, weight).amin(1).mean() for f, w in zip(found, wanted, strict=True)]
    torch.testing.assert_close(contextual_bilateral_distance(found, wanted, weight), torch.stack(expected).mean())


def similarity_in_numpy(features, target, weight, bandwidth):
    """The loss of one image's features (C, H, W) as the authors' code has it."""
    channels, height, width = features.shape
    middle = target.mean((1, 2), keepdims=True)
    found, wanted = ((x - middle).reshape(channels, -1) for x in (features, target))
    found, wanted = (x / np.linalg.norm(x, axis=0) for x in (found, wanted))
    y, x = np.divmod(np.arange(height * width), width)
    away = ((y[:, None] - y) / (height + 1)) ** 2 + ((x[:, None] - x) / (width + 1)) ** 2

    def similar(distance):
        strength = np.exp((1 - distance / (distance.min(1, keepdims=True) + 1e-5)) / bandwidth)
        return strength / strength.sum(1, keepdims=True)

    mixed = (1 - weight) * similar(1 - found.T @ wanted) + weight * similar(away)
    return -np.log(mixed.max(1).mean() + 1e-5)


@pytest.mark.parametrize("weight", [0.0, 0.1, 0.5])
def test_the_authors_similarity_in_numpy(weight):
    found, wanted = maps(0), maps(1)
    expected = [similarity_in_numpy(f, w, weight, 0.5) for f, w in zip(found.numpy(), wanted.numpy(), strict=True)]
    value = contextual_bilateral_distance(found, wanted, weight, bandwidth=0.5).item()
    assert value == pytest.approx(np.mean(expected), rel=1e-4)


@pytest.mark.parametrize("bandwidth", [None, 0.5])
def test_an_image_s_loss_does_not_depend_on_the_others(bandwidth):
    found, wanted = maps(0), maps(1)
    alone = [
        contextual_bilateral_distance(f[None], w[None], 0.1, bandwidth) for f, w in zip(found, wanted, strict=True)
    ]
    torch.testing.assert_close(contextual_bilateral_distance(found, wanted, 0.1, bandwidth), sum(alone) / 2)


@pytest.mark.parametrize("bandwidth", [None, 0.5])
def test_chunks_change_neither_value_nor_gradient(bandwidth):
    found, wanted = maps(0).requires_grad_(), maps(1)
    results = []
    for rows in (1024, 5):
        value = contextual_bilateral_distance(found, wanted, 0.1, bandwidth, rows)
        results.append((value.detach(), torch.autograd.grad(value, found)[0]))
    torch.testing.assert_close(results[0], results[1])


@pytest.mark.parametrize("bandwidth", [None, 0.5])
def test_gradient_against_finite_differences(bandwidth):
    found, wanted = maps(0).double(), maps(1).double()

    def value(features):
        return contextual_bilateral_distance(features, wanted, 0.1, bandwidth)

    direction = torch.randn(found.shape, generator=torch.Generator().manual_seed(3))
    point = found.float().requires_grad_()
    slope = (torch.autograd.grad(value(point), point)[0] * direction).sum().item()
    step = 1e-2
    numeric = (value(point + step * direction) - value(point - step * direction)).item() / (2 * step)
    assert slope == pytest.approx(numeric, rel=0.05, abs=2e-3)


def test_a_shifted_texture_costs_less_than_another_one():
    base = torch.randn(1, 8, 8, 9, generator=torch.Generator().manual_seed(0))
    shifted = contextual_bilateral_distance(base[..., 1:], base[..., :-1])
    other = contextual_bilateral_distance(base[..., 1:], torch.randn_like(base)[..., 1:])
    assert shifted < 0.5 * other


class Peak(torch.utils._python_dispatch.TorchDispatchMode):
    """The largest tensor that any operation makes."""

    numbers = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        for each in out if isinstance(out, (tuple, list)) else [out]:
            if isinstance(each, torch.Tensor):
                self.numbers = max(self.numbers, each.numel())
        return out


@pytest.mark.parametrize("bandwidth", [None, 0.5])
def test_memory_is_bounded_by_the_rows(bandwidth):
    found = torch.randn(1, 4, 32, 32, requires_grad=True)
    with Peak() as peak:
        contextual_bilateral_distance(found, torch.randn(1, 4, 32, 32), bandwidth=bandwidth, rows=64).backward()
    assert peak.numbers == 64 * 1024


def test_random_features_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *_, **__: (_ for _ in ()).throw(OSError("offline")))
    with pytest.raises(InputError, match="perceptual_weight=0"):
        ContextualBilateralLoss()


def test_the_module_compares_vgg_features_and_keeps_out_of_checkpoints(tmp_path):
    from hdrgen.nn import VGGFeatures

    torch.manual_seed(0)
    trunk = VGGFeatures(19, ["relu2_1"])
    torch.save(trunk.state_dict(), tmp_path / "vgg.pth")
    loss = ContextualBilateralLoss(["relu2_1"], tmp_path / "vgg.pth", spatial_weight=0.2)
    image, target = torch.rand(1, 3, 16, 16, requires_grad=True), torch.rand(1, 3, 16, 16)
    expected = contextual_bilateral_distance(trunk(image)[0], trunk(target)[0], 0.2)
    torch.testing.assert_close(loss(image, target), expected)
    loss(image, target).backward()
    assert image.grad.abs().sum() > 0
    assert not loss.state_dict()
