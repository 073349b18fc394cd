import torch

from hdrgen.nn import ChannelAttention


def test_each_channel_is_weighed_by_its_mean_and_its_maximum():
    torch.manual_seed(0)
    block, x = ChannelAttention(32), torch.rand(2, 32, 5, 7)
    first, second = block.perceptron[0].weight, block.perceptron[2].weight
    pools = [x.flatten(2).mean(2), x.flatten(2).max(2).values]
    weight = torch.sigmoid(sum((pool @ first.T).clamp_min(0) @ second.T for pool in pools))
    torch.testing.assert_close(block(x), x * weight[:, :, None, None])
    assert first.shape == (4, 32)
