"""Large photographs in tiles: bounded memory, no seams."""

import weakref
from collections import Counter
from collections.abc import Callable, Iterator
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
from hdrgen.nn.whole_image import Box, WholeImage

TileSize = int | Literal["auto", "none"]
"""Side of a tile in pixels, as large as free memory allows, or no tiles."""
CONTEXT = 1024
"""Longer side in pixels of the photograph that statistics of the whole image are taken from."""
LARGEST, SMALLEST = 2048, 256
"""Bounds of automatic tiles: larger ones save no time, smaller ones are mostly overlap."""
SHARE = 4
"""An automatic tile may take this part of the free memory."""


def in_tiles(
    function: Callable[[Tensor], Tensor], image: Tensor, multiple: int, tile: int | None, overlap: int, context: bool
) -> Tensor:
    """Apply a network to an image of any size.

    Args:
        function: `(B, C, h, w)` to `(..., h, w)`, pixel for pixel; h and w divide by `multiple`.
        image: `(B, C, H, W)`.
        multiple: The network's stride in pixels.
        tile: Side of a tile in pixels; None makes none.
        overlap: Of neighbouring tiles, in pixels. A quarter of it on each side is not used, the rest is blended.
        context: Whether the network uses statistics of the whole image (`of_whole_image`). Those of a photograph longer
            than `CONTEXT` are taken from a reduced copy, tiles or not, so that tiles change nothing.

    Returns:
        `(..., H, W)`.
    """
    height, width = image.shape[-2:]
    padded = pad_to_multiple(image, multiple)
    boxes = list(_boxes(padded, multiple, tile, overlap))
    if len(boxes) == 1 and (not context or max(height, width) <= CONTEXT):
        return function(padded)[..., :height, :width]
    whole = WholeImage()
    if context:
        with whole.noting():
            function(pad_to_multiple(_reduced(image), multiple))
    return _blended(function, padded, boxes, overlap, whole)[..., :height, :width]


def _blended(
    function: Callable[[Tensor], Tensor], image: Tensor, boxes: list[Box], overlap: int, whole: WholeImage
) -> Tensor:
    tops, lefts = sorted({box.top for box in boxes}), sorted({box.left for box in boxes})
    rows = _weights(tuple(tops), boxes[0].height, image.shape[-2], overlap)
    columns = _weights(tuple(lefts), boxes[0].width, image.shape[-1], overlap)
    total: Tensor | None = None
    for box in boxes:
        below, beyond = slice(box.top, box.top + box.height), slice(box.left, box.left + box.width)
        with whole.within(box):
            part = function(image[..., below, beyond])
        if total is None:
            total = part.new_zeros(*part.shape[:-2], *image.shape[-2:])
        share = rows[tops.index(box.top)][:, None] * columns[lefts.index(box.left)]
        total[..., below, beyond] += part * share.to(part)
    assert total is not None
    return total


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


def tile_side(tile: TileSize, function: Callable[[Tensor], Tensor], image: Tensor) -> int | None:
    """Side of a tile in pixels; None for no tiles.

    Args:
        tile: As the user chose it.
        function: The network; it is tried on a corner of the image, to see how much memory it takes for a pixel.
        image: `(B, C, H, W)`; its sides divide by what the network needs.
    """
    if tile == "none":
        return None
    if tile != "auto":
        return tile
    if max(image.shape[-2:]) <= SMALLEST:
        return None
    corner = image[..., :SMALLEST, :SMALLEST]
    with LiveMemory() as memory:
        function(corner)
    pixels = free_memory(image.device) / SHARE * corner[0, 0].numel() / memory.peak
    side = max(SMALLEST, min(int(pixels**0.5), LARGEST))
    return None if max(image.shape[-2:]) <= side else side


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
