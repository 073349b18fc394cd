import torch

from hdrgen.nn import ConvGRU


def test_one_pixel_is_torch_s_gru_cell():
    """With 1 x 1 kernels and no biases, each pixel is a GRU cell whose reset gate acts before the product."""
    torch.manual_seed(0)
    cell = ConvGRU(3, kernel=1)
    x, h = torch.randn(2, 3, 1, 1), torch.randn(2, 3, 1, 1)
    (gates, bias), (candidate, shift) = ((c.weight[:, :, 0, 0], c.bias) for c in (cell.gates, cell.candidate))
    xv, hv = x[:, :, 0, 0], h[:, :, 0, 0]
    reset, update = torch.sigmoid(torch.cat([xv, hv], 1) @ gates.T + bias).chunk(2, 1)
    new = torch.tanh(torch.cat([xv, reset * hv], 1) @ candidate.T + shift)
    torch.testing.assert_close(cell(x, h)[:, :, 0, 0], (1 - update) * hv + update * new)


def test_no_state_is_a_state_of_zeros():
    cell = ConvGRU(4)
    x = torch.randn(1, 4, 6, 5)
    torch.testing.assert_close(cell(x), cell(x, torch.zeros_like(x)))


def test_the_state_stays_within_minus_one_and_one():
    cell, state = ConvGRU(4), None
    for _ in range(5):
        state = cell(10 * torch.randn(1, 4, 6, 5), state)
    assert state.abs().max() <= 1
