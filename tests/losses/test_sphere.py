import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrgen.losses import sphere_moments
from hdrgen.losses.sphere import first_axis, inverse_stereographic, north_pole, sphere_distance

numbers = st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=8)


@settings(max_examples=50)
@given(numbers)
def test_projected_points_lie_on_the_sphere_and_can_be_projected_back(values):
    q = torch.tensor([values], dtype=torch.float64)
    p = inverse_stereographic(q)
    assert p.norm().item() == pytest.approx(1)
    # The stereographic projection from the north pole, by similar triangles.
    torch.testing.assert_close(p[:, :-1] / (1 - p[:, -1:]), q, rtol=1e-6, atol=1e-6)


@settings(max_examples=50)
@given(st.lists(st.floats(1e-3, 1) | st.floats(-1, -1e-3), min_size=6, max_size=6))
def test_distance_is_the_arccos_of_the_product(values):
    p, q = (torch.nn.functional.normalize(torch.tensor([part]).double()) for part in (values[:3], values[3:]))
    expected = np.arccos(np.clip((p * q).sum().item(), -1, 1))
    assert sphere_distance(p, q).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("radius", [0.0, 1e-6, 0.5, 3.0, 1e3, 1e6])
def test_distance_from_the_north_pole_in_closed_form(radius):
    """Twice the angle at the pole of the triangle that it makes with the plane: atan(1 / radius)."""
    points = inverse_stereographic(torch.tensor([[radius, 0.0, 0.0]]))
    found = sphere_distance(points, north_pole(points)).item()
    assert found == pytest.approx(2 * math.atan2(1, radius), rel=1e-4)


def test_references():
    points = torch.zeros(2, 4)
    assert north_pole(points).tolist() == [[0, 0, 0, 1]] * 2
    assert first_axis(points).tolist() == [[1, 0, 0, 0]] * 2


@pytest.mark.parametrize("features", [torch.zeros(1, 3), torch.tensor([[1.0, 0.0]]), torch.full((2, 9), 1e6)])
@pytest.mark.parametrize("to_north_pole", [True, False])
def test_value_and_gradient_are_finite_where_those_of_arccos_are_not(features, to_north_pole):
    """The south pole, the first axis itself, and points that rounding puts on the north pole."""
    features = features.clone().requires_grad_()
    value = sphere_moments(features, to_north_pole=to_north_pole)
    value.backward()
    assert value.isfinite()
    assert features.grad.isfinite().all()


@pytest.mark.parametrize("to_north_pole", [True, False])
def test_gradient(to_north_pole):
    features = torch.randn(3, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)

    def at(change):
        return sphere_moments(features.detach() + change, to_north_pole=to_north_pole).item()

    (gradient,) = torch.autograd.grad(sphere_moments(features, to_north_pole=to_north_pole), features)
    for index in ((0, 0), (1, 3), (2, 4)):
        step = torch.zeros(3, 5)
        step[index] = 1e-2
        assert gradient[index].item() == pytest.approx((at(step) - at(-step)) / 2e-2, rel=0.02, abs=5e-3)


def test_moments_against_numpy():
    features = torch.randn(4, 1, 2, 3, generator=torch.Generator().manual_seed(1))
    q = features.flatten(1).double().numpy()
    square = (q**2).sum(1)
    for to_north_pole, cosine in ((True, (square - 1) / (square + 1)), (False, 2 * q[:, 0] / (square + 1))):
        angle = np.arccos(cosine)
        for moments in (1, 2, 3):
            expected = sum((angle**r).mean() for r in range(1, moments + 1))
            found = sphere_moments(features, moments, to_north_pole=to_north_pole).item()
            assert found == pytest.approx(expected, rel=1e-5)


def test_stays_in_float32_under_autocast():
    with torch.autocast("cpu", torch.bfloat16):
        assert sphere_moments(torch.randn(2, 8).bfloat16()).dtype == torch.float32
