"""Large photographs in tiles: bounded memory, no seams."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from hdrgen.io import row_slices
from hdrgen.tiling.kept_heap import heap_kept
from hdrgen.tiling.live_memory import LiveMemory, free_memory
from hdrgen.tiling.padding import pad_to_multiple
from hdrgen.tiling.progress import no_progress
from hdrgen.tiling.regions import SMALLEST, economical_size, ramps, regions, rounded, starts
from hdrgen.tiling.whole_image import Region, WholeImage, in_a_tile

Parts = Callable[[Tensor], tuple[Tensor, ...]]
TileSize = int | Literal["auto", "none"]
"""Side of a tile in pixels, as large as free memory allows, or no tiles."""
CONTEXT = 1024
"""Longer side in pixels of the photograph that statistics of the whole image are taken from."""
WITHOUT_OVERLAP = 512
"""Automatic tiles that share nothing: what is made of one on the way stays in the processor's cache."""
SHARE, LITTLE, MOST = 4, 2**28, {0: 7 * 2**26, 500: 3 * 2**30}
"""An automatic tile takes at most a quarter of the free memory: so many bytes or, where too much of such tiles would be
overlap, up to so many on the CPU, which other programs share: more from so many bytes a pixel, of networks so wide that
time is worth them."""
STRIP = 64
"""Rows that are turned into codes at a time, by way of float32."""


def most_bytes(density: float) -> int:
    """That an automatic tile takes of a CPU's memory, of a network that holds so many bytes for a pixel."""
    return max(most for least, most in MOST.items() if density >= least)


@dataclass(frozen=True)
class Tiling:
    """How a network is applied to images of any size.

    Attributes:
        multiple: The network's stride in pixels.
        overlap: Pixels that neighbouring tiles share. Three eighths on each side are not used, the rest is blended. 0
            is for what looks at each pixel alone, beside statistics of the whole image.
        context: Whether the network uses statistics of the whole image (`of_whole_image`). Those of a photograph longer
            than `CONTEXT` are taken from a reduced copy, tiles or not, so that tiles change nothing.
        prepare: Applied to the image before it is padded and cut into tiles, `(B, C, H, W)` to `(B, D, H, W)`.
        progress: Called after each tile with the fraction that is done.
        channels_last: Whether the network gets images with the channels of a pixel side by side in memory.
    """

    multiple: int = 1
    overlap: int = 128
    context: bool = False
    prepare: Callable[[Tensor], Tensor] = torch.nn.Identity()  # noqa: RUF009  # it has no state
    progress: Callable[[float], None] = no_progress
    channels_last: bool = False

    def apply(self, function: Callable[[Tensor], Tensor], image: Tensor, tile: TileSize) -> Tensor:
        """Apply a network.

        Args:
            function: `(B, D, h, w)` to `(..., h, w)`, pixel for pixel; h and w divide by `multiple`.
            image: `(B, C, H, W)`.
            tile: Largest side of a tile in pixels, or `none`. `auto` leaves images up to `CONTEXT` whole, and tries
                others on a corner to see how much memory a pixel takes.

        Returns:
            `(..., H, W)`.
        """
        return self.apply_all(lambda part: (function(part),), image, tile)[0]

    def apply_all(
        self, function: Parts, image: Tensor, tile: TileSize, kept: Sequence[torch.dtype | None] = (None,)
    ) -> tuple[Tensor, ...]:
        """Apply a network that makes several tensors; as `apply`.

        Args:
            function: `(B, D, h, w)` to tensors `(..., h, w)`.
            image: As for `apply`.
            tile: As for `apply`.
            kept: The type that each result is kept in; None is its own. `torch.uint8` keeps display values in [0, 1]
                as codes from 0 to 255, in a quarter of the memory of float32.
        """
        height, width = image.shape[-2:]
        size = None if in_a_tile() else self.size(function, image, tile)
        tiles = list(regions((height, width), self.multiple, size, self.overlap))
        if len(tiles) == 1 and (in_a_tile() or not self.context or max(height, width) <= CONTEXT):
            parts = function(self._prepared(image))
            return tuple(_kept(x[..., :height, :width], dtype) for x, dtype in zip(parts, kept, strict=True))
        whole = WholeImage()
        if self.context:
            with whole.recording():
                function(self._prepared(reduced_whole(image)))
        return self._blended(function, image, tiles, whole, kept)

    def check(self, tile: TileSize) -> None:
        """Raise before any work where tiles would be no larger than their overlap.

        Raises:
            InputError: The tile is too small.
        """
        if not isinstance(tile, str):
            size = rounded(tile, self.multiple)
            starts(2 * size, size, self.overlap, self.multiple)

    def size(self, function: Callable[[Tensor], object], image: Tensor, tile: TileSize) -> tuple[int, int] | None:
        """Height and width of a tile in pixels, at most; None for no tiles. Arguments as for `apply`."""
        size = (image.shape[-2], image.shape[-1])
        if tile == "none" or (tile == "auto" and max(size) <= CONTEXT):
            return None
        if tile != "auto":
            return tile, tile
        if not self.overlap:
            return (rounded(WITHOUT_OVERLAP, self.multiple),) * 2
        free = free_memory(image.device) / SHARE
        density = self.density(function, image)
        most = min(free, most_bytes(density)) if image.device.type == "cpu" else free
        return economical_size(size, self.multiple, self.overlap, min(free, LITTLE) / density, most / density)

    def density(self, function: Callable[[Tensor], object], image: Tensor) -> float:
        """Bytes that are alive within a network at once for each pixel of a tile, by the peak on a corner of `image`.

        The image and the results come on top. Arguments as for `apply`.
        """
        # A copy: a view of the image would be counted as all of it.
        corner = self._prepared(image[..., :SMALLEST, :SMALLEST].clone())
        with LiveMemory() as memory:
            function(corner)
        density: float = memory.peak / corner[0, 0].numel()
        return density

    def _prepared(self, image: Tensor) -> Tensor:
        return self._laid_out(pad_to_multiple(self.prepare(image), self.multiple))

    def _laid_out(self, image: Tensor) -> Tensor:
        return image.contiguous(memory_format=torch.channels_last) if self.channels_last else image

    def _blended(
        self,
        function: Parts,
        image: Tensor,
        tiles: list[Region],
        whole: WholeImage,
        kept: Sequence[torch.dtype | None],
    ) -> tuple[Tensor, ...]:
        rows, columns = ramps(tiles, self.overlap)
        prepared = self.prepare(image)
        kind: type[Canvas | Mosaic] = Canvas if self.overlap else Mosaic
        canvases: list[Canvas | Mosaic] = []

        def paint(region: Region) -> None:
            with whole.replaying(region):
                parts = function(self._laid_out(_cut(prepared, region, self.multiple)))
            if not canvases:
                wide, size = region.whole[1], image.shape[-2:]
                canvases.extend(kind(part, wide, size, dtype) for part, dtype in zip(parts, kept, strict=True))
            share = rows[region.top][:, None] * columns[region.left]
            for canvas, part in zip(canvases, parts, strict=True):
                canvas.add(part, share, region)

        paint(tiles[0])
        # Given back after each tile: from one to the next it would fall into ever more pieces. Not small tiles' little.
        of_all, of_one = (nullcontext, heap_kept) if self.overlap else (heap_kept, nullcontext)
        with of_all():
            for done, region in enumerate(tiles[1:], 1):
                self.progress(done / len(tiles))
                with of_one():
                    paint(region)
        self.progress(1.0)
        return tuple(canvas.finished() for canvas in canvases)


