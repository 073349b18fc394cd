"""NumPy's arrays, as the command has them, become the pictures that tensors become."""

import numpy as np
import pytest
import torch

from hdrgen.array_kinds import evaluated, log_above_one
from hdrgen.camera import raised
from hdrgen.tiling import value_at
from hdrgen.tonemap import (
    Drago2003,
    ExposureFusion,
    Graded,
    KimKautz2008,
    LayerDecomposition,
    MuLaw,
    Reinhard2002,
    Reinhard2005,
)

OPERATORS = [
    Drago2003(),
    Drago2003(bias=0.7, saturation=0.6, gamma=1),
    KimKautz2008(),
    LayerDecomposition(),
    MuLaw(white=None),
    Reinhard2002(),
    Reinhard2002(local=True, white=2.0),
    Reinhard2005(),
    Reinhard2005(intensity=1, contrast=0.6, chromatic=0.6, light=0.4, gamma=1),
    ExposureFusion(),
    Graded(Reinhard2002(), saturation=1.2, contrast=0.8),
]


@pytest.mark.parametrize("operator", OPERATORS, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_become_what_tensors_become(operator, dtype):
    image = np.random.default_rng(0).lognormal(0, 2, (21, 34, 3)).astype(dtype)
    image[:2] = 0
    image[3] = -1
    before, planes = image.copy(), image.transpose(2, 0, 1)
    mapped = evaluated(operator, planes)
    assert type(mapped) is np.ndarray
    assert mapped.dtype == dtype
    wanted = operator(torch.from_numpy(image).permute(2, 0, 1)).numpy()
    np.testing.assert_allclose(mapped, wanted, atol=1e-5 if dtype == np.float32 else 1e-11, rtol=0)
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("image", [np.zeros((3, 8, 8), np.float32), np.full((3, 8, 8), 4, np.float32)])
@pytest.mark.parametrize("operator", OPERATORS, ids=repr)
def test_black_and_constant_arrays_are_black_and_one_grey(operator, image):
    mapped = evaluated(operator, image)
    np.testing.assert_allclose(mapped, evaluated(operator, torch.from_numpy(image)), atol=1e-6)
    assert np.ptp(mapped) < 1e-6


@pytest.mark.parametrize("level", [0.01, 0.5, 3000.0])
@pytest.mark.parametrize("rounding", ["float32", "half"])
@pytest.mark.parametrize("operator", OPERATORS, ids=repr)
def test_rounding_of_a_grey_surface_stays_grey(operator, rounding, level):
    noise = np.random.default_rng(0).normal(0, 2e-6 if rounding == "float32" else 2e-4, (3, 32, 40))
    image = (level * (1 + noise)).astype(np.float32)
    image = image.astype(np.float16).astype(np.float32) if rounding == "half" else image
    mapped = evaluated(operator, image)
    assert np.ptp(mapped, axis=0).max() < 0.01, "coloured"
    if not isinstance(operator, LayerDecomposition):  # which makes detail of whatever there is, grey as it is
        assert 0.2 < np.median(mapped) <= 1


def test_ranks_of_many_values_are_those_of_sorted_ones():
    values = np.random.default_rng(0).normal(size=(2, 2**18 + 5)).astype(np.float32)
    for rank in (1, 1300, 2**17, 2**18 + 5):
        np.testing.assert_array_equal(value_at(values, rank), np.sort(values)[:, rank - 1])


@pytest.mark.filterwarnings("error")
def test_logarithms_and_powers_of_many_values_are_those_of_double_precision():
    values = np.concatenate([[0], np.geomspace(1e-30, 1e30, 100_001)]).astype(np.float32)
    exact = np.log1p(values.astype(float))
    np.testing.assert_allclose(log_above_one(values), exact, rtol=3e-7)
    assert log_above_one(values[:1])[0] == 0
    unit = values[values <= 1]
    for exponent in (1 / 2.2, 0.8, 3.0):
        exact = unit.astype(float) ** exponent
        np.testing.assert_allclose(raised(unit, exponent), exact, atol=2e-7, rtol=0)
        np.testing.assert_array_equal(raised(unit.astype(float), exponent), exact)


@pytest.mark.parametrize("image", [np.ones((20, 24, 3), np.float32)[::-1], np.broadcast_to(np.float32(2), (20, 24, 3))])
def test_layers_of_arrays_that_are_reversed_or_cannot_be_written(image):
    mapped = evaluated(LayerDecomposition(), image.transpose(2, 0, 1))
    np.testing.assert_array_equal(mapped, evaluated(LayerDecomposition(), image.transpose(2, 0, 1).copy()))
