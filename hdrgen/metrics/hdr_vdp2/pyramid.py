"""The steerable pyramid: an image as bands of spatial frequency, most of them in four orientations."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from hdrgen.metrics.hdr_vdp2.filters import FilterBank, chain, filter_bank, sp3_taps

_LARGEST_KERNEL = 17


class SteerablePyramid(NamedTuple):
    """Decomposition of images of one size.

    Bands, from fine to coarse: the high-pass residual `(N, 1, H, W)`; `height` levels `(N, 4, h, w)`, the first of full
    size, each next of half the size (rounded up); the low-pass residual `(N, 1, h, w)`.
    """

    first: FilterBank
    """High-pass residual, first level, and what goes on to the second, all from the image itself."""
    levels: tuple[FilterBank, ...]
    """Of each level: four orientations, and what goes on to the next."""
    last: FilterBank
    """Puts first level and high-pass residual together."""

    def split(self, image: Tensor) -> list[Tensor]:
        """Bands of images `(N, H, W)`."""
        planes = self.first.correlate(image)
        if not self.levels:
            return [planes[:, :1], planes[:, 1:]]
        bands = [planes[:, :1], planes[:, 1:-1]]
        for bank in self.levels[1:]:
            planes = bank.correlate(planes[:, -1, ::2, ::2])
            bands.append(planes[:, :-1])
        return [*bands, planes[:, -1:, ::2, ::2]]

    def join(self, bands: Sequence[Tensor]) -> Tensor:
        """Images `(N, H, W)` of bands; the inverse of `split` up to the filters' own error."""
        result = bands[-1]
        for bank, oriented in zip(reversed(self.levels), bands[-2:0:-1], strict=True):
            spread = oriented.new_zeros(oriented.shape[0], 1, *bank.size)
            spread[..., ::2, ::2] = result
            result = bank.convolve([oriented, spread])[:, None]
        return self.last.convolve([bands[0], result])


def steerable_pyramid(height: int, width: int) -> SteerablePyramid:
    """The pyramid for images of one size, complex128."""
    taps = sp3_taps()
    sizes = level_sizes(height, width)
    low = [taps.low] if len(sizes) == 1 else [chain(taps.low, kernel) for kernel in (*taps.oriented, taps.shrink)]
    return SteerablePyramid(
        filter_bank([taps.high, *low], sizes[0]),
        tuple(filter_bank([*taps.oriented, taps.shrink], size) for size in sizes[:-1]),
        filter_bank([taps.high, taps.low], sizes[0]),
    )


def level_sizes(height: int, width: int) -> list[tuple[int, int]]:
    """Sizes of the oriented levels and, at the end, of the low-pass residual.

    There is a level as long as halving the shorter side, rounded down, has left at least the 17 pixels that the
    largest kernel covers.

    >>> level_sizes(64, 71)
    [(64, 71), (32, 36), (16, 18)]
    """
    sizes, shorter = [(height, width)], min(height, width)
    while shorter >= _LARGEST_KERNEL:
        sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
        shorter //= 2
    return sizes
