import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from hdrgen.errors import InputError
from hdrgen.io.levels import quantised
from hdrgen.nn import ChannelAttention, Tiling, fitted, group_norm, mean_of_whole, pad_to_multiple
from hdrgen.tiling.kept_heap import _glibc, heap_kept
from hdrgen.tiling.live_memory import LiveMemory
from hdrgen.tiling.regions import even, starts, weights
from hdrgen.tiling.tiling import CONTEXT, _cut
from hdrgen.tiling.whole_image import Region, WholeImage


@settings(max_examples=50)
@given(
    length=st.integers(1, 40), size=st.integers(3, 12), overlap=st.integers(0, 16), multiple=st.sampled_from([1, 8, 64])
)
def test_tiles_cover_the_image_and_overlap_enough(length, size, overlap, multiple):
    length, size = length * multiple, size * multiple
    if size - overlap < multiple:
        return
    begins = starts(length, size, overlap, multiple)
    assert begins[0] == 0
    assert all(begin % multiple == 0 for begin in begins)
    if length > size:
        assert begins[-1] + size == length
        assert all(after - before <= size - overlap for before, after in pairwise(begins))


@settings(max_examples=200)
@given(
    length=st.integers(1, 60),
    tile=st.integers(1, 999),
    overlap=st.integers(0, 200),
    multiple=st.sampled_from([1, 8, 64]),
)
def test_tiles_are_no_larger_than_their_number_needs(length, tile, overlap, multiple):
    length *= multiple
    if tile - overlap < multiple:
        return
    most = min(length, -(-tile // multiple) * multiple)
    size = even(length, tile, overlap, multiple)
    begins = starts(length, size, overlap, multiple)
    assert size <= most
    assert size % multiple == 0
    assert len(begins) == len(starts(length, most, overlap, multiple))
    assert begins[-1] + size == length


def test_a_photograph_is_shared_out_evenly():
    """Three tiles of 1,496 pixels would cover 3,000 with half of each seen twice."""
    assert even(3000, 1496, overlap=192, multiple=8) == 1128


@settings(max_examples=50)
@given(length=st.integers(20, 200), size=st.integers(12, 40), overlap=st.integers(0, 11))
def test_weights_add_up_to_one(length, size, overlap):
    size = min(size, length)
    begins = starts(length, size, overlap, 1)
    total = torch.zeros(length)
    for begin, line in zip(begins, weights(tuple(begins), size, length, overlap), strict=True):
        total[begin : begin + size] += line
    torch.testing.assert_close(total, torch.ones(length))


def test_three_eighths_of_the_overlap_are_thrown_away_on_either_side():
    """Of 16 rows, 6 next to each tile's end; the 4 between are blended."""
    upper, lower = weights((0, 24), 40, 64, 16)
    torch.testing.assert_close(upper, torch.tensor([1.0] * 30 + [0.875, 0.625, 0.375, 0.125] + [0.0] * 6))
    torch.testing.assert_close(lower, upper.flip(0))


def test_a_tile_smaller_than_its_overlap_is_refused():
    with pytest.raises(
        InputError, match=r"of at least 72 pixels, found 64; pass tile=72 or more, or tile='none'"
    ) as caught:
        starts(1000, 64, 64, 8)
    assert caught.value.argument == "tile"


@pytest.fixture
def network():
    """Two convolutions: each pixel sees five rows and columns."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 3, 3, padding=1)).eval()


@torch.no_grad()
@pytest.mark.parametrize("size", [(90, 131), (64, 64), (65, 300)])
def test_tiles_equal_the_whole(network, size):
    """Where the unused quarter of the overlap is wider than what a pixel sees."""
    image = torch.rand(2, 3, *size)
    whole = Tiling(4, 16, False).apply(network, image, "none")
    tiled = Tiling(4, 16, False).apply(network, image, 48)
    torch.testing.assert_close(tiled, whole, atol=1e-6, rtol=0)


@torch.no_grad()
def test_several_images_come_back_for_each(network):
    image = torch.rand(1, 3, 100, 70)
    tiled = Tiling(overlap=16).apply(lambda x: torch.stack([network(x), x], dim=1), image, 40)
    assert tiled.shape == (1, 2, 3, 100, 70)
    torch.testing.assert_close(tiled[:, 1], image)


class Normalised(nn.Module):
    """Every kind of statistic that the methods take of a whole image."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 3, 3, padding=1)
        self.attention = ChannelAttention(8)

    def forward(self, image):
        features = group_norm(self.first(image), 2).relu()
        features = self.attention(group_norm(features, 8, torch.full((8,), 2.0), torch.ones(8)))
        return self.last(features - mean_of_whole(features))


@torch.no_grad()
def test_statistics_are_those_of_the_whole_image():
    torch.manual_seed(1)
    network, image = Normalised(), torch.rand(1, 3, 80, 120) * torch.linspace(0, 1, 120)
    whole = network(image)
    tiled = Tiling(8, 16, True).apply(network, image, 48)
    torch.testing.assert_close(tiled, whole, atol=1e-5, rtol=0)


@torch.no_grad()
def test_tiles_change_nothing_in_a_photograph_larger_than_the_context():
    torch.manual_seed(2)
    network, image = Normalised(), torch.rand(1, 3, 40, CONTEXT + 200)
    whole = Tiling(8, 16, True).apply(network, image, "none")
    tiled = Tiling(8, 16, True).apply(network, image, 256)
    torch.testing.assert_close(tiled, whole, atol=1e-5, rtol=0)


@pytest.mark.parametrize("channels", [1, 6])
@pytest.mark.parametrize("groups", [2, 6])
def test_told_statistics_normalise_as_torch_does(groups, channels):
    """Noted of an image and told of the same image: the same numbers as torch's own."""
    torch.manual_seed(3)
    features = 3 * torch.randn(2, 6, 9, 7) + 1
    weight, bias = (torch.randn(6), torch.randn(6)) if channels == 6 else (None, None)
    whole = WholeImage()
    with whole.recording():
        group_norm(features, groups, weight, bias)
    with whole.replaying(Region(0, 0, 9, 7, (9, 7))):
        told = group_norm(features, groups, weight, bias)
    torch.testing.assert_close(told, functional.group_norm(features, groups, weight, bias), atol=1e-5, rtol=1e-5)


@settings(max_examples=40)
@given(cells=st.integers(1, 20), total=st.integers(2, 40), data=st.data())
def test_a_grid_is_cut_as_adaptive_pooling_has_it(cells, total, data):
    top = data.draw(st.integers(0, total - 1))
    height = data.draw(st.integers(1, total - top))
    grid = torch.rand(1, 2, cells, cells)
    expected = functional.adaptive_avg_pool2d(grid, (total, total))[..., top : top + height, :]
    with WholeImage().replaying(Region(4 * top, 0, 4 * height, 4 * total, (4 * total, 4 * total))):
        found = fitted(grid, torch.zeros(1, 1, height, total))
    torch.testing.assert_close(found, expected)


def test_live_memory_counts_what_is_alive():
    with LiveMemory() as memory:
        kept = torch.zeros(1000)  # 4,000 bytes
        for _ in range(10):
            kept = kept + 1  # both, for a moment
        view = kept[:10]
        del kept
    assert memory.peak == 8000
    assert memory.live == 4000
    del view


@pytest.mark.parametrize("there", [True, False])
def test_a_kept_heap_changes_no_result(network, monkeypatch, there):
    if not there:
        monkeypatch.setattr("hdrgen.tiling.kept_heap._glibc", lambda: None)
    image = torch.rand(1, 3, 300, 200)
    with torch.no_grad(), heap_kept():
        inside = network(image)
    torch.testing.assert_close(inside, network(image), atol=0, rtol=0)


def test_a_heap_is_used_as_it_is_without_glibc(network, monkeypatch):
    """macOS, Windows, and Linux with musl have no `libc.so.6`."""

    def missing(name):
        raise OSError(f"{name}: cannot open shared object file")

    _glibc.cache_clear()
    with monkeypatch.context() as patch, torch.no_grad():
        patch.setattr("ctypes.CDLL", missing)
        tiled = Tiling(4, 16).apply(network, torch.ones(1, 3, 92, 72), 48)
        assert _glibc() is None
    _glibc.cache_clear()
    torch.testing.assert_close(tiled, network(torch.ones(1, 3, 92, 72)), atol=1e-6, rtol=0)


HEAP = """
import psutil, torch
from hdrgen.tiling.kept_heap import heap_kept
resident = lambda: psutil.Process().memory_info().rss
before = resident()
with heap_kept():
    blocks = [torch.ones(2**24) for _ in range(8)]
    del blocks
    print(resident() - before)
print(resident() - before)
"""


@pytest.mark.skipif(_glibc() is None, reason="needs glibc")
def test_a_kept_heap_is_given_back():
    """Eight blocks of 64 MB, touched and freed: with the process within, with the system afterwards.

    In a process of its own: what other tests have freed would take them in.
    """
    told = subprocess.run([sys.executable, "-c", HEAP], capture_output=True, text=True, check=True, timeout=180).stdout
    within, after = map(int, told.split())
    assert within > 4e8
    assert after < 1e8


def test_a_small_image_needs_no_tiles(network):
    assert Tiling().size(network, torch.zeros(1, 3, 1024, 200), "auto") is None


@pytest.mark.parametrize(("available", "tall", "wide"), [(10**6, 256, 256), (10**12, 2000, 1200), (15e7, 752, 664)])
def test_automatic_tiles_follow_free_memory(network, monkeypatch, available, tall, wide):
    """The network holds two maps of eight channels at once, and what it makes: 64 to 90 bytes a pixel."""
    monkeypatch.setattr("hdrgen.tiling.tiling.free_memory", lambda device: available)
    with torch.no_grad():
        assert Tiling().size(network, torch.zeros(1, 3, 2000, 1200), "auto") == (tall, wide)


def test_progress_is_told_after_every_tile(network):
    told = []
    with torch.no_grad():
        Tiling(overlap=16, progress=told.append).apply(network, torch.rand(1, 3, 40, 88), 40)
    assert told == pytest.approx([1 / 3, 2 / 3, 1])


def test_a_view_of_the_photograph_takes_no_memory(network):
    """It does not make tiles smaller, either."""
    image = torch.zeros(1, 3, 3000, 2000)
    with torch.no_grad():
        plain, viewed = (Tiling().density(f, image) for f in (network, lambda x: network(x) + x[:, :3]))
    assert viewed < 1.2 * plain


def test_results_can_be_kept_in_less_precision(network):
    image = torch.rand(1, 3, 100, 70)
    with torch.no_grad():
        half, full = Tiling(overlap=16).apply_all(lambda x: (network(x), x), image, 40, (torch.half, None))
        torch.testing.assert_close(half.float(), network(image), atol=2e-3, rtol=0)
    assert (half.dtype, full.dtype) == (torch.half, torch.float32)


def test_display_values_can_be_kept_as_codes(network):
    """Of tiles as of the whole: the codes that a file of 8 bits would hold; the sums of tiles are in half precision."""
    image = torch.rand(1, 3, 100, 70)

    def display(part):
        return (network(part).sigmoid() * 1.2 - 0.1,)

    with torch.no_grad():
        whole, tiled = (Tiling(overlap=16).apply_all(display, image, tile, (torch.uint8,))[0] for tile in ("none", 40))
        expected = quantised(display(image)[0].numpy(), 8)
    assert tiled.dtype == whole.dtype == torch.uint8
    assert np.array_equal(whole.numpy(), expected)
    apart = np.abs(tiled.numpy().astype(int) - expected)
    assert apart.max() <= 1
    assert apart.mean() < 0.05


@settings(max_examples=60)
@given(height=st.integers(1, 60), width=st.integers(1, 60), multiple=st.sampled_from([1, 4, 8, 16]), place=st.randoms())
def test_a_tile_is_cut_as_from_the_padded_image(height, width, multiple, place):
    image = torch.rand(1, 2, height, width)
    padded = pad_to_multiple(image, multiple)
    top, left, tall, wide = (0, 0, *padded.shape[-2:])
    if min(height, width) > 2 * multiple:
        top, left = (place.randrange(0, side // 2 + 1, multiple) for side in (height, width))
        tall, wide = (
            place.randrange(multiple, side - at + 1, multiple)
            for side, at in zip(padded.shape[-2:], (top, left), strict=True)
        )
    found = _cut(image, Region(top, left, tall, wide, tuple(padded.shape[-2:])), multiple)
    assert torch.equal(found, padded[..., top : top + tall, left : left + wide])


def test_a_chosen_tile_is_kept(network):
    image = torch.zeros(1, 3, 2000, 2000)
    assert [Tiling().size(network, image, tile) for tile in (512, "none")] == [(512, 512), None]


@torch.no_grad()
def test_what_is_prepared_sees_the_whole_image():
    """Here the mean of all pixels, as one more channel."""
    image = torch.rand(1, 3, 100, 70)
    with_mean = Tiling(overlap=16, prepare=lambda x: torch.cat([x, x.mean((1, 2, 3), True).expand_as(x[:, :1])], 1))
    tiled = with_mean.apply(lambda x: x[:, 3:], image, 40)
    torch.testing.assert_close(tiled, image.mean().expand_as(tiled))


@torch.no_grad()
def test_the_bytes_that_a_network_holds_for_a_pixel(network):
    """Two maps of eight channels at once, and what it makes."""
    assert 64 <= Tiling().density(network, torch.zeros(1, 3, 2000, 2000)) <= 90


def test_a_grid_is_averaged_the_same_while_a_network_is_exported(monkeypatch):
    grid, features = torch.rand(1, 2, 12, 20), torch.rand(1, 4, 6, 8)
    expected = torch.nn.functional.adaptive_avg_pool2d(grid, (6, 8))
    torch.testing.assert_close(fitted(grid, features), expected)
    monkeypatch.setattr("torch.compiler.is_compiling", lambda: True)
    torch.testing.assert_close(fitted(grid, features), expected)


def test_tiles_are_checked_before_any_work():
    tiling = Tiling(multiple=8, overlap=32)
    for tile in ("auto", "none", 64, 40):
        tiling.check(tile)
    with pytest.raises(InputError, match="32"):
        tiling.check(32)


def test_live_memory_counts_each_of_several_results():
    with LiveMemory() as memory:
        values, places = torch.zeros(2, 1000, dtype=torch.float64).max(0)
    assert (memory.peak, memory.live) == (32000, values.nbytes + places.nbytes)
