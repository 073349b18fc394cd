from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from hdrgen.errors import InputError
from hdrgen.methods import AdaptiveITM
from hdrgen.methods.adaptive_itm import ExposureNetwork, FusionNetwork, MaskAwareDiscriminator
from hdrgen.methods.adaptive_itm.blocks import CrossModelAttention, GuidedConvPair

SMALL = {
    "channels": (8, 12, 16, 24, 32),
    "global_channels": 24,
    "global_size": 64,
    "fusion_channels": 12,
    "discriminator_channels": (8, 12, 16, 24, 32),
}
ABLATIONS = ("exposure_adaptive", "luminance_guided", "cross_attention", "cross_model")


def parameters(module):
    return sum(p.numel() for p in module.parameters())


class TestNetworks:
    def test_parameter_counts(self):
        with torch.device("meta"):
            paper, small = AdaptiveITM(), AdaptiveITM(**SMALL)
        for model, counts in (
            (paper, (9_991_977, 8_041_964, 121_127, 7_846_657)),
            (small, (77_479, 60_264, 16_411, 63_745)),
        ):
            parts = (model.network.down, model.network.adaptive, model.fusion, model.discriminator)
            assert tuple(parameters(part) for part in parts) == counts
            assert parameters(model.network.up) == counts[0]
            assert parameters(model) == sum(counts) + counts[0]

    @pytest.mark.parametrize("flag", [None, *ABLATIONS])
    def test_five_pictures_of_each_side(self, flag):
        net = ExposureNetwork((4, 4, 4, 4, 4), global_channels=4, global_size=32, **({flag: False} if flag else {}))
        down, up = net(torch.rand(2, 3, 48, 32))
        sizes = [(3, 3, 2), (3, 6, 4), (3, 12, 8), (3, 24, 16), (3, 48, 32)]
        assert [tuple(picture.shape[1:]) for picture in down] == [tuple(picture.shape[1:]) for picture in up] == sizes

    def test_guides_of_both_models(self):
        """The darker image is made from what is bright in any channel, the brighter one from what is dark in any."""
        net, seen = ExposureNetwork((4, 4), exposure_adaptive=False, cross_attention=False), []
        for side in (net.down, net.up):
            side.encoder[0].register_forward_pre_hook(lambda _, given: seen.append(given[1]))
        image = torch.rand(1, 3, 4, 4)
        net(image)
        torch.testing.assert_close(seen[0], image.max(1, keepdim=True).values)
        torch.testing.assert_close(seen[1], 1 - image.min(1, keepdim=True).values)

    def test_luminance_guided_convolution(self):
        pair, x, guide = GuidedConvPair(3, 4), torch.rand(1, 3, 6, 6), torch.rand(1, 1, 6, 6)
        first, second = pair.layers
        expected = pair.activation(second(pair.activation(first(x * guide)) * guide))
        torch.testing.assert_close(pair(x, guide), expected)
        pair.guided = False
        torch.testing.assert_close(pair(x, guide), pair(x, torch.ones_like(guide)))

    def test_cross_model_attention_sees_thirteen_pixels_far_in_both_models(self):
        torch.manual_seed(0)
        block = CrossModelAttention(4, reduction=1)
        inputs = [torch.rand(1, 4, 40, 40, requires_grad=True) for _ in range(2)]
        reduced = [layer(x) for layer, x in zip(block.reduce, inputs, strict=True)]
        block.spread[3](torch.cat(reduced, 1))[0, :, 20, 20].sum().backward()
        rows = (inputs[1].grad[0].abs().sum(0) > 0).nonzero()
        assert rows.unique().tolist() == [7, 20, 33]
        assert [layer.dilation[0] for layer in block.spread] == [1, 5, 9, 13]

    def test_cross_model_attention_is_a_residual_of_eq_2_and_3(self):
        torch.manual_seed(0)
        block, x, y = CrossModelAttention(8), torch.rand(1, 8, 6, 6), torch.rand(1, 8, 6, 6)
        near, far = block.reduce[0](x), block.reduce[1](y)
        both = torch.cat([near, far], 1)
        weighed = torch.cat([torch.sigmoid(block.score[0](both)) * near, torch.sigmoid(block.score[1](both)) * far], 1)
        spread = torch.cat([nn.functional.leaky_relu(layer(weighed), 0.2) for layer in block.spread], 1)
        torch.testing.assert_close(block(x, y), x + block.restore(block.attention(spread)))

    def test_without_the_opposite_model_it_does_not_matter(self):
        block, x = CrossModelAttention(8, cross=False), torch.rand(1, 8, 6, 6)
        assert torch.equal(block(x, torch.rand(1, 8, 6, 6)), block(x, torch.zeros(1, 8, 6, 6)))

    def test_the_adaptive_block_sets_the_mean_of_every_decoder_level(self):
        net, found = ExposureNetwork((4, 5, 6), global_channels=4, global_size=32), []
        for head in net.up.heads:
            head.register_forward_pre_hook(lambda _, given: found.append(given[0].mean((-2, -1))))
        shifts = []
        net.adaptive.register_forward_hook(lambda _, __, made: shifts.append(made[1]))
        net(torch.rand(2, 3, 16, 16))
        for mean, shift in zip(found[1:], shifts[1], strict=True):
            torch.testing.assert_close(mean, shift[..., 0, 0], atol=1e-5, rtol=1e-4)

    def test_both_models_share_the_adaptive_block(self):
        net = ExposureNetwork((4, 4), global_channels=4, global_size=32)
        calls = []
        net.adaptive.register_forward_hook(lambda *_: calls.append(1))
        net(torch.rand(1, 3, 8, 8))
        assert len(calls) == 2

    def test_the_adaptive_block_sees_the_whole_image_at_its_size(self):
        net = ExposureNetwork((4, 4), global_channels=8, global_size=64)
        assert net.adaptive.look(torch.rand(1, 3, 100, 30)).shape == (1, 8, 16, 16)
        with pytest.raises(InputError, match="windows of 32 pixels, found 40"):
            ExposureNetwork((4, 4), global_size=40)

    def test_pictures_add_up(self):
        """Eq. 11: with zero heads but the first, every picture is the first one, enlarged."""
        net = ExposureNetwork((4, 4, 4), global_channels=4, global_size=32)
        for head in net.down.heads[1:]:
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
        pictures, _ = net(torch.rand(1, 3, 16, 16))
        for coarse, fine in pairwise(pictures):
            expected = nn.functional.interpolate(coarse, size=fine.shape[-2:], mode="bilinear")
            torch.testing.assert_close(fine, expected)

    def test_identity_start(self):
        net, image = (
            ExposureNetwork((4, 4, 4), global_channels=4, global_size=32, identity_start=True),
            torch.rand(1, 3, 8, 8),
        )
        down, up = net(image)
        assert torch.equal(down[-1], image)
        torch.testing.assert_close(up[0], nn.functional.avg_pool2d(image, 4))

    def test_discriminator_judges_pixels_and_images(self):
        net = MaskAwareDiscriminator((4, 4, 4, 4, 4), whole_image=True)
        pixels, image = net(torch.rand(2, 3, 32, 48))
        assert (tuple(pixels.shape), tuple(image.shape)) == ((2, 1, 32, 48), (2, 1))
        assert MaskAwareDiscriminator((4, 4))(torch.rand(1, 3, 4, 4))[1] is None


