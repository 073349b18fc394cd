"""The least squares behind Debevec calibration, with the unknown radiances eliminated."""

from dataclasses import dataclass

import torch
from scipy.linalg import get_lapack_funcs
from threadpoolctl import ThreadpoolController
from torch import Tensor
from torch.nn.functional import pad

THREADS = ThreadpoolController()
REFINABLE = 1e-3  # a relative residual that one refinement brings below what matters
GROUP = 64  # problems that a CPU solves at a time: their systems take 16 MiB


@dataclass(frozen=True)
class _Problems:
    """Eq. 1 for K problems: the pixels as two knots and two shares each, the smoothness as weights of g''."""

    squared: Tensor  # w^2, (K, N, S)
    mean: Tensor  # w^2 over its sum along a row, (K, N, S)
    stops: Tensor  # EV, (K, 1, S)
    knots: Tensor  # (K, N, 2 S): left ones, then right ones
    entries: Tensor  # the shares of the knots, (K, N, 2 S)
    curvature: Tensor  # c^2 of the inner knots, (L - 2,)
    anchor: int
    hold: Tensor  # the weight of g(anchor) = 0, ()

    def descent(self, curve: Tensor) -> Tensor:
        """Half the negative gradient of Eq. 1 at g, i.e. right-hand side minus matrix times g; (K, L)."""
        fitted = (curve.gather(-1, self.knots.flatten(1)).view_as(self.entries) * self.entries).chunk(2, -1)
        error = self.stops - (fitted[0] + fitted[1])
        error = self.squared * (error - (self.mean * error).sum(-1, keepdim=True))
        pull = torch.zeros_like(curve).scatter_add(
            -1, self.knots.flatten(1), (error.repeat(1, 1, 2) * self.entries).flatten(1)
        )
        bend = self.curvature * (curve[:, 2:] - 2 * curve[:, 1:-1] + curve[:, :-2])
        pull[:, 2:] -= bend
        pull[:, 1:-1] += 2 * bend
        pull[:, :-2] -= bend
        pull[:, self.anchor] -= self.hold * curve[:, self.anchor]
        return pull

    def matrix(self, dtype: torch.dtype) -> Tensor:
        """The normal equations, (K, L, L): smoothness plus the sum over pixels of A^T (W - W 1 1^T W / tr W) A."""
        with torch.no_grad():
            squared, entries = self.squared.to(dtype), self.entries.to(dtype)
            prior = _roughness(self.curvature.to(dtype))
            prior[self.anchor, self.anchor] += self.hold.to(dtype)
            centred = torch.diag_embed(squared) - squared.unsqueeze(-1) * self.mean.to(dtype).unsqueeze(-2)
            # Each pixel has two knots: axes (K, N, 2, S, 2, S), left and right of the row and of the column.
            shares = entries.view(*squared.shape[:2], 2, -1)
            values = shares[..., None, None] * shares[:, :, None, None] * centred[:, :, None, :, None]
            cells = self.knots.unsqueeze(-1) * len(prior) + self.knots.unsqueeze(-2)
            flat = prior.flatten().repeat(len(squared), 1).scatter_add_(-1, cells.flatten(1), values.flatten(1))
            return flat.view(-1, *prior.shape)


