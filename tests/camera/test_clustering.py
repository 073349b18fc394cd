import pytest
import torch

from hdrgen.camera import TabulatedResponse, representative_curves
from hdrgen.errors import InputError

GRID = torch.linspace(0, 1, 128)
FAMILIES = (0.3, 0.6, 1.5)
CURVES = [TabulatedResponse(GRID, GRID ** (base + 0.01 * i), f"{base}") for base in FAMILIES for i in range(6)]


def test_one_curve_of_each_family():
    chosen = representative_curves(CURVES, 3, seed=1)
    assert [curve.name for curve in chosen] == ["1.5", "0.6", "0.3"]
    assert all(curve in CURVES for curve in chosen)
    assert [c.brightness[60] for c in representative_curves(CURVES, 3, seed=1)] == [c.brightness[60] for c in chosen]


def test_all_and_too_many():
    assert {id(curve) for curve in representative_curves(CURVES, len(CURVES), 0)} == {id(curve) for curve in CURVES}
    with pytest.raises(InputError, match="expected 1 to 18"):
        representative_curves(CURVES, 19, 0)