class TestFusion:
    def test_the_first_layer_sees_all_branches_side_by_side(self):
        net, pictures = FusionNetwork(4, 16), torch.rand(2, 9, 20, 12)
        whole = net.whole(F.interpolate(pictures, (16, 16), mode="bilinear", antialias=True))
        branches = [net.local(pictures), net.dilated(pictures), whole.expand(-1, -1, 20, 12)]
        wanted = torch.sigmoid(net.fuse(torch.cat(branches, dim=1)))
        torch.testing.assert_close(net.masks_and_curve(pictures)[0][:, :, 0], wanted)

    def test_equations_7_and_8(self):
        torch.manual_seed(0)
        net, pictures = FusionNetwork(4, 16), torch.rand(3, 2, 3, 20, 12)
        masks, curve = net.masks_and_curve(torch.cat(list(pictures), 1))
        assert (tuple(masks.shape), tuple(curve.shape)) == ((2, 3, 1, 20, 12), (2, 4, 1, 1, 1))
        fused = (masks.transpose(0, 1) * pictures).sum(0)
        expected = sum(curve[:, power] * fused**power for power in range(4))
        torch.testing.assert_close(net(*pictures), expected)

    def test_the_curve_is_one_for_the_whole_image_the_masks_are_not(self):
        masks, _ = FusionNetwork(4, 16).masks_and_curve(torch.rand(1, 9, 20, 12))
        assert masks[0, 0].std() > 0
        assert 0 < masks.min() < masks.max() < 1

    def test_start_as_the_linearised_input(self):
        net, image = FusionNetwork(4, 16, start_peak=4.0), torch.rand(1, 3, 16, 16)
        torch.testing.assert_close(4 * net(image, image, image), image**2.2, atol=0.02, rtol=0)

    def test_in_half_precision_the_curve_is_float32(self):
        with torch.autocast("cpu", torch.bfloat16):
            made = FusionNetwork(4, 16)(*torch.rand(3, 1, 3, 16, 16))
        assert made.dtype == torch.float32

    @pytest.mark.parametrize("size", [4, 24, 0])
    def test_sizes_it_cannot_halve(self, size):
        with pytest.raises(InputError, match=f"found {size}"):
            FusionNetwork(4, size)
