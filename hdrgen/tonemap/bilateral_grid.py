"""Edge-aware smoothing in a coarse grid over place and brightness."""

import torch
from torch import Tensor
from torch.nn import functional

from hdrgen.tiling import by_strips, row_slices

_MARGIN = 3  # empty cells around the data, more than the kernel reaches
_SIDE = 0.6065306597126334  # exp(-1/2): the Gaussian one cell, which is one standard deviation, from its middle
_PIXELS = 2**17  # whose cells are looked for at a time


def joint_bilateral(plane: Tensor, guide: Tensor, *, sigma_space: float, sigma_range: float) -> Tensor:
    r"""Smooth a plane except across the edges of a guide: a bilateral filter with the guide's brightness.

    Pixels are summed up in a grid with cells of :math:`\sigma_{space} \times \sigma_{space} \times \sigma_{range}`,
    which is smoothed by three taps along each axis and looked up between cells again. Costs next to nothing for large
    sigmas, where the filter itself would take hours.

    Args:
        plane: What is smoothed, (..., H, W).
        guide: Whose edges are kept, values in [0, 1], same shape.
        sigma_space: In pixels; at least 1 is taken.
        sigma_range: In values of the guide.

    Returns:
        (..., H, W). Differentiable in the plane, and in the guide but for its rounding to cells.

    Source: Chen, Paris and Durand, "Real-time edge-aware image processing with the bilateral grid", 2007.

    >>> step = torch.tensor([[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]])
    >>> joint_bilateral(step, step, sigma_space=2, sigma_range=0.1)
    tensor([[0., 0., 0., 1., 1., 1.]])
    """
    shape, size = plane.shape, plane.shape[-2:]
    planes, guides = plane.reshape(-1, *size), guide.reshape(-1, *size)
    sigma = max(1.0, sigma_space)
    rows, columns = (torch.arange(length, device=plane.device).to(plane) / sigma for length in size)
    cells = [int(1 / sigma_range), int(rows[-1]), int(columns[-1])]
    extent = [cell + 2 + 2 * _MARGIN for cell in cells]
    grid = _smooth(_fill(planes, guides, sigma_range, rows, columns, extent))
    return _look_up(grid, guides, sigma_range, rows, columns).reshape(shape)


def _fill(
    planes: Tensor, guides: Tensor, sigma_range: float, rows: Tensor, columns: Tensor, extent: list[int]
) -> Tensor:
    """Sums of the values and counts in the nearest cells: (N, 2, D, H', W')."""
    count, volume = len(planes), extent[0] * extent[1] * extent[2]
    grid = planes.new_zeros(2, count * volume)
    first = torch.arange(count, device=planes.device)[:, None, None] * volume
    for lines in row_slices(len(rows), max(1, _PIXELS // len(columns))):
        places = first + _nearest(rows[lines])[:, None] * extent[2] + _nearest(columns)
        cells = _nearest(guides[:, lines] / sigma_range).mul_(extent[1] * extent[2]).add_(places)
        values = planes[:, lines].flatten()
        grid.index_add_(1, cells.flatten(), torch.stack([values, torch.ones_like(values)]))
    return grid.view(2, count, *extent).transpose(0, 1)


def _nearest(position: Tensor) -> Tensor:
    return (position.detach() + (_MARGIN + 0.5)).long()


def _smooth(grid: Tensor) -> Tensor:
    """Sum of each cell and its neighbours along the three axes."""
    for axis in (-3, -2, -1):
        lines = functional.pad(grid.movedim(axis, -1), (1, 1))
        grid = (lines[..., 1:-1] + _SIDE * (lines[..., :-2] + lines[..., 2:])).movedim(-1, axis)
    return grid


def _look_up(grid: Tensor, guides: Tensor, sigma_range: float, rows: Tensor, columns: Tensor) -> Tensor:
    """Weighted means between the cells at every pixel: (N, H, W).

    What lies between two cells along a column is the same for the whole row, and put together first.
    """
    cells, across = grid.shape[-3], (columns + _MARGIN) * (2 / (grid.shape[-1] - 1)) - 1
    lines = grid.movedim(-2, 1).contiguous()  # (N, H', 2, D, W')

    def means_of(start: int, stop: int) -> Tensor:
        down = rows[start:stop] + _MARGIN
        above = down.long()
        share = (down - above)[:, None, None, None]
        slices = torch.lerp(lines.index_select(1, above), lines.index_select(1, above + 1), share).flatten(0, 1)
        z = ((guides[:, start:stop] / sigma_range + _MARGIN) * (2 / (cells - 1)) - 1).flatten(0, 1)
        place = torch.stack([across.expand_as(z), z], -1)[:, None]
        sums = functional.grid_sample(slices, place, align_corners=True)[:, :, 0]
        means: Tensor = (sums[:, 0] / sums[:, 1]).view(len(guides), -1, len(columns))
        return means

    return by_strips(means_of, guides.shape[-2:])