def solve_log_response(
    samples: Tensor,
    weights: Tensor,
    ev: Tensor,
    curvature: Tensor,
    anchor: int,
    factor_type: torch.dtype = torch.float64,
) -> Tensor:
    r"""Minimise Eq. 1 over g and the log2 E_i, in stops, and return g with g(anchor) = 0.

    :math:`\sum_{ij} w_{ij}^2 (g(Z_{ij}) - \log_2 E_i - EV_j)^2 + \sum_k c_k^2 (g_{k-1} - 2 g_k + g_{k+1})^2`

    g is linear between its L knots, so :math:`g(Z_{ij}) = a_{ij}^T g` with the two entries 1 - t and t, which depend
    smoothly on the pixel. For given g every log2 E_i is a weighted mean over its row; putting that in (the Schur
    complement of the radiances, which are a diagonal block) leaves L x L normal equations, whatever the number of
    samples.

    Args:
        samples: Display values in [0, 1], (K, N, S): K independent problems.
        weights: Weights of the samples, (K, N, S).
        ev: Exposures in EV, (K, 1, S).
        curvature: Smoothness of the inner knots, c (L - 2,).
        anchor: The knot where g is 0.
        factor_type: Precision of the Cholesky factor; float32 halves time and memory, and is refined.

    Returns:
        g in stops, (K, L), of the samples' type.
    """
    group = GROUP if samples.device.type == "cpu" else len(samples)
    groups = zip(torch.split(samples, group), torch.split(weights, group), torch.split(ev, group), strict=True)
    return torch.cat([_solve(_problems(z, w, stops, curvature, anchor), factor_type) for z, w, stops in groups])


def _problems(samples: Tensor, weights: Tensor, ev: Tensor, curvature: Tensor, anchor: int) -> _Problems:
    levels = curvature.shape[0] + 2
    squared = weights * weights
    position = samples * (levels - 1)
    left = position.detach().floor().clamp(0, levels - 2).long()
    share = position - left
    return _Problems(
        squared=squared,
        mean=squared / squared.sum(-1, keepdim=True).clamp_min(torch.finfo(samples.dtype).tiny),
        stops=ev,
        knots=torch.cat([left, left + 1], -1),
        entries=torch.cat([1 - share, share], -1),
        curvature=curvature * curvature,
        anchor=anchor,
        # Data and smoothness leave the constant part of g free, so any positive weight here meets g(anchor) = 0.
        hold=squared.detach().sum() / (len(squared) * levels),
    )


def _solve(problems: _Problems, factor_type: torch.dtype) -> Tensor:
    """Solve by a Cholesky factor of lower precision and a step of refinement, whose residual needs no matrix.

    The refinement is the only step with a gradient: at the solution x of A x = r it is A^-1 (dr - dA x), as it must be.
    """
    zero = problems.squared.new_zeros(len(problems.squared), len(problems.curvature) + 2)
    with torch.no_grad():
        right = problems.descent(zero)
    factor, exists = _cholesky(problems.matrix(factor_type))
    start = _apply(factor, right)
    residual = problems.descent(start)
    if not exists or bool((residual.detach().norm(dim=-1) > REFINABLE * right.norm(dim=-1)).any()):
        factor, _ = _cholesky(problems.matrix(zero.dtype))
        start = _apply(factor, right)
        residual = problems.descent(start)
    return start + _apply(factor, residual)


def _cholesky(matrix: Tensor) -> tuple[Tensor, bool]:
    """U of A = U^T U above the diagonal (below it lies anything), and whether there is one; (K, L, L), overwritten."""
    if matrix.device.type != "cpu":
        factor, failed = torch.linalg.cholesky_ex(matrix, upper=True)
        return factor, not bool(failed.any())
    # SciPy's LAPACK works in place, in half the time of torch's. It counts columns first: its lower is our upper.
    (factorise,) = get_lapack_funcs(["potrf"], dtype=matrix.numpy().dtype)
    # On one thread: others gain nothing here, and would go on spinning on the processors of whatever comes next.
    with THREADS.limit(limits=1, user_api="blas"):
        failures = [factorise(single.numpy().T, lower=True, overwrite_a=True, clean=False)[1] for single in matrix]
    return matrix, not any(failures)


def _apply(factor: Tensor, right: Tensor) -> Tensor:
    # Two triangular solves: cholesky_solve copies the factor first, which takes longer than the solves.
    half = torch.linalg.solve_triangular(factor.mT, right.to(factor.dtype).unsqueeze(-1), upper=False)
    whole: Tensor = torch.linalg.solve_triangular(factor, half, upper=True)
    return whole.squeeze(-1).to(right.dtype)


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
