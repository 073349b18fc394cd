"""Layers of an image by penalties on their gradients: ADMM with a solve in the Fourier domain."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import ClassVar, Protocol

import torch
from torch import Tensor
from torch.nn.functional import hardshrink

from hdrgen.tiling import by_strips
from hdrgen.tonemap.periodic_rows import PeriodicRows

FEW = 2**20
"""Pixels up to which an image is transformed as a whole: its rows are too short to be worth a call each."""


class Penalty(Protocol):
    """A penalty on gradients that ADMM can treat pixel by pixel.

    Attributes:
        of_detail: Whether on those of the detail, S - B, rather than of the base.
    """

    of_detail: ClassVar[bool]

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

    def limit(self, dual: Tensor, rho: float) -> None:
        """`removed`, in place of rho times the gradient, or that of the base less the image, and times rho itself."""


@dataclass(frozen=True)
class SmallBase:
    r"""L1 on the base: :math:`\lambda \|\nabla B\|_1`, which keeps few strong edges in it.

    >>> SmallBase(0.1).removed(torch.tensor([-0.5, 0.05, 0.3]), torch.zeros(3), 1.0)
    tensor([-0.1000,  0.0500,  0.1000])
    """

    weight: float
    of_detail: ClassVar[bool] = False

    def start(self, data: Tensor) -> Tensor:
        """No gradient."""
        return torch.zeros_like(data)

    def removed(self, gradient: Tensor, data: Tensor, rho: float) -> Tensor:
        """All up to a threshold, which a larger gradient is lowered by: the soft threshold."""
        threshold = self.weight / rho
        return gradient.clamp(-threshold, threshold)

    def limit(self, dual: Tensor, rho: float) -> None:
        """To the weight."""
        dual.clamp_(-self.weight, self.weight)


@dataclass(frozen=True)
class SparseDetail:
    r"""L0 on the detail: :math:`\lambda \|\nabla (S - B)\|_0`, which keeps the detail flat but for its edges.

    >>> SparseDetail(0.5).removed(torch.tensor([0.5, 0.2]), torch.tensor([1.0, 2.0]), 1.0)
    tensor([-0.5000,  0.0000])
    """

    weight: float
    of_detail: ClassVar[bool] = True

    def start(self, data: Tensor) -> Tensor:
        """The gradient of the image, which leaves none for the detail."""
        return data

    def removed(self, gradient: Tensor, data: Tensor, rho: float) -> Tensor:
        """What makes the detail flat, where that is little: the hard threshold on what the detail would have."""
        beside = gradient - data
        return beside - hardshrink(beside, math.sqrt(2 * self.weight / rho))

    def limit(self, dual: Tensor, rho: float) -> None:
        """Nothing of what is beyond the threshold."""
        dual.sub_(hardshrink(dual, math.sqrt(2 * self.weight * rho)))


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

    Kept are the multipliers times rho, the dual variables of the penalties: they need no scaling when rho grows.
    """

    def __init__(self, image: Tensor, penalties: Sequence[Penalty], growth: float) -> None:
        self._image, self._penalties, self._growth = image, penalties, growth
        self._base = image.clone()
        self._duals = image.new_zeros(len(penalties), 2, *image.shape)
        self._above = image[0]

    def after(self, iterations: int, solver: PeriodicRows) -> Tensor:
        """The base (H, W)."""
        rho = 1.0
        for iteration in range(iterations):
            pulled = partial(self._pulled, rho) if iteration else self._pulled_first
            last = slice(len(self._image) - 1, len(self._image))
            self._above = pulled(last, self._detail(last), keep=False)[1, -1]
            before, rho = rho, rho * (self._growth if iteration else 1)
            solver.add_solution(partial(self._right_side, pulled, before, rho), rho, self._base)
        return self._base

    def _right_side(self, pulled: Callable[[slice, Tensor], Tensor], before: float, rho: float, rows: slice) -> Tensor:
        """What is asked of the change of some rows: to come nearer to the image, and to what the penalties want."""
        detail = self._detail(rows)
        wanted = pulled(rows, detail)
        total = detail[:-1].mul_(-1 / rho)
        self._add_pull(wanted, 1 / before, total)
        return total

    def _add_pull(self, wanted: Tensor, share: float, total: Tensor) -> None:
        """What a share of the gradients (2, h, W) that are wanted, from the top down, asks of the rows (h, W)."""
        right, down = wanted
        total.sub_(right, alpha=share)
        total[:, 1:].add_(right[:, :-1], alpha=share)
        total[:, 0].add_(right[:, -1], alpha=share)
        total.sub_(down, alpha=share)
        total[1:].add_(down[:-1], alpha=share)
        total[0].add_(self._above, alpha=share)
        self._above = down[-1].clone()

    def _detail(self, rows: slice) -> Tensor:
        """The base less the image, of some rows and the one below, (h + 1, W)."""
        return _and_below(self._base, rows) - _and_below(self._image, rows)

    def _pulled_first(self, rows: slice, detail: Tensor, keep: bool = True) -> Tensor:
        data = _differences(_and_below(self._image, rows))
        return reduce(torch.add, [penalty.start(data) - data for penalty in self._penalties])

    def _pulled(self, rho: float, rows: slice, detail: Tensor, keep: bool = True) -> Tensor:
        """Rho times how far copies and multipliers want the gradient of some rows of the base changed, (2, h, W)."""
        duals = self._duals[..., rows, :]
        wanted = reduce(torch.add, duals) if len(duals) > 1 else duals[0].clone()
        duals = duals if keep else duals.clone()
        for penalty, dual in zip(self._penalties, duals, strict=True):
            dual.add_(_differences(detail if penalty.of_detail else _and_below(self._base, rows)), alpha=rho)
            penalty.limit(dual, rho)
        return wanted.sub_(reduce(torch.add, duals), alpha=1 + 1 / self._growth)


def _and_below(image: Tensor, rows: slice) -> Tensor:
    """Some rows of an image (H, W), and the one below, which is the first one below the last."""
    below = image[rows.start : rows.stop + 1]
    return below if rows.stop < len(image) else torch.cat([below, image[:1]])


def _differences(image: Tensor) -> Tensor:
    """`_gradient` of the rows (h + 1, W) but the last, without gradients of their own, to (2, h, W)."""
    here = image[:-1]
    found = here.new_empty(2, *here.shape)
    torch.sub(here[:, 1:], here[:, :-1], out=found[0, :, :-1])
    torch.sub(here[:, 0], here[:, -1], out=found[0, :, -1])
    torch.sub(image[1:], here, out=found[1])
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
