"""What tiles are put together from: how results are kept, where statistics are asked for, what an automatic tile is."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from hdrgen.tiling import Tiling, group_norm
from hdrgen.tiling.regions import computed, economical_size, even, regions, starts
from hdrgen.tiling.tiling import CONTEXT, LITTLE, Canvas, most_bytes, reduced_whole
from hdrgen.tiling.whole_image import Region

TYPES = (None, torch.float16, torch.float64, torch.uint8)


@pytest.mark.parametrize("tile", ["none", 16])
def test_each_result_is_kept_in_its_own_type_tiles_or_not(tile):
    image = torch.rand(1, 3, 40, 24)
    found = Tiling(overlap=4).apply_all(lambda part: (part,) * 4, image, tile, TYPES)
    assert [each.dtype for each in found] == [torch.float32, torch.float16, torch.float64, torch.uint8]
    torch.testing.assert_close(found[0], image)
    torch.testing.assert_close(found[1].float(), image, atol=1e-3, rtol=0)
    torch.testing.assert_close(found[2].float(), image)
    torch.testing.assert_close(found[3] / 255, image, atol=0.6 / 255, rtol=0)


def test_codes_are_rounded_and_cut():
    values = torch.tensor([-0.2, 0.4 / 255, 0.6 / 255, 254.6 / 255, 1.7]).expand(1, 1, 3, 5)
    (codes,) = Tiling().apply_all(lambda part: (part,), values, "none", (torch.uint8,))
    assert codes[0, 0, 0].tolist() == [0, 0, 1, 255, 255]


def test_as_many_types_as_results():
    with pytest.raises(ValueError, match="zip"):
        Tiling().apply_all(lambda part: (part, part), torch.rand(1, 1, 4, 4), "none")


def test_a_canvas_keeps_the_rows_that_are_done_and_adds_up_those_that_are_not():
    canvas = Canvas(torch.zeros(1, 1, 4, 3), 6, (7, 5), None)
    ones = torch.ones(4, 3)
    for top in (0, 3):
        for left in (0, 3):
            canvas.add(torch.full((1, 1, 4, 3), 1.0 + top + left), ones, Region(top, left, 4, 3, (7, 6)))
    expected = torch.tensor([[1.0] * 3 + [4.0] * 2] * 3 + [[5.0] * 3 + [11.0] * 2] + [[4.0] * 3 + [7.0] * 2] * 3)
    assert torch.equal(canvas.finished()[0, 0], expected)


@pytest.mark.parametrize("groups", [1, 2, 6])
@pytest.mark.parametrize("affine", [False, True])
def test_without_tiles_torch_normalises(groups, affine):
    features = 3 * torch.randn(2, 6, 5, 7) + 1
    weight, bias = (torch.randn(6), torch.randn(6)) if affine else (None, None)
    expected = functional.group_norm(features, groups, weight, bias)
    torch.testing.assert_close(group_norm(features, groups, weight, bias), expected, atol=1e-5, rtol=1e-5)
    half = group_norm(features.half(), groups, weight, bias)
    assert half.dtype == torch.float16
    torch.testing.assert_close(half.float(), expected, atol=2e-2, rtol=1e-2)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((CONTEXT, 10), (CONTEXT, 10)),
        ((CONTEXT + 1, 10), (CONTEXT, 10)),
        ((2 * CONTEXT, 1000), (CONTEXT, 500)),
        ((1000, 4 * CONTEXT), (250, CONTEXT)),
        ((4 * CONTEXT, 2), (CONTEXT, 1)),
    ],
)
def test_statistics_are_taken_from_at_most_1024_pixels(size, expected):
    assert CONTEXT == 1024
    image = torch.arange(size[0] * size[1], dtype=torch.float32).view(1, 1, *size)
    reduced = reduced_whole(image)
    assert reduced.shape[-2:] == expected
    assert (reduced is image) == (size == expected)
    if expected[1] > 1:  # torch's antialiased interpolation to a single column gives other numbers
        torch.testing.assert_close(reduced.mean(), image.mean(), rtol=1e-3, atol=0)


@pytest.mark.parametrize(
    ("free", "device", "little", "most"),
    [
        (4 * 2**20, "cpu", 2**20, 2**20),
        (2**30, "cpu", 2**28, 2**28),
        (2**40, "cpu", 2**28, 7 * 2**26),
        (2**40, "meta", 2**28, 2**38),
    ],
)
def test_an_automatic_tile_takes_a_quarter_of_what_is_free_up_to_bounds(monkeypatch, free, device, little, most):
    """Of a GPU, for which a tensor without data stands here, there is no bound: nobody else needs its memory."""
    asked = []
    monkeypatch.setattr("hdrgen.tiling.tiling.free_memory", lambda device: free)
    monkeypatch.setattr(Tiling, "density", lambda self, function, image: 2.0)
    monkeypatch.setattr("hdrgen.tiling.tiling.economical_size", lambda *given: asked.append(given) or (512, 640))
    image = torch.zeros(1, 1, 4, CONTEXT + 1, device=device)
    assert Tiling(8, 32).size(torch.square, image, "auto") == (512, 640)
    assert Tiling().size(torch.square, image[..., :CONTEXT], "auto") is None
    assert Tiling().size(torch.square, image, "none") is None
    assert Tiling().size(torch.square, image, 77) == (77, 77)
    assert asked == [((4, CONTEXT + 1), 8, 32, little / 2, most / 2)]


def test_wide_networks_may_take_more_memory():
    assert [most_bytes(density) for density in (0.1, 499, 500, 3000)] == [7 * 2**26, 7 * 2**26, 3 * 2**30, 3 * 2**30]


def test_what_a_network_holds_for_a_pixel():
    """Of a network whose one tensor has four bytes for each pixel."""
    assert Tiling().density(torch.neg, torch.zeros(1, 1, 300, 300)) == 4


def test_an_image_as_large_as_an_automatic_tile_needs_none():
    assert economical_size((1000, 1400), 1, 128, 1.4e6, 1.4e6) == (1000, 1400)
    assert economical_size((1000, 1400), 1, 128, 1.39e6, 1.39e6) < (1000, 1400)


PAPERS = {
    "Le et al.": (64, 384, 616),
    "CEVR": (8, 128, 2344),
    "Kim et al.": (8, 128, 856),
    "Zhang et al.": (16, 512, 1000),
}


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("size", [(4000, 6000), (6000, 4000), (3456, 5184), (5504, 8256)])
def test_at_the_papers_widths_every_pixel_is_computed_fewer_than_1_6_times(paper, size):
    """By tiles of 192 MiB it was up to 3.7 times; counted here tile by tile, with the bytes a pixel of the table."""
    multiple, overlap, density = PAPERS[paper]
    tile = economical_size(size, multiple, overlap, LITTLE / density, most_bytes(density) / density)
    tiles = list(regions(size, multiple, tile, overlap))
    assert {(each.height, each.width) for each in tiles} == {tile}
    assert tile[0] * tile[1] * density <= 3 * 2**30
    times = sum(each.height * each.width for each in tiles) / (size[0] * size[1])
    assert times == pytest.approx(computed(size, tile, multiple, overlap))
    assert times < (1.7 if (paper, sum(size)) == ("Zhang et al.", 13760) else 1.6)  # 3 GiB hold no larger tiles


@settings(max_examples=60)
@given(
    size=st.tuples(st.integers(1, 9000), st.integers(1, 9000)),
    multiple=st.sampled_from([1, 8, 64]),
    overlap=st.sampled_from([32, 128, 384]),
    bounds=st.lists(st.integers(1, 10**8), min_size=2, max_size=2).map(sorted),
)
def test_a_tile_stays_within_its_bounds_and_covers_the_image(size, multiple, overlap, bounds):
    little, most = bounds
    tile = economical_size(size, multiple, overlap, little, most)
    smallest = max(256, 2 * overlap, overlap + multiple) + multiple
    assert tile[0] * tile[1] <= max(most, smallest**2)
    if tile[0] * tile[1] > max(little, smallest**2):
        assert computed(size, economical_size(size, multiple, overlap, little, little), multiple, overlap) >= 1.6
    end = max(each.top + each.height for each in regions(size, multiple, tile, overlap))
    assert end >= size[0]


def test_regions_are_multiples_and_none_is_larger_than_its_share():
    parts = list(regions((100, 50), 8, (64, 64), 16))
    assert {(region.height, region.width, region.whole) for region in parts} == {(64, 56, (104, 56))}
    assert [(region.top, region.left) for region in parts] == [(0, 0), (40, 0)]
    assert [(r.height, r.width) for r in regions((100, 50), 8, None, 16)] == [(104, 56)]
    assert even(200, 96, 8, 8) == 72
    assert starts(64, 64, 63, 1) == [0]
    assert starts(65, 64, 32, 1)[-1] == 1


@pytest.mark.parametrize("dtype", [None, torch.uint8])
def test_tiles_without_overlap_make_the_same_as_the_whole_bit_for_bit(dtype):
    image = torch.rand(1, 3, 41, 57)
    whole, tiled = (
        Tiling(overlap=0).apply_all(lambda part: (part.square(),), image, tile, (dtype,)) for tile in ("none", 12)
    )
    assert torch.equal(whole[0], tiled[0])
