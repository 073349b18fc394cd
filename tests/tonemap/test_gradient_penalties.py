import numpy as np
import pytest
import torch
from scipy.optimize import lsq_linear

from hdrgen.tonemap.gradient_penalties import SmallBase, SparseDetail, base_layer
from hdrgen.tonemap.periodic_rows import PeriodicRows
from tests.tonemap.oracles import base_by_direct_solves, differences


def steps(height: int, width: int) -> np.ndarray:
    """Plateaus with texture."""
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:height, :width]
    return (
        0.6 * (rows + columns > (height + width) / 2) + 0.2 * (columns > width / 3) + generator.random(rows.shape) / 9
    )


def energy(image: np.ndarray, base: np.ndarray, l1: float, l0: float) -> float:
    matrix = differences(*image.shape)
    detail = matrix @ (image - base).ravel()
    count = (np.abs(detail) > 1e-4).sum()
    return 0.5 * ((image - base) ** 2).sum() + l1 * np.abs(matrix @ base.ravel()).sum() + l0 * count


@pytest.mark.parametrize("size", [(16, 16), (13, 18), (1, 9)])
def test_hybrid_is_admm_with_direct_solves(size):
    image = steps(*size)
    penalties = [SmallBase(0.3), SparseDetail(0.003)]
    ours = base_layer(torch.from_numpy(image), penalties, iterations=15, growth=4)
    # Where the conditions of the last systems pass 1e8 it is the direct solver that loses digits.
    np.testing.assert_allclose(ours, base_by_direct_solves(image, 0.3, 0.003, 15, 4), atol=1e-6)


@pytest.mark.parametrize("size", [(16, 16), (13, 18)])
def test_l1_is_admm_with_direct_solves(size):
    image = steps(*size)
    ours = base_layer(torch.from_numpy(image), [SmallBase(0.1)], iterations=10, growth=2)
    np.testing.assert_allclose(ours, base_by_direct_solves(image, 0.1, None, 10, 2), atol=1e-9)


@pytest.mark.parametrize("size", [(64, 48), (65, 37)])
def test_photographs_by_rows_are_admm_with_direct_solves(size, monkeypatch):
    monkeypatch.setattr("hdrgen.tonemap.gradient_penalties.FEW", 0)
    image = steps(*size)
    solver = PeriodicRows(torch.from_numpy(image), 2, 4.0**14)
    assert solver.pays
    ours = base_layer(torch.from_numpy(image), [SmallBase(0.3), SparseDetail(0.003)], iterations=15, growth=4)
    np.testing.assert_allclose(ours, base_by_direct_solves(image, 0.3, 0.003, 15, 4), atol=1e-6)
    smooth = base_layer(torch.from_numpy(image), [SmallBase(0.1)], iterations=10, growth=2)
    np.testing.assert_allclose(smooth, base_by_direct_solves(image, 0.1, None, 10, 2), atol=1e-9)


@pytest.mark.parametrize("strip", [2**16, 700])
def test_photographs_by_rows_are_those_by_transforms(strip, monkeypatch):
    images = torch.from_numpy(np.stack([steps(131, 140), steps(131, 140)[::-1].copy()]))
    penalties = [SmallBase(0.3), SparseDetail(0.003)]
    whole = base_layer(images, penalties, iterations=15, growth=4)
    monkeypatch.setattr("hdrgen.tonemap.gradient_penalties.FEW", 0)
    monkeypatch.setattr("hdrgen.tonemap.periodic_rows.STRIP", strip)
    torch.testing.assert_close(base_layer(images, penalties, iterations=15, growth=4), whole, atol=1e-11, rtol=0)
    single = base_layer(images.float(), penalties, iterations=15, growth=4)
    assert (single - whole).abs().quantile(0.999) < 1e-3
    torch.testing.assert_close(single.double().mean((1, 2)), images.mean((1, 2)), atol=1e-6, rtol=0)


def test_l1_minimum_satisfies_its_optimality_condition():
    image, weight = steps(12, 14), 0.05
    base = base_layer(torch.from_numpy(image), [SmallBase(weight)], iterations=3000, growth=1).numpy()
    # S - B = D^T p with |p| <= weight, and p = weight * sign(DB) where DB is not 0: p exists exactly at the minimum.
    matrix = differences(*image.shape).toarray()
    gradient = matrix @ base.ravel()
    edges = np.abs(gradient) > 1e-4
    residual = (image - base).ravel() - weight * matrix[edges].T @ np.sign(gradient[edges])
    dual = lsq_linear(matrix[~edges].T, residual, bounds=(-weight, weight), tol=1e-12)
    assert np.abs(dual.fun).max() < 1e-4


def test_hybrid_lowers_the_energy():
    image = steps(32, 40)
    penalties = [SmallBase(0.3), SparseDetail(0.003)]
    base = base_layer(torch.from_numpy(image), penalties, iterations=15, growth=4).numpy()
    found = energy(image, base, 0.3, 0.003)
    assert found < 0.75 * energy(image, image, 0.3, 0.003)
    assert found < energy(image, np.full_like(image, image.mean()), 0.3, 0.003)


def test_float32_keeps_the_mean_and_follows_float64():
    image = torch.from_numpy(steps(96, 128))
    penalties = [SmallBase(0.3), SparseDetail(0.003)]
    exact = base_layer(image, penalties, iterations=15, growth=4)
    single = base_layer(image.float(), penalties, iterations=15, growth=4)
    assert single.mean().item() == pytest.approx(image.mean().item(), abs=1e-5)
    assert (single - exact).abs().quantile(0.99) < 1e-3  # a hard threshold may fall either way


def test_batches_are_singles():
    images = torch.from_numpy(np.stack([steps(9, 11), steps(9, 11).T.copy().reshape(9, 11)]))
    penalties = [SmallBase(0.3), SparseDetail(0.003)]
    together = base_layer(images, penalties, iterations=15, growth=4)
    torch.testing.assert_close(base_layer(images[1], penalties, iterations=15, growth=4), together[1])
