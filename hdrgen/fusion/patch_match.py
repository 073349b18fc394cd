"""Nearest patches of one image in another, and images made of them.

PatchMatch (Barnes et al. 2009) for arrays: all places take over what their neighbours have found at once, in four
directions, then try places drawn at random around what they have. Patches are compared by their largest principal
components, 24 numbers for 147, which lie side by side in memory.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

REACH = 3
"""Pixels from the middle of a patch to its side: patches are 7 x 7."""
COMPONENTS = 24
SAMPLE = 2000
"""Patches of each image of which the components are computed."""
CHUNK = 2**15
"""Patches that are compared at a time: what is in between stays in the cache."""
OFFSETS = [(y, x) for y in range(-REACH, REACH + 1) for x in range(-REACH, REACH + 1)]


class PatchField:
    """For every place of an image a place of another whose patch is like its own.

    Args:
        rows: `(H, W)`, int64: row of the other place.
        columns: `(H, W)`, likewise.
    """

    def __init__(self, rows: Tensor, columns: Tensor) -> None:
        self.rows = rows
        self.columns = columns

    @classmethod
    def identity(cls, height: int, width: int) -> PatchField:
        """Each place at itself."""
        rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        return cls(rows.clone(), columns.clone())

    def enlarged(self, height: int, width: int) -> PatchField:
        """The same for images of another size."""
        here = PatchField.identity(height, width)
        old_height, old_width = self.rows.shape
        down, across = height / old_height, width / old_width
        rows = (here.rows / down).long().clamp_max(old_height - 1)
        columns = (here.columns / across).long().clamp_max(old_width - 1)
        away = (self.rows[rows, columns] - rows) * down, (self.columns[rows, columns] - columns) * across
        return PatchField(
            (here.rows + away[0].round().long()).clamp(0, height - 1),
            (here.columns + away[1].round().long()).clamp(0, width - 1),
        )


def search(
    target: Tensor,
    source: Tensor,
    field: PatchField,
    places: Tensor,
    radii: Sequence[int],
    rounds: int,
    generator: torch.Generator,
) -> None:
    """Improve, in place, what a field says of some places.

    Args:
        target: Image `(3, H, W)` whose patches are looked for.
        source: Image `(3, H, W)` in which.
        field: From target to source.
        places: `(n,)`, flat indices of the target.
        radii: Distances up to which places are drawn, one for each try.
        rounds: How often neighbours and draws are tried.
        generator: Of the draws.
    """
    height, width = target.shape[1:]
    basis = _components(target, source, generator)
    wanted, known = _described(target, basis)[places], _described(source, basis)
    rows, columns = places // width, places % width
    best = field.rows[rows, columns] * width + field.columns[rows, columns]
    distance = _distance(wanted, known, best)

    def attempt(row: Tensor, column: Tensor) -> None:
        nonlocal best, distance
        found = row.clamp(0, height - 1) * width + column.clamp(0, width - 1)
        away = _distance(wanted, known, found)
        nearer = away < distance
        best, distance = torch.where(nearer, found, best), torch.where(nearer, away, distance)
        field.rows[rows, columns], field.columns[rows, columns] = best // width, best % width

    for _ in range(rounds):
        for down, across in [(step * y, step * x) for step in (4, 1) for y, x in ((0, -1), (-1, 0), (0, 1), (1, 0))]:
            beside = (rows + down).clamp(0, height - 1), (columns + across).clamp(0, width - 1)
            attempt(field.rows[beside] - down, field.columns[beside] - across)
        for radius in radii:
            drawn = torch.randint(-radius, radius + 1, (2, len(places)), generator=generator)
            attempt(best // width + drawn[0], best % width + drawn[1])


def _components(target: Tensor, source: Tensor, generator: torch.Generator) -> Tensor:
    """`(COMPONENTS, 3, 7, 7)` filters, from patches of both images."""
    side = 2 * REACH + 1
    height, width = target.shape[1:]
    moment = torch.zeros(3 * side * side, 3 * side * side, dtype=torch.float64)
    for image in (target, source):
        padded = _padded(image)
        rows = torch.randint(height, (SAMPLE,), generator=generator)
        columns = torch.randint(width, (SAMPLE,), generator=generator)
        values = [padded[:, rows + REACH + y, columns + REACH + x] for y, x in OFFSETS]
        patches = torch.stack(values, 2).permute(1, 0, 2).reshape(SAMPLE, -1).double()
        moment += patches.T @ patches
    basis: Tensor = torch.linalg.eigh(moment)[1][:, -COMPONENTS:].T.float()
    return basis.reshape(-1, 3, side, side)


def _padded(image: Tensor) -> Tensor:
    return functional.pad(image[None], (REACH,) * 4, mode="replicate")[0]


def _described(image: Tensor, basis: Tensor) -> Tensor:
    """The components of the patch around every pixel, `(H * W, COMPONENTS)`."""
    return functional.conv2d(_padded(image)[None], basis)[0].flatten(1).T.contiguous()


def _distance(wanted: Tensor, known: Tensor, found: Tensor) -> Tensor:
    """Squared distances `(n,)` of patches `wanted` `(n, C)` from those of `known` `(m, C)` at `found` `(n,)`."""
    distance = wanted.new_empty(len(wanted))
    for start in range(0, len(wanted), CHUNK):
        part = slice(start, start + CHUNK)
        distance[part] = (wanted[part] - known[found[part]]).square().sum(1)
    return distance


def vote(
    source: Tensor,
    coherent: PatchField,
    complete: PatchField,
    places: Tensor,
    weights: Tensor,
    pixels: Tensor,
) -> Tensor:
    """Pixels `(3, n)` made of patches: the mean of what every patch over a pixel, in both directions, says of it.

    Args:
        source: Image `(3, H, W)` that patches come from.
        coherent: From the image that is made to the source.
        complete: From the source to the image that is made.
        places: `(m,)`, flat indices of the source whose patches shall be in the image.
        weights: `(m,)`, of these.
        pixels: `(n,)`, flat indices of the image that are made.
    """
    height, width = source.shape[1:]
    flat = source.flatten(1)
    total, weight = source.new_zeros(3, height * width), source.new_zeros(height * width)
    rows, columns = places // width, places % width
    to_rows, to_columns = complete.rows[rows, columns], complete.columns[rows, columns]
    for y, x in OFFSETS:
        inside = _inside(rows + y, columns + x, height, width) & _inside(to_rows + y, to_columns + x, height, width)
        said, counts = ((rows + y) * width + columns + x)[inside], weights[inside]
        of = ((to_rows + y) * width + to_columns + x)[inside]
        total.index_add_(1, of, flat[:, said] * counts)
        weight.index_add_(0, of, counts)
    total, weight = total[:, pixels], weight[pixels]
    rows, columns = pixels // width, pixels % width
    for y, x in OFFSETS:
        middle = (rows - y).clamp(0, height - 1), (columns - x).clamp(0, width - 1)
        from_row, from_column = coherent.rows[middle] + y, coherent.columns[middle] + x
        inside = _inside(rows - y, columns - x, height, width) & _inside(from_row, from_column, height, width)
        said = from_row.clamp(0, height - 1) * width + from_column.clamp(0, width - 1)
        total += flat[:, said] * inside
        weight += inside
    return total / weight.clamp_min(1e-6)


def _inside(rows: Tensor, columns: Tensor, height: int, width: int) -> Tensor:
    return (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
