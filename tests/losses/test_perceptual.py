import torch

from hdrgen.losses import PerceptualLoss, perceptual_distance
from hdrgen.nn import VGGFeatures

LAYERS = ("pool1", "pool2", "pool3")


def test_equation_8_by_hand():
    trunk = VGGFeatures(19, LAYERS)
    image, target = torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16)
    expected = sum((a - b).abs().mean() for a, b in zip(trunk(image), trunk(target), strict=True))
    torch.testing.assert_close(perceptual_distance(trunk, image, target), expected)
    assert perceptual_distance(trunk, image, image).item() == 0


def test_the_trunk_stays_out_of_checkpoints_and_optimisers(tmp_path):
    torch.save(VGGFeatures(19, LAYERS).state_dict(), tmp_path / "vgg.pth")
    loss = PerceptualLoss(19, LAYERS, tmp_path / "vgg.pth")
    assert not loss.state_dict()
    assert not list(loss.parameters())
    image = torch.rand(1, 3, 16, 16, requires_grad=True)
    loss(image, torch.rand(1, 3, 16, 16)).backward()
    assert image.grad.abs().sum() > 0
