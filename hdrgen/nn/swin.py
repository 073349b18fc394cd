"""Self-attention within windows that every other block shifts."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdrgen.errors import InputError


class WindowAttention(nn.Module):
    r"""Multi-head self-attention with a learned bias for each relative position within a window.

    .. math:: \mathrm{softmax}(Q K^T / \sqrt d + B)\,V

    Source: Liu et al., "Swin Transformer", 2021, Eq. 4.

    Args:
        channels: Of the tokens, a multiple of `heads`.
        heads: Number of heads.
        window: Side of a window, in tokens.
    """

    positions: Tensor

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)
        self.bias = nn.Parameter(torch.empty(heads, (2 * window - 1) ** 2))
        nn.init.trunc_normal_(self.bias, std=0.02)
        self.register_buffer("positions", relative_positions(window), persistent=False)

    def forward(self, tokens: Tensor, hidden: Tensor | None = None) -> Tensor:
        """Attend.

        Args:
            tokens: `(B, windows, window^2, C)`.
            hidden: `(windows, window^2, window^2)` booleans: which token must not see which; None hides nothing.
        """
        q, k, v = self.qkv(tokens).unflatten(-1, (3, self.heads, -1)).permute(3, 0, 1, 4, 2, 5)
        bias = self.bias[:, self.positions]
        if hidden is not None:
            bias = torch.where(hidden[:, None], float("-inf"), bias)
        attended: Tensor = self.out(_attended(q, k, v, bias.to(q.dtype)).transpose(2, 3).flatten(3))
        return attended


def _attended(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    """Attention of tokens `(B, windows, heads, window^2, C / heads)`."""
    if not torch.compiler.is_compiling():
        return F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
    # ONNX has attention in four dimensions only.
    attended: Tensor = (q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5 + bias).softmax(-1) @ v
    return attended


class SwinBlock(nn.Module):
    """Window attention and a perceptron, each after layer normalisation and around a shortcut.

    Source: Liu et al. 2021, Eq. 3 and Fig. 3b.

    Args:
        channels: Of the feature map.
        heads: Of the attention.
        window: Side of a window, in pixels of the feature map.
        shift: By how many pixels the windows are moved. Pixels that meet in a window across the border of the image do
            not see each other.
        widening: Of the perceptron's hidden layer.
    """

    def __init__(self, channels: int, heads: int, window: int, shift: int = 0, widening: int = 2) -> None:
        super().__init__()
        self.window = window
        self.shift = shift
        self.before = nn.LayerNorm(channels)
        self.attention = WindowAttention(channels, heads, window)
        self.perceptron = nn.Sequential(
            nn.LayerNorm(channels),
            nn.Linear(channels, widening * channels),
            nn.GELU(),
            nn.Linear(widening * channels, channels),
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Run on `(B, H, W, C)`, both sides multiples of the window."""
        tokens = tokens + self.attended(self.before(tokens))
        result: Tensor = tokens + self.perceptron(tokens)
        return result

    def attended(self, normal: Tensor) -> Tensor:
        """What attention makes of normalised tokens `(B, H, W, C)`, before the shortcut."""
        height, width = normal.shape[1:3]
        windows = to_windows(_rolled(normal, -self.shift), self.window)
        hidden = strangers(height, width, self.window, self.shift, normal.device) if self.shift else None
        return _rolled(from_windows(self.attention(windows, hidden), height, width), self.shift)


class SwinLayer(nn.Module):
    """Pairs of blocks: windows in place, then windows shifted by half their side. `(B, C, H, W)` to the same shape.

    Args:
        channels: Of the feature map, a multiple of `heads`.
        heads: Of the attention.
        window: Side of a window; that of the map must be a multiple of it.
        pairs: Number of pairs.

    Raises:
        InputError: `heads` does not divide `channels`.
    """

    def __init__(self, channels: int, heads: int = 4, window: int = 8, pairs: int = 1) -> None:
        if channels % heads:
            raise InputError(f"expected channels that {heads} heads can share, found {channels}; pass a multiple")
        super().__init__()
        self.window = window
        self.blocks = nn.Sequential(
            *(SwinBlock(channels, heads, window, shift) for _ in range(pairs) for shift in (0, window // 2))
        )

    def forward(self, features: Tensor) -> Tensor:
        """Run the blocks.

        Raises:
            InputError: The map does not divide into windows.
        """
        height, width = features.shape[-2:]
        if height % self.window or width % self.window:
            raise InputError(f"expected a map that divides into windows of {self.window}, found {width} x {height}")
        tokens: Tensor = self.blocks(features.movedim(1, -1))
        return tokens.movedim(-1, 1)


def relative_positions(window: int) -> Tensor:
    """Index of the offset between each two tokens of a window, `(window^2, window^2)` in 0 ... (2 window - 1)^2 - 1.

    >>> relative_positions(2)[0].tolist()
    [4, 3, 1, 0]
    """
    axis = torch.arange(window)
    y, x = (grid.flatten() for grid in torch.meshgrid(axis, axis, indexing="ij"))
    down, right = (a[:, None] - a[None] + window - 1 for a in (y, x))
    return down * (2 * window - 1) + right


def to_windows(tokens: Tensor, window: int) -> Tensor:
    """`(B, H, W, C)` to `(B, windows, window^2, C)`."""
    count, height, width, channels = tokens.shape
    grid = tokens.reshape(count, height // window, window, width // window, window, channels)
    return grid.transpose(2, 3).reshape(count, -1, window**2, channels)


def from_windows(windows: Tensor, height: int, width: int) -> Tensor:
    """Undo `to_windows`."""
    count, _, tokens, channels = windows.shape
    side = round(tokens**0.5)
    grid = windows.reshape(count, height // side, width // side, side, side, channels)
    return grid.transpose(2, 3).reshape(count, height, width, channels)


def strangers(height: int, width: int, window: int, shift: int, device: torch.device | None = None) -> Tensor:
    """Which tokens of a shifted window come from opposite borders of the image.

    Returns:
        `(windows, window^2, window^2)` booleans, True where two tokens are no neighbours.
    """
    sides = [_beyond(length, shift, device) for length in (height, width)]
    origin = 2 * sides[0][:, None] + sides[1][None]
    windows = to_windows(origin[None, :, :, None], window)[0, ..., 0]
    return windows[:, :, None] != windows[:, None, :]


def _beyond(length: int, shift: int, device: torch.device | None) -> Tensor:
    """1 for what a shift has carried around the border, else 0."""
    return (torch.arange(length, device=device) >= length - shift).long()


def _rolled(tokens: Tensor, by: int) -> Tensor:
    return torch.roll(tokens, (by, by), (1, 2)) if by else tokens
