"""The least squares behind Debevec calibration, in coordinates in which single precision is enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Generic

import numpy as np

from hdrgen.array_kinds import (
    Values,
    as_index,
    between,
    evaluated,
    gathered,
    is_on_cpu,
    like,
    namespace,
    row_sum,
    summed,
    without_gradients,
)
from hdrgen.camera.solving import cholesky_factor, solved_triangle, solved_with_gradient
from hdrgen.precision import in_float64

SHARE = 0.7
"""Of the equations of the roughest functions, how much pixels may make out if all lie at their worst level; spread
over the levels they make out a hundredth of that."""
STEPS = 5
"""Of conjugate gradients, which join the functions of the factor and the others."""
FADED = 0.01
"""The least weight of a knot: one without data needs its smoothness to be determined."""


@dataclass(frozen=True)
class SmoothBasis(Generic[Values]):
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

    functions: Values
    penalty: Values
    seen: tuple[float, ...]

    def to(self, values: Values) -> SmoothBasis[Values]:
        """The same on the device and in the precision of another array of its kind."""
        # A line that no pixel shows stays at 0, instead of nowhere.
        least = namespace(values).finfo(values.dtype).eps ** 1.75
        return SmoothBasis(like(self.functions, values), like(self.penalty, values).clip(least), self.seen)

    def head(self, pixels: int) -> int:
        """How many of the functions so many pixels can move by more than `SHARE`."""
        return next((count for count, most in enumerate(self.seen) if pixels * most <= SHARE), len(self.seen))


def smooth_basis(curvature: Values) -> SmoothBasis[Values]:
    """The basis for weights of g'' at the inner knots, c `(L - 2,)`; in float64, on the CPU.

    One eigenvalue problem of L knots: 10 ms for 256, 0.2 s for 1024, 2 s for 2048. `cached_basis` solves it once.
    """
    xp = namespace(curvature)
    curvature = in_float64(curvature)
    weight = _padded(curvature / max(float(curvature.max()), np.finfo(np.float64).tiny), 1, 1).clip(FADED)
    roughness, modes = xp.linalg.eigh(_roughness(curvature * curvature) / (weight[:, None] * weight))
    line = xp.linspace(-1, 1, len(weight), dtype=xp.float64)
    line = line - (weight * weight * line).sum() / (weight * weight).sum()
    rough = roughness[2:].clip(0)
    bent = modes[:, 2:] / weight[:, None] / xp.sqrt(1 + rough)
    penalty = _padded(rough / (1 + rough), 1, 0)
    functions = xp.concatenate([(line / xp.linalg.norm(weight * line))[:, None], bent], 1)
    squares = xp.flip((weight[:, None] * functions) ** 2, (1,))
    seen = xp.amax(xp.cumsum(squares, 1), 0).tolist()
    return SmoothBasis(functions, penalty, tuple(reversed(seen)))


@lru_cache(maxsize=8)
def cached_basis(
    levels: int, smoothness: float, weight: Callable[[Any], Any], dtype: Any, device: Any
) -> SmoothBasis[Any]:
    """`smooth_basis` of `curvature_of`, kept for the next calibration, which may need gradients.

    Args:
        levels: How many knots.
        smoothness: Lambda.
        weight: Of display values.
        dtype: Of the basis.
        device: Where tensors lie; None for arrays of NumPy's.
    """
    if device is None:
        weights = evaluated(weight, np.linspace(0, 1, levels))
        return smooth_basis(curvature_of(weights, smoothness)).to(np.empty((), dtype))
    import torch

    with torch.inference_mode(False), torch.no_grad():
        knots = torch.linspace(0, 1, levels, dtype=torch.float64)
        return smooth_basis(curvature_of(weight(knots), smoothness)).to(torch.empty((), dtype=dtype, device=device))


def _padded(values: Values, before: int, after: int) -> Values:
    """The values (N,) with zeros before and after them."""
    xp = namespace(values)
    ends = (xp.zeros(count, dtype=values.dtype) for count in (before, after))
    padded: Values = xp.concatenate([next(ends), values, next(ends)])
    return padded


def curvature_of(weight: Values, smoothness: float) -> Values:
    """Weights c of the second differences at the inner knots, for the weights of all knots `(L,)`; kept off zero.

    The sum of squared second differences on a grid of step h approximates h^3 times the integral of g''^2.
    """
    # lambda means what it means in gsolve with its 256 levels: h^3 under the root of the weights is h^1.5.
    density: float = ((weight.shape[-1] - 1) / 255) ** 1.5
    return smoothness * density * weight[1:-1].clip(FADED)


@dataclass(frozen=True)
class _Problems(Generic[Values]):
    """Eq. 1 for K problems, each pixel as two knots and two shares."""

    weights: Values  # w, (K, N, S)
    squared: Values  # w^2, (K, N, S)
    mean: Values  # w^2 over its sum along a row, (K, N, S)
    stops: Values  # EV, (K, 1, S)
    knots: Values  # before each pixel, then those after each, (K, 2 N S)
    shares: Values  # of both, (K, 2, N S)
    basis: SmoothBasis[Values]
    head: int  # of the functions, those between which the normal equations are set up

    def centred(self, values: Values) -> Values:
        """Values (K, N, S) less their weighted mean along a row: what an unknown radiance leaves of them."""
        return values - row_sum(self.mean * values)

    def descent(self, coefficients: Values) -> Values:
        """Half the negative gradient of Eq. 1, right-hand side minus matrix times the coefficients; (K, L - 1)."""
        return self._pull(self.stops - self._fitted(coefficients)) - self.basis.penalty * coefficients

    def times_matrix(self, coefficients: Values) -> Values:
        """The matrix times the coefficients, (K, L - 1)."""
        return self._pull(self._fitted(coefficients)) + self.basis.penalty * coefficients

    def _fitted(self, coefficients: Values) -> Values:
        """The curve at the pixels, (K, N, S)."""
        curve = coefficients @ self.basis.functions.swapaxes(0, 1)
        near = gathered(curve, self.knots).reshape(self.shares.shape)
        return (near * self.shares).sum(1).reshape(self.weights.shape)

    def _pull(self, error: Values) -> Values:
        """What errors (K, N, S) of the pixels want of the coefficients, (K, L - 1)."""
        force = (self.squared * self.centred(error)).reshape(len(error), 1, -1) * self.shares
        pull = summed(force.reshape(len(error), -1), self.knots, len(self.basis.functions))
        return pull @ self.basis.functions

    def matrix(self) -> Values:
        """The normal equations of the first H functions, a square of what the pixels show of them; (K, H, H)."""
        with without_gradients(self.weights):
            functions = self.basis.functions[:, : self.head]
            left, right = self.knots.reshape(self.shares.shape).swapaxes(0, 1)
            shown = between(functions[left], functions[right], self.shares[:, 1, :, None])
            shown = shown.reshape(*self.weights.shape, -1)
            # In place: of many stacks this is the largest part, and most of its time would go into memory.
            shown -= self.mean[:, :, None] @ shown  # centred
            shown *= self.weights[..., None]
            shown = shown.reshape(len(shown), -1, shown.shape[-1])
            matrix = shown.swapaxes(1, 2) @ shown
            matrix += namespace(matrix).diag(self.basis.penalty[: self.head])
        return matrix

    def solved(self, factor: Values, right: Values, enough: Values | None = None) -> Values:
        """The coefficients for which matrix times coefficients are `right`, (K, L - 1), by conjugate gradients.

        Each problem has steps of its own length; one that has arrived stays where it is.

        Args:
            factor: Of `matrix`.
            right: (K, L - 1).
            enough: The size of what is left, as `size` measures it, at which a problem has arrived, (K, 1); without it,
                that of a rounding error of `right`.
        """
        with without_gradients(right):
            return self._solved(factor, right, enough)

    def _solved(self, factor: Values, right: Values, enough: Values | None) -> Values:
        xp = namespace(right)
        solution, left = xp.zeros_like(right), right
        direction = near = self._nearly_solved(factor, left)
        size = row_sum(left * near)
        arrived = xp.finfo(right.dtype).eps ** 2 * size if enough is None else enough
        for _ in range(STEPS):
            # On a CPU a look is free, and most problems arrive early; elsewhere it would wait for the device.
            if is_on_cpu(right) and not bool((size > arrived).any()):
                break
            product = self.times_matrix(direction)
            steepness = row_sum(direction * product)
            length = _quotient(size, steepness, (size > arrived) & (steepness > 0))
            solution, left = solution + length * direction, left - length * product
            near = self._nearly_solved(factor, left)
            before, size = size, row_sum(left * near)
            direction = near + _quotient(size, before, before > arrived) * direction
        return solution

    def size(self, factor: Values, right: Values) -> Values:
        """What `right` asks for, squared, in the norm of the matrix, (K, 1)."""
        with without_gradients(right):
            return row_sum(right * self._nearly_solved(factor, right))

    def _nearly_solved(self, factor: Values, right: Values) -> Values:
        """By the factor for the first functions, by their own penalty for the others."""
        half = solved_triangle(factor, right[:, : self.head, None], upper=False)
        whole = solved_triangle(factor.swapaxes(1, 2), half, upper=True)[..., 0]
        others = right[:, self.head :] / self.basis.penalty[self.head :]
        together: Values = namespace(right).concatenate([whole, others], -1)
        return together


def _quotient(above: Values, below: Values, usable: Values) -> Values:
    """Quotients, 0 where they are of no use."""
    xp = namespace(above)
    quotient: Values = xp.where(usable, above / xp.where(usable, below, 1), 0)
    return quotient


def solve_log_response(samples: Values, weights: Values, ev: Values, basis: SmoothBasis[Values], anchor: int) -> Values:
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
    factor = cholesky_factor(problems.matrix())
    numbers = namespace(samples).finfo(samples.dtype)
    with without_gradients(samples):
        right = problems.descent(namespace(samples).zeros_like(samples[:, 0, :1] * basis.penalty))
        size = problems.size(factor, right) + numbers.tiny
        start = problems.solved(factor, right, numbers.eps * size)  # half the digits: more would be lost to rounding
    # Refines it, and has the gradient.
    change = solved_with_gradient(partial(problems.solved, factor), problems.descent(start), numbers.eps**2 * size)
    curve = (start + change) @ basis.functions.swapaxes(0, 1)
    return curve - curve[:, anchor : anchor + 1]


def _problems(samples: Values, weights: Values, ev: Values, basis: SmoothBasis[Values]) -> _Problems[Values]:
    xp, levels = namespace(samples), len(basis.functions)
    squared = weights * weights
    total = row_sum(squared)
    position = samples.reshape(len(samples), -1) * (levels - 1)
    left = as_index(xp.nan_to_num(xp.floor(position).clip(0, levels - 2)))
    share = position - left
    return _Problems(
        weights=weights,
        squared=squared,
        mean=squared / xp.where(total > 0, total, 1),
        stops=ev,
        knots=xp.concatenate([left, left + 1], -1),
        shares=xp.stack([1 - share, share], 1),
        basis=basis,
        head=basis.head(position.shape[-1]),
    )


def _roughness(squared: Values) -> Values:
    """D^T diag(c^2) D for the second differences D, whose rows are (1, -2, 1), written out band by band; (L, L)."""
    diag = namespace(squared).diag
    near = -2 * (_padded(squared, 0, 1) + _padded(squared, 1, 0))
    matrix = diag(_padded(squared, 0, 2) + 4 * _padded(squared, 1, 1) + _padded(squared, 2, 0))
    bands: Values = sum((diag(band, k) + diag(band, -k) for k, band in ((1, near), (2, squared))), matrix)
    return bands
