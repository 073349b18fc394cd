"""Systems of equations of either kind of arrays, and of tensors their gradients."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from hdrgen.array_kinds import Values, is_numpy, namespace


def cholesky_factor(matrix: Values) -> Values:
    """The lower triangle L with L L^T = matrix, (K, H, H); of one that has none, what it is found to be: no error."""
    if is_numpy(matrix):
        try:
            return np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:  # by rounding: what makes that up is far below what the pixels know
            size, largest = len(matrix[0]), np.abs(matrix).max(axis=(-2, -1), keepdims=True)
            return np.linalg.cholesky(matrix + np.finfo(matrix.dtype).eps * size * largest * np.eye(size))
    factor: Values = namespace(matrix).linalg.cholesky_ex(matrix)[0]
    return factor


def solved_triangle(triangle: Values, right: Values, *, upper: bool) -> Values:
    """The solutions (K, H, 1) of triangular systems (K, H, H) with right sides (K, H, 1)."""
    if is_numpy(triangle):
        return np.linalg.solve(triangle, right)
    found: Values = namespace(triangle).linalg.solve_triangular(triangle, right, upper=upper)
    return found


def solved_with_gradient(solve: Callable[[Values, Values | None], Values], right: Values, enough: Values) -> Values:
    """The solution for a right side, whose gradient is that of a symmetric matrix: the same again.

    Args:
        solve: From a right side, and what is enough of it, to the solution.
        right: (K, N).
        enough: As `solve` takes it; gradients are solved for to the last digit.
    """
    if is_numpy(right):
        return solve(right, enough)
    found: Values = _symmetric_solve().apply(right, solve, enough)
    return found


@cache
def _symmetric_solve() -> Any:
    """A function of torch's, made when it is needed, since it is derived from one of theirs."""
    import torch

    class SymmetricSolve(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, right: Any, solve: Callable[[Any, Any], Any], enough: Any) -> Any:
            ctx.solve = solve
            return solve(right, enough)

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            return ctx.solve(gradient, None), None, None

    return SymmetricSolve
