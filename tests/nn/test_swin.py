import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from hdrgen.errors import InputError
from hdrgen.nn import SwinBlock, SwinLayer, WindowAttention
from hdrgen.nn.swin import _attended, from_windows, relative_positions, strangers, to_windows


def test_without_bias_it_is_the_attention_of_torch():
    torch.manual_seed(0)
    ours, oracle = WindowAttention(12, 3, 4), nn.MultiheadAttention(12, 3, batch_first=True)
    nn.init.zeros_(ours.bias)
    oracle.in_proj_weight.data, oracle.in_proj_bias.data = ours.qkv.weight.data, ours.qkv.bias.data
    oracle.out_proj.load_state_dict(ours.out.state_dict())
    tokens = torch.randn(2, 1, 16, 12)
    expected = oracle(tokens[:, 0], tokens[:, 0], tokens[:, 0])[0]
    torch.testing.assert_close(ours(tokens)[:, 0], expected, atol=1e-6, rtol=1e-4)


def test_the_bias_goes_by_the_offset_alone():
    positions = relative_positions(3).view(3, 3, 3, 3)
    for offset in [(0, 0), (1, 0), (-1, 2)]:
        found = {
            int(positions[y, x, y - offset[0], x - offset[1]])
            for y in range(3)
            for x in range(3)
            if 0 <= y - offset[0] < 3 and 0 <= x - offset[1] < 3
        }
        assert len(found) == 1
    assert positions.unique().numel() == 25


@settings(max_examples=20)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4))
def test_windows_and_back(rows, columns, window):
    tokens = torch.randn(2, rows * window, columns * window, 3)
    windows = to_windows(tokens, window)
    assert windows.shape == (2, rows * columns, window**2, 3)
    assert torch.equal(windows[0, 0].view(window, window, 3), tokens[0, :window, :window])
    assert torch.equal(from_windows(windows, rows * window, columns * window), tokens)


def seen_by(block, y, x, size=8):
    """Which pixels the output at (y, x) depends on."""
    tokens = torch.randn(1, size, size, 4, requires_grad=True)
    block(tokens)[0, y, x].sum().backward()
    return tokens.grad[0].abs().sum(-1) > 0


def test_a_window_sees_itself_only():
    torch.manual_seed(0)
    expected = torch.zeros(8, 8, dtype=torch.bool)
    expected[:4, 4:] = True
    assert torch.equal(seen_by(SwinBlock(4, 2, 4), 1, 6), expected)


def test_a_shifted_window_crosses_windows_but_not_the_border():
    torch.manual_seed(0)
    block = SwinBlock(4, 2, 4, shift=2)
    middle, corner, edge = (torch.zeros(8, 8, dtype=torch.bool) for _ in range(3))
    middle[2:6, 2:6] = True
    assert torch.equal(seen_by(block, 3, 4), middle)
    corner[:2, :2] = True
    assert torch.equal(seen_by(block, 0, 0), corner)
    edge[6:, 2:6] = True
    assert torch.equal(seen_by(block, 7, 3), edge)
    assert strangers(8, 8, 4, 2).shape == (4, 16, 16)


def test_gradients_reach_every_parameter():
    layer = SwinLayer(8, heads=2, window=4, pairs=2)
    layer(torch.randn(2, 8, 8, 16)).square().sum().backward()
    assert all(p.grad.isfinite().all() and p.grad.abs().sum() > 0 for p in layer.parameters())


def test_half_precision():
    layer, x = SwinLayer(8, heads=2, window=4), torch.randn(1, 8, 8, 8)
    with torch.autocast("cpu", torch.bfloat16):
        half = layer(x)
    torch.testing.assert_close(half.float(), layer(x), atol=0.1, rtol=0.1)


def test_sizes_that_do_not_fit():
    with pytest.raises(InputError, match="windows of 8, found 12 x 8"):
        SwinLayer(8, heads=2)(torch.zeros(1, 8, 8, 12))
    with pytest.raises(InputError, match="3 heads can share, found 8"):
        SwinLayer(8, heads=3)


def test_attention_of_exported_programs_is_torch_s(monkeypatch):
    q, k, v = torch.randn(3, 2, 5, 4, 9, 8).unbind()
    bias = torch.randn(4, 9, 9)
    expected = _attended(q, k, v, bias)
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    torch.testing.assert_close(_attended(q, k, v, bias), expected, atol=1e-6, rtol=1e-5)
