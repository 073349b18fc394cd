import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from hdrgen.errors import InputError
from hdrgen.methods.hdr_gan import Discriminator, Generator
from hdrgen.methods.hdr_gan.network import Decoder, MergingBlock, PlainMerging, widths
from tests.methods.test_hdr_gan import parameters


class TestGenerator:
    @pytest.mark.parametrize(
        ("channels", "count"),
        [((32, 64), 569_507), ((32, 64, 128), 2_557_382), ((32, 64, 128, 256), 10_119_719)],
    )
    def test_parameter_counts_of_the_paper_s_widths(self, channels, count):
        with torch.device("meta"):
            assert parameters(Generator(channels=channels)) == count

    def test_parts_of_the_paper_s_generator(self):
        with torch.device("meta"):
            net = Generator()
        ups = [module.up for module in net.modules() if isinstance(module, Decoder)]
        assert parameters(net.encoders) == 1_034_112
        assert parameters(net.merge) + sum(map(parameters, ups[:2])) == 1_254_368
        assert parameters(net.paths) - sum(map(parameters, ups[:2])) == 268_704
        assert parameters(net.heads) == 198

    @pytest.mark.parametrize(("scales", "outputs"), [(2, 1), (3, 2), (4, 3)])
    def test_an_image_in_range_from_every_path(self, scales, outputs):
        net = Generator(channels=(4, 5, 6, 7)[:scales])
        side = net.smallest
        images = net(4 * torch.randn(2, 3, 6, side, side + net.multiple))
        assert [image.shape for image in images] == [(2, 3, side, side + net.multiple)] * outputs
        assert all(image.abs().max() <= 1 for image in images)

    def test_all_padding_mirrors(self):
        """Zeros would show at the border of an image that is the same everywhere."""
        net = Generator(channels=(4, 5, 6)).eval()
        for image in net(torch.rand(1, 3, 6, 1, 1).expand(-1, -1, -1, 24, 28)):
            torch.testing.assert_close(image, image[..., :1, :1].expand_as(image), atol=1e-5, rtol=0)

    def test_spectral_norm_everywhere_but_after_upsampling(self):
        net = Generator(channels=(4, 5, 6))
        convolutions = {name: m for name, m in net.named_modules() if isinstance(m, nn.Conv2d)}
        plain = {name for name, m in convolutions.items() if not is_parametrized(m)}
        assert plain == {name for name in convolutions if ".up." in name}
        assert len(plain) == 3

    def test_a_merging_block_adds_to_the_reference(self):
        block = MergingBlock(4).eval()
        features = [torch.randn(1, 4, 8, 8) for _ in range(3)]
        torch.testing.assert_close(block(features), torch.relu(block.body(torch.cat(features, 1)) + features[1]))
        assert [m.dilation for m in block.body if isinstance(m, nn.Conv2d)] == [(2, 2)] * 4

    def test_without_merging_blocks(self):
        net = Generator(channels=(4, 5, 6), merging=False)
        assert all(isinstance(merge, PlainMerging) for merge in net.merge)
        assert len(net(torch.rand(1, 3, 6, 16, 16))) == 2

    def test_each_exposure_matters(self):
        net = Generator(channels=(4, 5, 6)).eval()
        exposures = torch.rand(1, 3, 6, 16, 16, requires_grad=True)
        net(exposures)[-1].square().sum().backward()
        assert exposures.grad.abs().flatten(2).amax(-1).gt(0).all()

    @pytest.mark.parametrize("channels", [(8,), (8, 0), ()])
    def test_too_few_scales(self, channels):
        with pytest.raises(InputError, match="at least two scales"):
            Generator(channels=channels)


class TestDiscriminator:
    def test_of_the_paper(self):
        with torch.device("meta"):
            net = Discriminator()
            assert parameters(net) == 660_929
            assert net(torch.zeros(1, 3, 512, 512)).shape == (1, 1, 58, 58)

    def test_smallest_patch(self):
        net = Discriminator((4, 4, 4, 4))
        assert net(torch.zeros(1, 3, 54, 54)).shape == (1, 1, 1, 1)
        with pytest.raises(InputError, match="at least 54 pixels for the discriminator, found 60 x 53"):
            net(torch.zeros(1, 3, 53, 60))

    def test_spectral_norm_of_its_weights_is_one(self):
        torch.manual_seed(0)
        net = Discriminator((4, 4, 4, 4))
        for _ in range(100):
            net(torch.zeros(1, 3, 54, 54))
        for layer in net.layers[::2]:
            assert is_parametrized(layer)
            largest = np.linalg.svd(layer.weight.detach().flatten(1).numpy(), compute_uv=False)[0]
            assert largest == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("make", "layers"), [(Generator, 46), (Discriminator, 5)])
def test_both_networks_start_as_the_authors_do(make, layers):
    """Normal weights of variance 2 / inputs, none beyond two deviations of what was cut; biases 0."""
    found = [module for module in make().modules() if isinstance(module, nn.Conv2d)]
    assert len(found) >= layers
    for layer in found:
        assert not layer.bias.any()
        name = "parametrizations.weight.original" if is_parametrized(layer) else "weight"
        weight = dict(layer.named_parameters())[name]
        expected = (2 / weight[0].numel()) ** 0.5
        assert weight.abs().max() <= 2 * expected / 0.879 + 1e-6
        if weight.numel() > 2000:
            assert weight.std().item() == pytest.approx(expected, rel=0.1)


def test_what_a_wide_merging_block_reduces_passes_a_relu():
    block, features = MergingBlock(200).eval(), [torch.rand(1, 200, 8, 8) for _ in range(3)]
    reduced = torch.cat([reduce(each).relu() for reduce, each in zip(block.reduce, features, strict=True)], 1)
    torch.testing.assert_close(block(features), (block.body(reduced) + features[1]).relu())


@pytest.mark.parametrize("scales", [2, 3, 4])
def test_scales_keep_the_widths_that_are_given(scales):
    assert widths((32, 64, 128), scales) == [32, 64, 128, 256][:scales]
    assert widths((16, 32, 48), scales) == [16, 32, 48, 96][:scales]
    with pytest.raises(InputError, match="2 to 8 scales"):
        widths((32, 64), 1)
