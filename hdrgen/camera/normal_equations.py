"""The least squares behind Debevec calibration, with the unknown radiances eliminated."""

import math

import torch
from torch import Tensor

REFINABLE = 1e-3  # a relative residual that one refinement brings below what matters


def solve_log_response(
    samples: Tensor,
    weights: Tensor,
    ev: Tensor,
    curvature: Tensor,
    anchor: int,
    factor_type: torch.dtype = torch.float64,
) -> Tensor:
    r"""Minimise Eq. 1 over g and the ln E_i, and return g with g(anchor) = 0.

    :math:`\sum_{ij} w_{ij}^2 (g(Z_{ij}) - \ln E_i - \ln 2^{EV_j})^2 + \sum_k c_k^2 (g_{k-1} - 2 g_k + g_{k+1})^2`

    g is linear between its L knots, so :math:`g(Z_{ij}) = a_{ij}^T g` with the two entries 1 - t and t, which depend
    smoothly on the pixel. For given g every ln E_i is a weighted mean over its row; putting that in (the Schur
    complement of the radiances, which are a diagonal block) leaves L x L normal equations, whatever the number of
    samples.

    Args:
        samples: display values in [0, 1], (K, N, S): K independent problems.
        weights: weights of the samples, (K, N, S).
        ev: exposures in EV, (K, 1, S).
        curvature: smoothness of the inner knots, c (L - 2,).
        anchor: the knot where g is 0.
        factor_type: precision of the Cholesky factor; float32 halves time and memory, and is refined.

    Returns:
        g, (K, L), of the samples' type.
    """
    levels = curvature.shape[0] + 2
    squared = weights * weights
    mean = squared / squared.sum(-1, keepdim=True).clamp_min(torch.finfo(samples.dtype).tiny)
    stops = ev * math.log(2)
    residual = stops - (mean * stops).sum(-1, keepdim=True)
    position = samples * (levels - 1)
    left = position.detach().floor().clamp(0, levels - 2).long()
    share = position - left
    knots = torch.cat([left, left + 1], -1)
    entries = torch.cat([1 - share, share], -1)
    prior = _roughness(curvature)
    # Data and smoothness leave the constant part of g free, so any positive weight here meets g(anchor) = 0.
    prior[anchor, anchor] += squared.detach().sum() / (squared.shape[0] * levels)
    system = _add_gram(prior, squared, mean, entries, knots)
    right = torch.zeros_like(system[..., 0]).scatter_add(
        -1, knots.flatten(1), ((squared * residual).repeat(1, 1, 2) * entries).flatten(1)
    )
    return _solve(system, right.unsqueeze(-1), factor_type).squeeze(-1)


def _solve(system: Tensor, right: Tensor, factor_type: torch.dtype) -> Tensor:
    """Solve symmetric positive definite systems by a Cholesky factor of lower precision and a step of refinement.

    The refinement is the only step with a gradient: at the solution x of A x = r it is A^-1 (dr - dA x), as it must be.
    """
    matrix = system.detach()
    factor, failed = torch.linalg.cholesky_ex(matrix.to(factor_type))
    start = _apply(factor, right.detach())
    residual = right - system @ start
    if bool(failed.any()) or bool((residual.detach().norm(dim=-2) > REFINABLE * right.detach().norm(dim=-2)).any()):
        factor = torch.linalg.cholesky(matrix)
        start = _apply(factor, right.detach())
        residual = right - system @ start
    return start + _apply(factor, residual)


def _apply(factor: Tensor, right: Tensor) -> Tensor:
    return torch.cholesky_solve(right.to(factor.dtype), factor).to(right.dtype)


def _add_gram(prior: Tensor, squared: Tensor, mean: Tensor, entries: Tensor, knots: Tensor) -> Tensor:
    """Prior plus the sum over samples of A^T (W - W 1 1^T W / tr W) A, from its few non-zero entries; (K, L, L)."""
    problems, levels = squared.shape[0], prior.shape[0]
    centred = torch.diag_embed(squared) - squared.unsqueeze(-1) * mean.unsqueeze(-2)
    values = centred.repeat(1, 1, 2, 2) * entries.unsqueeze(-1) * entries.unsqueeze(-2)
    cells = knots.unsqueeze(-1) * levels + knots.unsqueeze(-2)
    flat = prior.flatten().repeat(problems, 1).scatter_add_(-1, cells.flatten(1), values.flatten(1))
    return flat.view(problems, levels, levels)


def _roughness(curvature: Tensor) -> Tensor:
    """D^T diag(c^2) D for the second differences D, written out band by band; (L, L)."""
    squared = curvature * curvature
    size = squared.shape[0] + 2
    bands = torch.zeros(size, size, dtype=curvature.dtype, device=curvature.device)
    stencil = (1.0, -2.0, 1.0)
    for i, first in enumerate(stencil):
        for j, second in enumerate(stencil):
            bands.diagonal(j - i)[min(i, j) : min(i, j) + size - 2].add_(first * second * squared)
    return bands
