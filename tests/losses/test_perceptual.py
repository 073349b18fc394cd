import numpy as np
import pytest
import torch

from hdrgen.losses import PerceptualLoss, perceptual_distance
from hdrgen.methods import AdaptiveITM, MultiExposureGeneration
from hdrgen.nn import VGGFeatures

LAYERS = ("pool1", "pool2", "pool3")


def test_equation_8_as_the_authors_compute_it():
    """A mean over batch and pixels and a sum over channels, pixel by pixel in NumPy."""
    torch.manual_seed(0)
    trunk = VGGFeatures(19, LAYERS)
    image, target = torch.rand(2, 3, 16, 24), torch.rand(2, 3, 16, 24)
    expected = 0.0
    for a, b in zip(trunk(image), trunk(target), strict=True):
        scenes, _, height, width = a.shape
        expected += sum(
            np.abs(a.numpy() - b.numpy())[:, :, y, x].sum() for y in range(height) for x in range(width)
        ) / (scenes * height * width)
    assert perceptual_distance(trunk, image, target).item() == pytest.approx(expected, rel=1e-5)
    assert perceptual_distance(trunk, image, image).item() == 0


def test_the_fork_averages_over_channels_too():
    torch.manual_seed(0)
    image, target = torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16)
    for layer, width in zip(LAYERS, (64, 128, 256), strict=True):
        trunk = VGGFeatures(19, [layer])
        mean = perceptual_distance(trunk, image, target, "mean")
        assert mean.item() == pytest.approx((trunk(image)[0] - trunk(target)[0]).abs().mean().item())
        torch.testing.assert_close(perceptual_distance(trunk, image, target), width * mean)


def test_le_sums_and_zhang_averages(tmp_path):
    torch.save(VGGFeatures(19, ["pool3"]).state_dict(), tmp_path / "vgg19.pth")
    torch.save(VGGFeatures(16, ["pool5"]).state_dict(), tmp_path / "vgg16.pth")
    le = MultiExposureGeneration((2, 2), (2, 2), perceptual_weights=tmp_path / "vgg19.pth")
    zhang = AdaptiveITM((2, 2), perceptual_weights=tmp_path / "vgg16.pth")
    for model, channels in ((le, "sum"), (zhang, "mean")):
        model.setup("fit")
        assert model.perceptual.channels == channels


def test_the_trunk_stays_out_of_checkpoints_and_optimisers(tmp_path):
    torch.save(VGGFeatures(19, LAYERS).state_dict(), tmp_path / "vgg.pth")
    loss = PerceptualLoss(19, LAYERS, tmp_path / "vgg.pth")
    assert not loss.state_dict()
    assert not list(loss.parameters())
    image = torch.rand(1, 3, 16, 16, requires_grad=True)
    loss(image, torch.rand(1, 3, 16, 16)).backward()
    assert image.grad.abs().sum() > 0
