"""The least squares behind Debevec calibration, in coordinates in which single precision is enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

SHARE = 0.7
"""Of the equations of the roughest functions, how much pixels may make out if all lie at their worst level; spread
over the levels they make out a hundredth of that."""
STEPS = 5
"""Of conjugate gradients, which join the functions of the factor and the others."""
FADED = 0.01
"""The least weight of a knot: one without data needs its smoothness to be determined."""


@dataclass(frozen=True)
class SmoothBasis:
    r"""Functions on L knots in which the smoothness of Eq. 1 is a sum of squares, :math:`\sum_k p_k y_k^2`.

    The first is the straight line, which the smoothness leaves free (p nearly 0). The others are the eigenfunctions of
    roughness relative to the weights of the knots (Demmler and Reinsch 1975), from smooth to rough, each divided by the
    root of one plus its roughness: a pixel then moves a coefficient the less, the rougher its function. In the values
    of the knots the equations have a condition of 1e10, in these coefficients one that the data alone decide. The
    constant is left out: neither the pixels nor the smoothness know it.

    Attributes:
        functions: `(L, L - 1)`.
        penalty: p, `(L - 1,)`.
        seen: The most that one pixel adds to the equations of each function and the rougher ones, descending.
    """

    functions: Tensor
    penalty: Tensor
    seen: tuple[float, ...]

    def to(self, like: Tensor) -> SmoothBasis:
        """The same on the device and in the precision of another tensor."""
        # A line that no pixel shows stays at 0, instead of nowhere.
        least = torch.finfo(like.dtype).eps ** 1.75
        return SmoothBasis(self.functions.to(like), self.penalty.to(like).clamp_min(least), self.seen)

    def head(self, pixels: int) -> int:
        """How many of the functions so many pixels can move by more than `SHARE`."""
        return next((count for count, most in enumerate(self.seen) if pixels * most <= SHARE), len(self.seen))


def smooth_basis(curvature: Tensor) -> SmoothBasis:
    """The basis for weights of g'' at the inner knots, c `(L - 2,)`; in float64, on the CPU.

    One eigenvalue problem of L knots: 10 ms for 256, 0.2 s for 1024, 2 s for 2048. `cached_basis` solves it once.
    """
    curvature = curvature.detach().double().cpu()
    weight = pad(curvature / curvature.max().clamp_min(torch.finfo(torch.float64).tiny), (1, 1), value=FADED)
    weight = weight.clamp_min(FADED)
    roughness, modes = torch.linalg.eigh(_roughness(curvature.square()) / (weight[:, None] * weight))
    line = torch.linspace(-1, 1, len(weight), dtype=torch.float64)
    line = line - (weight.square() * line).sum() / weight.square().sum()
    rough = roughness[2:].clamp_min(0)
    bent = modes[:, 2:] / weight[:, None] / (1 + rough).sqrt()
    penalty = pad(rough / (1 + rough), (1, 0))
    functions = torch.cat([(line / (weight * line).norm())[:, None], bent], 1)
    seen = (weight[:, None] * functions).square().flip(1).cumsum(1).flip(1).amax(0)
    return SmoothBasis(functions, penalty, tuple(seen.tolist()))


@lru_cache(maxsize=8)
def cached_basis(
    levels: int, smoothness: float, weight: Callable[[Tensor], Tensor], dtype: torch.dtype, device: torch.device
) -> SmoothBasis:
    """`smooth_basis` of `curvature`, kept for the next calibration, which may need gradients."""
    with torch.inference_mode(False), torch.no_grad():
        knots = torch.linspace(0, 1, levels, dtype=torch.float64)
        return smooth_basis(curvature_of(weight(knots), smoothness)).to(torch.empty((), dtype=dtype, device=device))


def curvature_of(weight: Tensor, smoothness: float) -> Tensor:
    """Weights c of the second differences at the inner knots, for the weights of all knots `(L,)`; kept off zero.

    The sum of squared second differences on a grid of step h approximates h^3 times the integral of g''^2.
    """
    # lambda means what it means in gsolve with its 256 levels: h^3 under the root of the weights is h^1.5.
    density: float = ((weight.shape[-1] - 1) / 255) ** 1.5
    return smoothness * density * weight[1:-1].clamp_min(FADED)


@dataclass(frozen=True)
class _Problems:
    """Eq. 1 for K problems, each pixel as two knots and two shares."""

    weights: Tensor  # w, (K, N, S)
    squared: Tensor  # w^2, (K, N, S)
    mean: Tensor  # w^2 over its sum along a row, (K, N, S)
    stops: Tensor  # EV, (K, 1, S)
    knots: Tensor  # before each pixel, then those after each, (K, 2 N S)
    shares: Tensor  # of both, (K, 2, N S)
    basis: SmoothBasis
    head: int  # of the functions, those between which the normal equations are set up

    def centred(self, values: Tensor) -> Tensor:
        """Values (K, N, S) less their weighted mean along a row: what an unknown radiance leaves of them."""
        return values - (self.mean * values).sum(-1, keepdim=True)

    def descent(self, coefficients: Tensor) -> Tensor:
        """Half the negative gradient of Eq. 1, right-hand side minus matrix times the coefficients; (K, L - 1)."""
        return self._pull(self.stops - self._fitted(coefficients)) - self.basis.penalty * coefficients

    def times_matrix(self, coefficients: Tensor) -> Tensor:
        """The matrix times the coefficients, (K, L - 1)."""
        return self._pull(self._fitted(coefficients)) + self.basis.penalty * coefficients

    def _fitted(self, coefficients: Tensor) -> Tensor:
        """The curve at the pixels, (K, N, S)."""
        curve = coefficients @ self.basis.functions.mT
        return (curve.gather(-1, self.knots).view_as(self.shares) * self.shares).sum(1).view_as(self.weights)

    def _pull(self, error: Tensor) -> Tensor:
        """What errors (K, N, S) of the pixels want of the coefficients, (K, L - 1)."""
        force = (self.squared * self.centred(error)).flatten(1).unsqueeze(1) * self.shares
        pull = force.new_zeros(len(force), len(self.basis.functions))
        return pull.scatter_add(-1, self.knots, force.flatten(1)) @ self.basis.functions

    @torch.no_grad()
    def matrix(self) -> Tensor:
        """The normal equations of the first H functions, a square of what the pixels show of them; (K, H, H)."""
        functions = self.basis.functions[:, : self.head].contiguous()
        left, right = self.knots.chunk(2, -1)
        # In place: of many stacks this is the largest part, and most of its time would go into memory.
        shown = functions[left].lerp_(functions[right], self.shares[:, 1].unsqueeze(-1)).view(*self.weights.shape, -1)
        shown -= self.mean.unsqueeze(2) @ shown  # centred
        shown = shown.mul_(self.weights.unsqueeze(-1)).flatten(1, 2)
        matrix = shown.mT @ shown
        matrix.diagonal(dim1=-2, dim2=-1).add_(self.basis.penalty[: self.head])
        return matrix

    @torch.no_grad()
    def solved(self, factor: Tensor, right: Tensor, enough: Tensor | None = None) -> Tensor:
        """The coefficients for which matrix times coefficients are `right`, (K, L - 1), by conjugate gradients.

        Each problem has steps of its own length; one that has arrived stays where it is.

        Args:
            factor: Of `matrix`.
            right: (K, L - 1).
            enough: The size of what is left, as `size` measures it, at which a problem has arrived, (K, 1); without it,
                that of a rounding error of `right`.
        """
        solution, left = torch.zeros_like(right), right
        direction = near = self._nearly_solved(factor, left)
        size = (left * near).sum(-1, keepdim=True)
        arrived = torch.finfo(right.dtype).eps ** 2 * size if enough is None else enough
        for _ in range(STEPS):
            # On a CPU a look is free, and most problems arrive early; elsewhere it would wait for the device.
            if right.device.type == "cpu" and not bool((size > arrived).any()):
                break
            product = self.times_matrix(direction)
            steepness = (direction * product).sum(-1, keepdim=True)
            length = torch.where((size > arrived) & (steepness > 0), size / steepness, 0)
            solution, left = solution + length * direction, left - length * product
            near = self._nearly_solved(factor, left)
            before, size = size, (left * near).sum(-1, keepdim=True)
            direction = near + torch.where(before > arrived, size / before, 0) * direction
        return solution

    @torch.no_grad()
    def size(self, factor: Tensor, right: Tensor) -> Tensor:
        """What `right` asks for, squared, in the norm of the matrix, (K, 1)."""
        return (right * self._nearly_solved(factor, right)).sum(-1, keepdim=True)

    def _nearly_solved(self, factor: Tensor, right: Tensor) -> Tensor:
        """By the factor for the first functions, by their own penalty for the others."""
        half = torch.linalg.solve_triangular(factor, right[:, : self.head].unsqueeze(-1), upper=False)
        whole = torch.linalg.solve_triangular(factor.mT, half, upper=True).squeeze(-1)
        return torch.cat([whole, right[:, self.head :] / self.basis.penalty[self.head :]], -1)


class _Solve(torch.autograd.Function):
    """`_Problems.solved`, whose gradient is that of a symmetric matrix: the same again."""

    @staticmethod
    def forward(ctx: Any, right: Tensor, problems: _Problems, factor: Tensor, enough: Tensor) -> Tensor:
        ctx.problems, ctx.factor = problems, factor
        return problems.solved(factor, right, enough)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        return ctx.problems.solved(ctx.factor, gradient), None, None, None


def solve_log_response(samples: Tensor, weights: Tensor, ev: Tensor, basis: SmoothBasis, anchor: int) -> Tensor:
    r"""Minimise Eq. 1 over g and the log2 E_i, in stops, and return g with g(anchor) = 0.

    :math:`\sum_{ij} w_{ij}^2 (g(Z_{ij}) - \log_2 E_i - EV_j)^2 + \sum_k c_k^2 (g_{k-1} - 2 g_k + g_{k+1})^2`

    g is linear between its L knots, with two entries 1 - t and t for each pixel, which depend smoothly on it. For given
    g every log2 E_i is a weighted mean over its row, which leaves g alone, here as a sum of the basis's functions. The
    first of them are solved for by a Cholesky factor; the others are so rough that their own penalty is nearly the
    whole of their equation. Conjugate gradients join both. Nothing of one problem enters another, and nothing leaves
    the device.

    The solution x of A x = r has the gradient A^-1 (dr - dA x), which is that of a step from x towards the solution.

    Args:
        samples: Display values in [0, 1], (K, N, S): K independent problems.
        weights: Weights of the samples, (K, N, S).
        ev: Exposures in EV, (K, 1, S).
        basis: Of the knots, in the samples' type.
        anchor: The knot where g is 0.

    Returns:
        g in stops, (K, L), of the samples' type.
    """
    problems = _problems(samples, weights, ev, basis)
    factor, _ = torch.linalg.cholesky_ex(problems.matrix())
    rounding = torch.finfo(samples.dtype).eps
    with torch.no_grad():
        right = problems.descent(samples.new_zeros(len(samples), len(basis.penalty)))
        size = problems.size(factor, right) + torch.finfo(samples.dtype).tiny
        start = problems.solved(factor, right, rounding * size)  # half the digits: more would be lost to rounding
    change: Tensor = _Solve.apply(problems.descent(start), problems, factor, rounding**2 * size)  # type: ignore[no-untyped-call]  # refines it, and has the gradient
    curve = (start + change) @ basis.functions.mT
    return curve - curve[:, anchor : anchor + 1]


def _problems(samples: Tensor, weights: Tensor, ev: Tensor, basis: SmoothBasis) -> _Problems:
    levels = len(basis.functions)
    squared = weights * weights
    total = squared.sum(-1, keepdim=True)
    position = samples.flatten(1) * (levels - 1)
    left = position.detach().floor().clamp(0, levels - 2).nan_to_num(0).long()
    share = position - left
    return _Problems(
        weights=weights,
        squared=squared,
        mean=squared / torch.where(total > 0, total, 1),
        stops=ev,
        knots=torch.cat([left, left + 1], -1),
        shares=torch.stack([1 - share, share], 1),
        basis=basis,
        head=basis.head(samples[0].numel()),
    )


def _roughness(squared: Tensor) -> Tensor:
    """D^T diag(c^2) D for the second differences D, whose rows are (1, -2, 1), written out band by band; (L, L)."""
    size = squared.shape[0] + 2
    matrix = torch.zeros(size, size, dtype=squared.dtype, device=squared.device)
    matrix.diagonal().copy_(pad(squared, (0, 2)) + 4 * pad(squared, (1, 1)) + pad(squared, (2, 0)))
    near = -2 * (pad(squared, (0, 1)) + pad(squared, (1, 0)))
    for offset, band in ((1, near), (2, squared)):
        matrix.diagonal(offset).copy_(band)
        matrix.diagonal(-offset).copy_(band)
    return matrix
