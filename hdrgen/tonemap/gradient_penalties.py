"""Layers of an image by penalties on their gradients: ADMM with a solve in the Fourier domain."""

import math
from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.functional import hardshrink

from hdrgen.tiling import by_strips
from hdrgen.tonemap.periodic_rows import PeriodicRows

FEW = 2**20
"""Pixels up to which an image is transformed as a whole: its rows are too short to be worth a call each."""


class Penalty(Protocol):
    """A penalty on gradients that ADMM can treat pixel by pixel."""

    def start(self, data: Tensor) -> Tensor:
        """Gradient of the base before anything is known about it."""

    def removed(self, gradient: Tensor, data: Tensor, rho: float) -> Tensor:
        """What the proximal operator takes from a gradient.

        What it leaves has the least sum of penalty and rho/2 times the squared distance to `gradient`.

        Args:
            gradient: Of the base, with the multiplier added.
            data: Gradient of the image.
            rho: How much the distance counts.
        """


class SmallBase(NamedTuple):
    r"""L1 on the base: :math:`\lambda \|\nabla B\|_1`, which keeps few strong edges in it.

    >>> SmallBase(0.1).removed(torch.tensor([-0.5, 0.05, 0.3]), torch.zeros(3), 1.0)
    tensor([-0.1000,  0.0500,  0.1000])
    """

    weight: float

    def start(self, data: Tensor) -> Tensor:
        """No gradient."""
        return torch.zeros_like(data)

    def removed(self, gradient: Tensor, data: Tensor, rho: float) -> Tensor:
        """All up to a threshold, which a larger gradient is lowered by: the soft threshold."""
        threshold = self.weight / rho
        return gradient.clamp(-threshold, threshold)


class SparseDetail(NamedTuple):
    r"""L0 on the detail: :math:`\lambda \|\nabla (S - B)\|_0`, which keeps the detail flat but for its edges.

    >>> SparseDetail(0.5).removed(torch.tensor([0.5, 0.2]), torch.tensor([1.0, 2.0]), 1.0)
    tensor([-0.5000,  0.0000])
    """

    weight: float

    def start(self, data: Tensor) -> Tensor:
        """The gradient of the image, which leaves none for the detail."""
        return data

    def removed(self, gradient: Tensor, data: Tensor, rho: float) -> Tensor:
        """What makes the detail flat, where that is little: the hard threshold on what the detail would have."""
        beside = gradient - data
        return beside - hardshrink(beside, math.sqrt(2 * self.weight / rho))


def base_layer(image: Tensor, penalties: Sequence[Penalty], *, iterations: int, growth: float) -> Tensor:
    r"""The base B of an image S that minimises :math:`\frac12\|S - B\|^2` plus penalties on gradients.

    ADMM: every penalty has its own copy of the gradient, held to that of B by a multiplier and by :math:`\rho/2` times
    the squared distance. B solves :math:`(1 + n\rho\,\nabla^T\nabla) B = S + \rho\,\nabla^T \sum_i (g_i + u_i)`, which
    is a division in the Fourier domain since borders are periodic. :math:`\rho` grows from 1, so that a fixed number
    of iterations ends in agreement also with the L0 norm, which is not convex.

    Of photographs on a CPU, rows alone are transformed (`periodic_rows`), and what is solved for is how much B changes:
    it is small, and so are its rounding errors.

    Args:
        image: (..., H, W).
        penalties: One or more.
        iterations: Each costs two Fourier transforms.
        growth: Factor of rho from one iteration to the next; 1 converges to the minimum of convex penalties, slowly.

    Returns:
        B, (..., H, W).

    >>> step = torch.tensor([[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]])
    >>> base_layer(step, [SmallBase(0.3)], iterations=60, growth=1)  # each plateau moves by 2 * 0.3 / 3
    tensor([[0.2000, 0.2000, 0.2000, 0.8000, 0.8000, 0.8000]])
    """
    if image.requires_grad or image.device.type != "cpu" or image.shape[-2:].numel() <= FEW:
        return _by_transforms(image, penalties, iterations, growth)
    solver = PeriodicRows(image, len(penalties), growth ** (iterations - 1))
    if not solver.pays:
        return _by_transforms(image, penalties, iterations, growth)
    planes = image.reshape(-1, *image.shape[-2:])
    bases = [_Descent(plane, penalties, growth).after(iterations, solver) for plane in planes]
    return torch.stack(bases).reshape(image.shape) if len(bases) > 1 else bases[0].reshape(image.shape)