class Canvas:
    """A result that is put together from tiles, row of tiles by row of tiles.

    Only the rows that neighbours below may still change are held in the precision in which they are added up.

    Args:
        tile: A tile `(..., h, w)`: what the result is like but for its size. All tiles have this height.
        width: Of all tiles together.
        size: H and W of the result.
        kept: See `Tiling.apply_all`.
    """

    def __init__(self, tile: Tensor, width: int, size: Sequence[int], kept: torch.dtype | None) -> None:
        summed = torch.half if kept == torch.uint8 else kept  # half precision is eight times finer than codes
        self.sum = tile.new_zeros(*tile.shape[:-1], width, dtype=summed)
        self.result = tile.new_empty(*tile.shape[:-2], *size, dtype=kept)
        self.kept = kept
        self.top = 0

    def add(self, part: Tensor, share: Tensor, region: Region) -> None:
        """Add a tile `(..., h, w)` with weights `(h, w)`; tiles come from the top down."""
        if region.top > self.top:
            self._finish(region.top)
        self.sum[..., region.left : region.left + region.width] += (part * share.to(part)).to(self.sum)

    def finished(self) -> Tensor:
        """The result `(..., H, W)`."""
        self._finish(self.result.shape[-2])
        return self.result

    def _finish(self, bottom: int) -> None:
        """Keep the rows above `bottom`, and make room below."""
        done, width = bottom - self.top, self.result.shape[-1]
        for rows in row_slices(done, STRIP):
            place = slice(self.top + rows.start, self.top + rows.stop)
            self.result[..., place, :] = _kept(self.sum[..., rows, :width], self.kept)
        rest = self.sum[..., done:, :].clone()
        self.sum[..., : rest.shape[-2], :] = rest
        self.sum[..., rest.shape[-2] :, :] = 0
        self.top = bottom


class Mosaic:
    """A result of tiles that are not blended, arguments as of `Canvas`: where two meet, the later one stays."""

    def __init__(self, tile: Tensor, width: int, size: Sequence[int], kept: torch.dtype | None) -> None:
        self.result = tile.new_empty(*tile.shape[:-2], *size, dtype=kept)
        self.kept = kept

    def add(self, part: Tensor, share: Tensor, region: Region) -> None:
        """Put a tile `(..., h, w)` in its place."""
        place = self.result[..., region.top : region.top + region.height, region.left : region.left + region.width]
        place.copy_(_kept(part[..., : place.shape[-2], : place.shape[-1]], self.kept))

    def finished(self) -> Tensor:
        """The result `(..., H, W)`."""
        return self.result


def _kept(values: Tensor, dtype: torch.dtype | None) -> Tensor:
    """Values in the type that they are kept in, rounded as `hdrgen.io` rounds display values that it writes."""
    if dtype == torch.uint8:
        return values.float().clamp(0, 1).mul_(255).add_(0.5).to(torch.uint8)
    return values if dtype is None else values.to(dtype)


def _cut(image: Tensor, region: Region, multiple: int) -> Tensor:
    """A tile of an image that ends where `pad_to_multiple` would have padded it to."""
    top, left = max(0, region.top - multiple), max(0, region.left - multiple)  # enough to be reflected
    around = image[..., top : region.top + region.height, left : region.left + region.width]
    return pad_to_multiple(around, multiple)[..., region.top - top :, region.left - left :]


def reduced_whole(image: Tensor) -> Tensor:
    """The image, its longer side at most `CONTEXT` pixels."""
    longer = max(image.shape[-2:])
    if longer <= CONTEXT:
        return image
    size = [max(1, round(side * CONTEXT / longer)) for side in image.shape[-2:]]
    return interpolate(image, size, mode="bilinear", antialias=True)
