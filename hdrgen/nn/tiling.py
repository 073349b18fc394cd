"""Large photographs in tiles: bounded memory, no seams."""

import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import psutil
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from hdrgen.errors import InputError
from hdrgen.nn.padding import pad_to_multiple
from hdrgen.nn.whole_image import Box, WholeImage, in_a_tile

Parts = Callable[[Tensor], tuple[Tensor, ...]]
TileSize = int | Literal["auto", "none"]
"""Side of a tile in pixels, as large as free memory allows, or no tiles."""
CONTEXT = 1024
"""Longer side in pixels of the photograph that statistics of the whole image are taken from."""
LARGEST, SMALLEST = 1024, 256
"""Bounds of automatic tiles: larger ones are no faster on a CPU, smaller ones are mostly overlap."""
SHARE, MOST = 4, 2**29
"""An automatic tile may take a quarter of the free memory, and no more than so many bytes."""


@dataclass(frozen=True)
class Tiling:
    """How a network is applied to images of any size.

    Attributes:
        multiple: The network's stride in pixels.
        overlap: Of neighbouring tiles, in pixels. A quarter of it on each side is not used, the rest is blended.
        context: Whether the network uses statistics of the whole image (`of_whole_image`). Those of a photograph longer
            than `CONTEXT` are taken from a reduced copy, tiles or not, so that tiles change nothing.
        prepare: Applied to the padded image before it is cut into tiles, `(B, C, H, W)` to `(B, D, H, W)`.
    """

    multiple: int = 1
    overlap: int = 128
    context: bool = False
    prepare: Callable[[Tensor], Tensor] = torch.nn.Identity()  # noqa: RUF009  # it has no state

    def apply(self, function: Callable[[Tensor], Tensor], image: Tensor, tile: TileSize) -> Tensor:
        """Apply a network.

        Args:
            function: `(B, D, h, w)` to `(..., h, w)`, pixel for pixel; h and w divide by `multiple`.
            image: `(B, C, H, W)`.
            tile: Side of a tile in pixels, or `none`. `auto` leaves images up to `CONTEXT` whole, and tries others on a
                corner to see how much memory a pixel takes.

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
            kept: The precision in which each result is put together from tiles; None is its own.
        """
        height, width = image.shape[-2:]
        padded = self._prepared(image)
        side = None if in_a_tile() else self.side(function, image, tile)
        boxes = list(_boxes(padded, self.multiple, side, self.overlap))
        if len(boxes) == 1 and (in_a_tile() or not self.context or max(height, width) <= CONTEXT):
            made = function(padded)
        else:
            whole = WholeImage()
            if self.context:
                with whole.noting():
                    function(self._prepared(_reduced(image)))
            made = tuple(_blended(function, padded, boxes, self.overlap, whole, kept))
        return tuple(part[..., :height, :width] for part in made)

    def side(self, function: Callable[[Tensor], object], image: Tensor, tile: TileSize) -> int | None:
        """Side of a tile in pixels; None for no tiles. Arguments as for `apply`."""
        longest = max(image.shape[-2:])
        if tile == "none" or (tile == "auto" and longest <= CONTEXT):
            return None
        if tile != "auto":
            return tile
        corner = self._prepared(image[..., :SMALLEST, :SMALLEST])
        with LiveMemory() as memory:
            function(corner)
        budget = min(free_memory(image.device) / SHARE, MOST)
        pixels = budget * corner[0, 0].numel() / memory.peak
        side = min(max(int(pixels**0.5), SMALLEST, 2 * self.overlap), LARGEST)
        return None if longest <= side else side

    def _prepared(self, image: Tensor) -> Tensor:
        return self.prepare(pad_to_multiple(image, self.multiple))


def _blended(
    function: Parts,
    image: Tensor,
    boxes: list[Box],
    overlap: int,
    whole: WholeImage,
    kept: Sequence[torch.dtype | None],
) -> list[Tensor]:
    tops, lefts = sorted({box.top for box in boxes}), sorted({box.left for box in boxes})
    rows = _weights(tuple(tops), boxes[0].height, image.shape[-2], overlap)
    columns = _weights(tuple(lefts), boxes[0].width, image.shape[-1], overlap)
    totals: list[Tensor] = []
    for box in boxes:
        below, beyond = slice(box.top, box.top + box.height), slice(box.left, box.left + box.width)
        with whole.within(box):
            parts = function(image[..., below, beyond])
        if not totals:
            size = image.shape[-2:]
            totals = [part.new_zeros(*part.shape[:-2], *size, dtype=t) for part, t in zip(parts, kept, strict=True)]
        share = rows[tops.index(box.top)][:, None] * columns[lefts.index(box.left)]
        for total, part in zip(totals, parts, strict=True):
            total[..., below, beyond] += (part * share.to(part)).to(total.dtype)
    return totals


def _reduced(image: Tensor) -> Tensor:
    """The image, its longer side at most `CONTEXT` pixels."""
    longer = max(image.shape[-2:])
    if longer <= CONTEXT:
        return image
    size = [max(1, round(side * CONTEXT / longer)) for side in image.shape[-2:]]
    return interpolate(image, size, mode="bilinear", antialias=True)


def _boxes(image: Tensor, multiple: int, tile: int | None, overlap: int) -> Iterator[Box]:
    height, width = image.shape[-2:]
    tall, wide = (min(side, _rounded(tile, multiple)) if tile else side for side in (height, width))
    for top in starts(height, tall, overlap, multiple):
        for left in starts(width, wide, overlap, multiple):
            yield Box(top, left, tall, wide, (height, width))


def _rounded(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple


def starts(length: int, size: int, overlap: int, multiple: int) -> list[int]:
    """Where tiles of `size` begin that cover `length`, evenly, each a multiple of `multiple`; both sizes are multiples.

    Raises:
        InputError: a tile is no larger than its overlap.

    >>> starts(length=1024, size=512, overlap=128, multiple=64)
    [0, 256, 512]
    """
    if length <= size:
        return [0]
    stride = (size - overlap) // multiple * multiple
    if stride < 1:
        raise InputError(
            f"expected a tile larger than {overlap + multiple} pixels, found {size}; pass a larger --tile, or none"
        )
    count = 1 - (-(length - size) // stride)
    steps = (length - size) // multiple
    return [(2 * index * steps // (count - 1) + 1) // 2 * multiple for index in range(count)]


@lru_cache(maxsize=16)
def _weights(begins: tuple[int, ...], size: int, length: int, overlap: int) -> list[Tensor]:
    """For each tile, the weight of its rows `(size,)`: they add up to 1 in every row of the image."""
    ramp = torch.zeros(size)
    inner = overlap // 4
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


# -- how large a tile may be -----------------------------------------------------------------------------------------


class LiveMemory(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's has no types
    """Counts the bytes of the tensors that are alive within it, and their largest number, `peak`.

    >>> with LiveMemory() as memory:
    ...     _ = torch.zeros(1000) + 1 + 1
    >>> memory.peak
    8000
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = self.peak = 0
        self._holders: Counter[int] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                self._follow(tensor)
        return made

    def _follow(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if not self._holders[key]:
            self.live += size
            self.peak = max(self.peak, self.live)
        self._holders[key] += 1
        weakref.finalize(tensor, self._release, key, size)

    def _release(self, key: int, size: int) -> None:
        self._holders[key] -= 1
        if not self._holders[key]:
            self.live -= size


def free_memory(device: torch.device) -> int:
    """Bytes that can be had, of a GPU or of the machine."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)