class _Descent:
    """ADMM on one image (H, W), in place.

    Each penalty's multiplier is what was last removed for it, over rho's growth and with the sign changed.
    """

    def __init__(self, image: Tensor, penalties: Sequence[Penalty], growth: float) -> None:
        self._image, self._penalties, self._growth = image, penalties, growth
        self._base = image.clone()
        self._removed = image.new_zeros(len(penalties), 2, *image.shape)
        self._above = image[0]

    def after(self, iterations: int, solver: PeriodicRows) -> Tensor:
        """The base (H, W)."""
        rho = 1.0
        for iteration in range(iterations):
            before, rho = rho, rho * (self._growth if iteration else 1)
            pulled = partial(self._pulled, before) if iteration else self._pulled_first
            self._above = pulled(slice(len(self._image) - 1, len(self._image)), keep=False)[1, -1]
            solver.add_solution(partial(self._right_side, pulled, rho), rho, self._base)
        return self._base

    def _right_side(self, pulled: Callable[[slice], Tensor], rho: float, rows: slice) -> Tensor:
        """What is asked of the change of some rows: to come nearer to the image, and to what the penalties want."""
        right, down = pulled(rows)
        total = (self._image[rows] - self._base[rows]).mul_(1 / rho)
        total[:, 1:] += right[:, :-1]
        total[:, 0] += right[:, -1]
        total -= right
        total -= down
        total[1:] += down[:-1]
        total[0] += self._above
        self._above = down[-1].clone()
        return total

    def _pulled_first(self, rows: slice, keep: bool = True) -> Tensor:
        data = _differences(self._image, rows)
        return reduce(torch.add, [penalty.start(data) - data for penalty in self._penalties])

    def _pulled(self, rho: float, rows: slice, keep: bool = True) -> Tensor:
        """Where copies and multipliers want the gradient of some rows of the base, beyond what it is, (2, h, W)."""
        gradient, data = _differences(self._base, rows), _differences(self._image, rows)
        before = self._removed[..., rows, :].unbind()
        now = [
            penalty.removed(torch.add(gradient, last, alpha=1 / self._growth), data, rho)
            for penalty, last in zip(self._penalties, before, strict=True)
        ]
        wanted = (reduce(torch.add, before) / self._growth).sub_(reduce(torch.add, now), alpha=1 + 1 / self._growth)
        if keep:
            for last, one in zip(before, now, strict=True):
                last.copy_(one)
        return wanted


def _differences(image: Tensor, rows: slice) -> Tensor:
    """`_gradient` of one image (H, W) without gradients of its own, to (2, h, W)."""
    here = image[rows]
    found = here.new_empty(2, *here.shape)
    torch.sub(here[:, 1:], here[:, :-1], out=found[0, :, :-1])
    torch.sub(here[:, 0], here[:, -1], out=found[0, :, -1])
    torch.sub(here[1:], here[:-1], out=found[1, :-1])
    torch.sub(image[rows.stop % len(image)], here[-1], out=found[1, -1])
    return found


def _by_transforms(image: Tensor, penalties: Sequence[Penalty], iterations: int, growth: float) -> Tensor:
    """The base of any images, by Fourier transforms of the whole."""
    spectrum, stiffness = torch.fft.rfft2(image), _stiffness(image)
    state = _started(image, penalties)
    base, rho = image, 1.0
    for iteration in range(iterations):
        if iteration:
            state = _split(state, base, image, penalties, rho, growth)
            rho *= growth
        base = _solved(spectrum, stiffness, state, rho, image.shape)
    return base


def _started(image: Tensor, penalties: Sequence[Penalty]) -> Tensor:
    """The state of ADMM, (penalties + 1, 2, ..., H, W): the multiplier of each, and the sum of all copies and them."""

    def rows(start: int, stop: int) -> Tensor:
        data = _gradient(image, start, stop)
        copies = [penalty.start(data) for penalty in penalties]
        return torch.stack([*(torch.zeros_like(data) for _ in penalties), reduce(torch.add, copies)])

    return by_strips(rows, image.shape[-2:])


def _solved(spectrum: Tensor, stiffness: Tensor, state: Tensor, rho: float, shape: Sequence[int]) -> Tensor:
    """The base that fits the image and the sum of copies and multipliers."""
    right_side = torch.fft.rfft2(_transposed_gradient(state[-1]))
    right_side[..., 0, 0] = 0  # no gradient moves the mean; rho would magnify the rounding error that says so
    right_side.add_(spectrum, alpha=1 / rho).div_(1 / rho + (len(state) - 1) * stiffness)
    base: Tensor = torch.fft.irfft2(right_side, s=shape[-2:])
    return base


def _split(
    state: Tensor, base: Tensor, image: Tensor, penalties: Sequence[Penalty], rho: float, growth: float
) -> Tensor:
    """The next state: new copies of the base's gradient, one for each penalty, and multipliers."""

    def rows(start: int, stop: int) -> Tensor:
        gradient, data = _gradient(base, start, stop), _gradient(image, start, stop)
        copies, multipliers = [], []
        for penalty, multiplier in zip(penalties, state[:-1], strict=True):
            shifted = gradient - multiplier[..., start:stop, :]
            removed = penalty.removed(shifted, data, rho)
            copies.append(shifted - removed)
            multipliers.append(removed / -growth)
        return torch.stack([*multipliers, reduce(torch.add, [*copies, *multipliers])])

    return by_strips(rows, image.shape[-2:], out=state)


def _gradient(image: Tensor, start: int, stop: int) -> Tensor:
    """Differences of some rows to the right and lower neighbours, (..., H, W) to (2, ..., stop - start, W)."""
    rows = image[..., start:stop, :]
    after = image[..., stop : stop + 1, :] if stop < image.shape[-2] else image[..., :1, :]
    below = torch.cat([rows[..., 1:, :], after], -2)
    return torch.stack([rows.roll(-1, -1) - rows, below - rows])


def _transposed_gradient(gradient: Tensor) -> Tensor:
    right, down = gradient.unbind()

    def rows(start: int, stop: int) -> Tensor:
        own, lower = right[..., start:stop, :], down[..., start:stop, :]
        before = down[..., start - 1 : start, :] if start else down[..., -1:, :]
        above = torch.cat([before, lower[..., :-1, :]], -2)
        return own.roll(1, -1) - own + (above - lower)

    return by_strips(rows, right.shape[-2:])


def _stiffness(image: Tensor) -> Tensor:
    """Squared magnitude of the gradient's transfer function, at the frequencies of `rfft2`."""
    height, width = image.shape[-2:]
    rows, columns = (
        4 * torch.sin(math.pi * frequency.to(image)).square()
        for frequency in (
            torch.fft.fftfreq(height, dtype=torch.float64),
            torch.fft.rfftfreq(width, dtype=torch.float64),
        )
    )
    return rows[:, None] + columns
