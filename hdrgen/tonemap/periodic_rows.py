"""The linear system of `gradient_penalties` for whole photographs: Fourier transforms of rows, a filter down columns.

A division in the Fourier domain of a whole photograph takes transforms along its columns, which pass through memory
several times. Of one frequency along the rows, though, the system is three-diagonal down the columns and everywhere
the same, so that its solution is a recursive filter of one pole, run down and then up. Both runs take a row at a time,
just when it has been transformed. The slowest frequencies, whose filters remember the whole column, are divided.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from hdrgen.tiling import row_slices

STRIP = 2**17
"""Pixels that are worked on at a time: few enough for the cache, so many that planning a transform costs little."""
MEMORY = 512
"""Rows after which the filter of a frequency has forgotten its start, or else the frequency is divided."""


class _Filter(NamedTuple):
    """How the system is solved at one rho.

    Attributes:
        pole: Of each fast frequency, twice: for its real and its imaginary part.
        divisor: (H, slow frequencies): what those are divided by.
    """

    pole: Tensor
    divisor: Tensor


class PeriodicRows:
    r"""Solves :math:`(1/\rho + n\,\nabla^T\nabla)\,x = y` with periodic borders, for images (H, W) of one size.

    Args:
        like: An image of that size and type, on the CPU.
        count: n, a positive number.
        stiffest: The largest rho that will be asked for.
    """

    def __init__(self, like: Tensor, count: int, stiffest: float) -> None:
        self._size, self._count, self._dtype = (like.shape[-2], like.shape[-1]), count, like.dtype
        height, width = self._size
        self._rows, self._columns = (_stiffness(length) for length in self._size)
        self._columns = self._columns[: width // 2 + 1]
        self._memory = min(height, MEMORY)
        forgets = self._poles(stiffest).log() * self._memory < math.log(torch.finfo(like.dtype).eps)
        self._slow = max(1, int((~forgets).sum()))  # where all forget, the mean alone
        self._spectrum = like.new_zeros(height, width // 2 + 1, dtype=like.dtype.to_complex())
        self._fast = torch.view_as_real(self._spectrum[:, self._slow :]).flatten(1)
        self._lines = self._fast.unbind()

    @property
    def pays(self) -> bool:
        """Whether most frequencies are filtered."""
        return self._slow < self._spectrum.shape[-1] / 4

    def strips(self) -> list[slice]:
        """The rows that are worked on at a time, from the top down."""
        return list(row_slices(self._size[0], max(1, STRIP // self._size[1])))

    def add_solution(self, right_side: Callable[[slice], Tensor], rho: float, image: Tensor) -> None:
        """Add x, of mean 0, to an image.

        Args:
            right_side: The rows (h, W) of y, asked for from the top down, before any of the image is changed.
            rho: As above.
            image: (H, W).
        """
        one = self._at(rho)
        for rows in self.strips():
            torch.fft.rfft(right_side(rows), out=self._spectrum[rows])
            self._run_down(rows, one.pole)
        slow = torch.fft.fft(self._spectrum[:, : self._slow], dim=0) / one.divisor
        slow[:1, :1] = 0  # no gradient moves the mean; rho would magnify the rounding error that says so
        slow = torch.fft.ifft(slow, dim=0)
        self._close_down(one.pole)
        below = self._start_up(one.pole)
        for rows in reversed(self.strips()):
            for row in reversed(self._lines[rows]):
                below = row.addcmul_(below, one.pole)
            image[rows] += torch.fft.irfft(self._solved(rows, one.pole, slow), n=self._size[1])

    def _run_down(self, rows: slice, pole: Tensor) -> None:
        """The filter from the first row to the last one."""
        lines = self._lines[max(0, rows.start - 1) : rows.stop]
        for above, row in pairwise(lines):
            row.addcmul_(above, pole)

    def _close_down(self, pole: Tensor) -> None:
        """What the first rows remember of the last ones, which lie above them."""
        left = self._lines[-1].clone()
        for row in self._lines[: self._memory]:
            row.add_(left.mul_(pole))

    def _start_up(self, pole: Tensor) -> Tensor:
        """What the last row is told by the first ones, which lie below it."""
        below = torch.zeros_like(pole)
        for row in reversed(self._lines[: self._memory]):
            below = torch.addcmul(row, below, pole)
        return below

    def _solved(self, rows: slice, pole: Tensor, slow: Tensor) -> Tensor:
        """The spectra of some rows of x; what was filtered is kept, since the rows above need it."""
        spectra = torch.empty_like(self._spectrum[rows])
        spectra[:, : self._slow] = slow[rows]
        fast = self._fast[rows].view(len(spectra), -1, 2)
        torch.mul(fast, pole.view(-1, 2) / self._count, out=torch.view_as_real(spectra)[:, self._slow :])
        return spectra

    def _at(self, rho: float) -> _Filter:
        pole = self._poles(rho)[self._slow :].repeat_interleave(2)
        divisor = 1 / rho + self._count * (self._rows[:, None] + self._columns[: self._slow])
        return _Filter(pole.to(self._dtype), divisor.to(self._dtype))

    def _poles(self, rho: float) -> Tensor:
        """Z of each frequency, below 1, where z + 1/z is 2 + 2 * half: the diagonal, beside which there is -1."""
        half = (self._columns + 1 / (self._count * rho)) / 2
        return 1 / (1 + half + (half * (2 + half)).sqrt())


def _stiffness(length: int) -> Tensor:
    """Squared magnitude of the difference's transfer function, at all frequencies of a row or a column, in float64."""
    return 4 * (torch.arange(length, dtype=torch.float64) * (math.pi / length)).sin().square()
