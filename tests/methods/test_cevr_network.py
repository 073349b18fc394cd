import pytest
import torch
import torch.nn.functional as F
from torch import nn

from hdrgen.methods import CEVR
from hdrgen.methods.cevr import CEVRNetwork
from hdrgen.methods.cevr.network import DecoderBlock, DirectOutput, ImplicitModule, Neck, convolve_enlarged


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def test_parameter_counts_of_the_papers_width():
    """The official model counts 3,291,592; without intensity transformation, three colours replace six maps."""
    with torch.device("meta"):
        net, direct = CEVRNetwork(), CEVRNetwork(intensity_transformation=False)
        both = CEVR(pretrained=False)
    assert parameters(net) == 3_291_592
    assert parameters(both) == 6_583_184
    maps = 2 * (9 * 256 + 1) + 2 * (9 * 128 + 1) + 2 * (65 + 1)
    assert parameters(direct) == 3_291_592 - maps + 3 * (65 + 1)
    assert net.multiple == 8


@pytest.mark.parametrize("size", [(8, 8), (16, 24)])
def test_shapes(size):
    net = CEVRNetwork((4, 6, 8)).eval()
    image, ev = torch.rand(2, 3, *size), torch.tensor([0.3, 2.0])
    features = net.encode(image)
    assert [tuple(f.shape[1:]) for f in features] == [
        (width, size[0] >> level, size[1] >> level) for level, width in enumerate((4, 6, 8, 8))
    ]
    assert net(image, ev).shape == image.shape


def test_implicit_module_is_an_mlp_of_each_pixel_and_the_step():
    """Equation 2, pixel by pixel with matrices; the hidden activation is the paper's, not the authors' code's."""
    for hidden in (True, False):
        module = ImplicitModule((3, 5, 2), hidden_activation=hidden)
        x, ev = torch.randn(2, 3, 2, 2), torch.tensor([0.7, -1.5])
        first, second = ((layer.weight[:, :, 0, 0], layer.bias) for layer in module.layers)
        out = module(x, ev)
        for b, p, q in [(0, 0, 1), (1, 1, 0)]:
            inner = first[0] @ torch.cat([x[b, :, p, q], ev[b : b + 1]]) + first[1]
            inner = torch.where(inner > 0, inner, 0.01 * inner) if hidden else inner
            outer = second[0] @ inner + second[1]
            torch.testing.assert_close(out[b, :, p, q], torch.where(outer > 0, outer, 0.01 * outer))


def test_without_hidden_activations_the_module_is_affine_but_for_its_end():
    module = ImplicitModule((3, 5, 4), hidden_activation=False)
    x, y = torch.randn(2, 1, 3, 1, 1)
    s = torch.ones(1)

    def before(features):
        out = module(features, s)
        return torch.where(out > 0, out, 100 * out)

    torch.testing.assert_close(before((x + y) / 2), (before(x) + before(y)) / 2, atol=1e-5, rtol=1e-5)


def test_neck_and_block_pass_their_input_beside_the_implicit_modules():
    x, ev = torch.randn(2, 4, 3, 3), torch.tensor([1.0, -2.0])
    neck = Neck(4)
    flat = x.view(2, 2, 2, 3, 3)  # two groups of two channels
    normal = (flat - flat.mean((2, 3, 4), keepdim=True)) / (flat.var((2, 3, 4), False, True) + 1e-5).sqrt()
    torch.testing.assert_close(neck(x, ev), x + neck.implicit(normal.view_as(x), ev))
    block = DecoderBlock(4, 6)
    skip = torch.randn(2, 6, 6, 6)
    larger = block.up(F.interpolate(x, scale_factor=2, mode="bicubic", align_corners=False))
    merged = block.merge(torch.cat([skip, larger], 1), ev)
    normal = F.group_norm(merged, 2)
    torch.testing.assert_close(block(x, skip, ev), merged + block.second(block.first(normal, ev), ev))


def test_convolution_after_enlarging_in_either_order():
    convolution, features = nn.Conv2d(5, 2, 3, padding=1), torch.randn(2, 5, 3, 4, requires_grad=True)
    size = (12, 16)
    expected = convolution(F.interpolate(features, size=size, mode="bicubic", align_corners=False))
    found = convolve_enlarged(features, convolution, size)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
    weight = torch.randn_like(expected)
    wanted = torch.autograd.grad((expected * weight).sum(), [features, *convolution.parameters()])
    gradients = torch.autograd.grad((found * weight).sum(), [features, *convolution.parameters()])
    torch.testing.assert_close(gradients, wanted, atol=1e-4, rtol=1e-4)


def test_maps_are_applied_one_after_the_other():
    net = CEVRNetwork((4, 6, 8), identity_start=True).eval()
    image, ev = torch.rand(1, 3, 16, 16), torch.tensor([1.5])
    torch.testing.assert_close(net(image, ev), image)
    pairs = [(2.0, 0.1), (0.5, -0.2), (1.5, 0.3)]
    for output, pair in zip(net.outputs, pairs, strict=True):
        output.maps.bias.data = torch.tensor(pair)
    expected = image.clone()
    for alpha, beta in pairs:
        expected = alpha * expected + beta
    torch.testing.assert_close(net(image, ev), expected)


def test_red_green_and_blue_share_their_maps():
    net = CEVRNetwork((4, 6)).eval()
    image = torch.rand(1, 3, 8, 8)
    out = net(image, torch.tensor([1.0]))
    slope = (out[:, 0] - out[:, 1]) / (image[:, 0] - image[:, 1])
    torch.testing.assert_close((out[:, 0] - out[:, 2]) / (image[:, 0] - image[:, 2]), slope, rtol=1e-2, atol=1e-3)


def test_without_intensity_transformation_features_alone_make_the_image():
    net = CEVRNetwork((4, 6), intensity_transformation=False).eval()
    assert isinstance(net.outputs[0], DirectOutput)
    image, ev = torch.rand(1, 3, 8, 8), torch.tensor([1.0])
    features = net.encode(image)
    assert torch.equal(net.decode(features, image, ev), net.decode(features, 1 - image, ev))


def test_the_output_depends_on_the_step_of_each_image():
    net = CEVRNetwork((4, 6)).eval()
    image = torch.rand(1, 3, 8, 8).expand(3, -1, -1, -1)
    out = net(image, torch.tensor([1.0, 1.0, 1.01]))
    torch.testing.assert_close(out[0], out[1])
    assert not torch.equal(out[0], out[2])
