"""Where the tiles of an image lie, how large they are, and how they are blended."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import torch
from torch import Tensor

from hdrgen.errors import InputError
from hdrgen.tiling.whole_image import Region

SMALLEST = 256
"""Side of the smallest automatic tiles, in pixels: smaller ones are mostly overlap."""
WORTH = 1.6
"""Times that every pixel is computed, overlap included, from which on automatic tiles take more memory."""


def economical_size(size: tuple[int, int], multiple: int, overlap: int, little: float, most: float) -> tuple[int, int]:
    """Height and width of the tiles that take little memory and waste little time.

    Of at most `little` pixels each, those by which the fewest are computed. Where every pixel of the image is computed
    `WORTH` times by them: of at most `most` pixels, the smallest by which it is fewer times, or else fewest.

    Args:
        size: Of the image.
        multiple: Tiles begin and end at multiples of this.
        overlap: Of neighbouring tiles.
        little: Pixels of a tile that memory is there for in any case.
        most: Pixels of a tile that memory allows. The smallest are returned even if it allows none.

    >>> economical_size((4000, 6000), 64, 384, little=1e5, most=1e7)
    (1600, 1536)
    """
    heights, widths = (_lengths(side, multiple, overlap) for side in size)
    tiles = [
        (computed(size, tile, multiple, overlap), tile[0] * tile[1], tile)
        for tile in ((tall, wide) for tall in heights for wide in widths)
    ]
    smallest = min(pixels for _, pixels, _ in tiles)
    best = min(tile for tile in tiles if tile[1] <= max(little, smallest))
    if best[0] >= WORTH:
        allowed = [tile for tile in tiles if tile[1] <= max(most, smallest)]
        best = min((tile for tile in allowed if tile[0] < WORTH), key=lambda tile: tile[1], default=min(allowed))
    return best[2]


def computed(size: tuple[int, int], tile: tuple[int, int], multiple: int, overlap: int) -> float:
    """How often every pixel of an image is computed in tiles of this height and width."""
    total = 1.0
    for length, side in zip(size, tile, strict=True):
        total *= len(starts(rounded(length, multiple), side, overlap, multiple)) * side / length
    return total


def _lengths(length: int, multiple: int, overlap: int) -> list[int]:
    """Sides of one, two, ... tiles that share a side of an image evenly."""
    least = min(rounded(max(SMALLEST, 2 * overlap, overlap + multiple), multiple), rounded(length, multiple))
    sides = [rounded(length, multiple)]
    while sides[-1] > least:
        count = len(sides) + 1
        sides.append(max(least, rounded(-(-(length + (count - 1) * rounded(overlap, multiple)) // count), multiple)))
    return sides


def regions(size: tuple[int, int], multiple: int, tile: tuple[int, int] | None, overlap: int) -> Iterator[Region]:
    """The tiles of an image from the top down, none larger than `tile`, or the image as one; rounded to `multiple`."""
    height, width = (rounded(side, multiple) for side in size)
    tall, wide = (
        even(side, most, overlap, multiple) for side, most in zip((height, width), tile or (height, width), strict=True)
    )
    for top in starts(height, tall, overlap, multiple):
        for left in starts(width, wide, overlap, multiple):
            yield Region(top, left, tall, wide, (height, width))


def even(length: int, tile: int, overlap: int, multiple: int) -> int:
    """The smallest size at which as many tiles cover `length` as at the size `tile`: none is larger than it need be."""
    size = min(length, rounded(tile, multiple))
    count = len(starts(length, size, overlap, multiple))
    shared = -(-(length + (count - 1) * rounded(overlap, multiple)) // count)
    return min(size, rounded(shared, multiple))


def rounded(size: int, multiple: int) -> int:
    """The next multiple."""
    return -(-size // multiple) * multiple


def starts(length: int, size: int, overlap: int, multiple: int) -> list[int]:
    """Where tiles of `size` begin that cover `length`, evenly, each a multiple of `multiple`; both sizes are multiples.

    Raises:
        InputError: A tile is no larger than its overlap.

    >>> starts(length=1024, size=512, overlap=128, multiple=64)
    [0, 256, 512]
    """
    if length <= size:
        return [0]
    stride = (size - overlap) // multiple * multiple
    if stride < 1:
        least = overlap + multiple
        raise InputError(
            f"expected a tile of at least {least} pixels, found {size}; pass tile={least} or more, or tile='none'",
            argument="tile",
        )
    count = 1 - (-(length - size) // stride)
    steps = (length - size) // multiple
    return [(2 * index * steps // (count - 1) + 1) // 2 * multiple for index in range(count)]


def ramps(regions: Sequence[Region], overlap: int) -> tuple[dict[int, Tensor], dict[int, Tensor]]:
    """Weights of the rows of tiles by their top, and of their columns by their left."""
    tops, lefts = sorted({region.top for region in regions}), sorted({region.left for region in regions})
    size, whole = (regions[0].height, regions[0].width), regions[0].whole
    lines = (weights(tuple(b), s, w, overlap) for b, s, w in zip((tops, lefts), size, whole, strict=True))
    rows, columns = (dict(zip(b, line, strict=True)) for b, line in zip((tops, lefts), lines, strict=True))
    return rows, columns


@lru_cache(maxsize=16)
def weights(begins: tuple[int, ...], size: int, length: int, overlap: int) -> list[Tensor]:
    """For each tile, the weight of its rows `(size,)`: they add up to 1 in every row of the image."""
    ramp = torch.zeros(size)
    inner = overlap * 3 // 8
    distance = torch.arange(size).minimum(torch.arange(size).flip(0)) + 0.5 - inner
    ramp = (distance / max(1, overlap - 2 * inner)).clamp(0, 1)
    raw = []
    for index, begin in enumerate(begins):
        own = ramp.clone()
        if index == 0:
            own[: size // 2] = 1
        if index == len(begins) - 1:
            own[size // 2 :] = 1
        raw.append(torch.zeros(length).index_copy(0, torch.arange(begin, begin + size), own))
    total = torch.stack(raw).sum(0)
    return [(line / total)[begin : begin + size] for line, begin in zip(raw, begins, strict=True)]
