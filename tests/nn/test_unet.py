import pytest
import torch
from torch import nn

from hdrgen.errors import InputError
from hdrgen.nn import SubPixelUp, UNet


def test_decoder_widths_follow_the_table_of_the_public_code():
    net = UNet(3, (16, 32, 64, 128, 256, 256, 256))
    pairs = [(block[0].in_channels, block[0].out_channels) for block in net.decoder]
    assert pairs == [(512, 256), (512, 128), (256, 64), (128, 32), (64, 16), (32, 16)]
    assert net.multiple == 64


def test_encoder_widths_activation_and_bias():
    net = UNet(3, (32, 64, 128, 256, 512, 512, 512))
    assert [block[3].out_channels for block in net.encoder] == [32, 64, 128, 256, 512, 512, 512]
    convolutions = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    assert all(c.bias is None for c in convolutions)
    assert any(isinstance(m, nn.Mish) for m in net.modules())
    assert not any(isinstance(m, nn.ConvTranspose2d) for m in net.modules())


def test_shapes_and_gradients():
    net = UNet(3, (4, 6, 8))
    image = torch.rand(2, 3, 16, 24, requires_grad=True)
    features = net(image)
    assert features.shape == (2, 4, 16, 24)
    features.square().mean().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in net.parameters())


def test_untrained_upsampling_is_nearest_neighbour():
    up = SubPixelUp(3).eval()
    image = torch.rand(1, 3, 4, 4)
    out = up(image)
    assert out.shape == (1, 3, 8, 8)
    blocks = out.unfold(2, 2, 2).unfold(3, 2, 2)
    assert torch.allclose(blocks, blocks[..., :1, :1].expand_as(blocks), atol=1e-6)


@pytest.mark.parametrize("channels", [(), (8,), (8, 0)])
def test_too_few_levels_or_channels(channels):
    with pytest.raises(InputError, match="at least two levels"):
        UNet(3, channels)
