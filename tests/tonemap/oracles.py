"""NumPy and SciPy implementations that share no code with the operators."""

import numpy as np
import scipy.sparse as sparse
from scipy.ndimage import convolve1d, map_coordinates
from scipy.sparse.linalg import splu


def differences(height: int, width: int) -> sparse.csc_array:
    """Periodic forward differences along columns, then along rows, as one matrix."""

    def along(length: int) -> sparse.csr_array:
        return sparse.csr_array(np.roll(np.eye(length), 1, axis=1) - np.eye(length))

    columns = sparse.kron(sparse.eye_array(height), along(width))
    rows = sparse.kron(along(height), sparse.eye_array(width))
    return sparse.csc_array(sparse.vstack([columns, rows]))


def base_by_direct_solves(image: np.ndarray, l1: float, l0: float | None, iterations: int, growth: float) -> np.ndarray:
    """ADMM as textbooks have it, with unscaled multipliers and sparse direct solves."""
    s = image.ravel()
    matrix = differences(*image.shape)
    data = matrix @ s
    c, e, m1, m2 = (np.zeros_like(data) for _ in range(4))
    rho = 1.0
    for _ in range(iterations):
        wanted = s + matrix.T @ (rho * c + m1)
        count = 1
        if l0 is not None:
            wanted, count = wanted + matrix.T @ (rho * (data - e) - m2), 2
        b = splu(sparse.eye_array(len(s), format="csc") + count * rho * (matrix.T @ matrix)).solve(wanted)
        g = matrix @ b
        c = np.sign(g - m1 / rho) * np.maximum(np.abs(g - m1 / rho) - l1 / rho, 0)
        m1 = m1 + rho * (c - g)
        if l0 is not None:
            asked = data - g - m2 / rho
            e = np.where(asked**2 < 2 * l0 / rho, 0, asked)
            m2 = m2 + rho * (e - data + g)
        rho *= growth
    return b.reshape(image.shape)


def bilateral_grid(plane: np.ndarray, guide: np.ndarray, sigma: float, spread: float) -> np.ndarray:
    """The grid of Chen et al. through SciPy."""
    rows, columns = np.mgrid[: plane.shape[0], : plane.shape[1]] / sigma
    position = np.stack([guide / spread, rows, columns]) + 3
    cells = tuple(np.floor(position + 0.5).astype(int))
    grid = np.zeros((2, *(int(axis.max()) + 4 for axis in cells)))
    np.add.at(grid[0], cells, plane)
    np.add.at(grid[1], cells, 1)
    for axis in (1, 2, 3):
        grid = convolve1d(grid, np.exp([-0.5, 0, -0.5]), axis=axis, mode="constant")
    total, count = (map_coordinates(each, position, order=1, mode="constant") for each in grid)
    return total / count
