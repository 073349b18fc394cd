"""The calibration where it is hardest: single precision, pixels that say little, and company in the batch."""

import numpy as np
import pytest
import torch

from hdrgen.camera import (
    Gamma,
    HistogramSampling,
    calibrate_debevec,
    calibrated_tables,
    form_image,
    normal_equations,
    triangle,
)
from hdrgen.camera.normal_equations import cached_basis, curvature_of, smooth_basis, solve_log_response

EV = torch.arange(-3.0, 4.0)
LEVELS, ANCHOR = 256, 128


def good(seed: int = 0) -> torch.Tensor:
    coarse = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 10 - 7
    scene = torch.nn.functional.interpolate(coarse, size=(64, 64), mode="bicubic")[0].exp2()
    return form_image(scene, EV, Gamma(2.2), bits=None).clamp(0, 1)


STACKS = {
    "good": (good(), 1e-5),
    "flat": (0.5 + 0.02 * (good() - 0.5), 1e-3),
    "narrow": (0.3 + 0.1 * good(), 3e-3),
    "constant": ((0.4 + 0.05 * torch.arange(7.0)).view(7, 1, 1, 1).expand(7, 3, 64, 64), 1e-3),
    "bright": (1 - 0.01 * (1 - good()), 1e-2),
    "two frames": (torch.cat([torch.zeros(5, 3, 64, 64), good()[5:]]), 1e-4),
}


def least_squares(samples, weights):
    """g (256,) of pixels (N, S) in NumPy, the radiances among the unknowns, as Debevec and Malik write it."""
    count, frames = samples.shape
    rows, right = [], []
    for i in range(count):
        for j in range(frames):
            row, z, w = np.zeros(LEVELS + count), samples[i, j] * (LEVELS - 1), weights[i, j]
            left = min(int(z), LEVELS - 2)
            row[left], row[left + 1], row[LEVELS + i] = w * (1 - z + left), w * (z - left), -w
            rows.append(row)
            right.append(w * float(EV[j]))
    for k in range(1, LEVELS - 1):
        row = np.zeros(LEVELS + count)
        row[k - 1 : k + 2] = 10 * np.array([1, -2, 1]) * max(1 - abs(2 * k / (LEVELS - 1) - 1), 0.01)
        rows.append(row)
        right.append(0.0)
    curve = np.linalg.lstsq(np.array(rows), np.array(right), rcond=1e-13)[0][:LEVELS]
    return curve - curve[ANCHOR]


@pytest.mark.parametrize("name", STACKS)
def test_single_precision_finds_the_least_squares_of_the_paper(name):
    """Before, in a system of the knots' values with a condition of 1e10, the worst of these was wrong by a factor."""
    stack, tolerance = STACKS[name]
    samples = HistogramSampling()(stack[None])[0, :1]
    weights = triangle(samples)
    expected = least_squares(samples[0].double().numpy(), weights[0].double().numpy())
    basis = cached_basis(LEVELS, 10.0, triangle, torch.float32, samples.device)
    found = solve_log_response(samples, weights, EV.view(1, 1, -1), basis, ANCHOR)
    assert found.dtype == torch.float32
    assert np.abs(found[0].numpy() - expected).max() < tolerance * np.abs(expected).max()
    exact = smooth_basis(curvature_of(triangle(torch.linspace(0, 1, LEVELS, dtype=torch.float64)), 10.0))
    found = solve_log_response(samples.double(), weights.double(), EV.double().view(1, 1, -1), exact, ANCHOR)
    assert np.abs(found[0].numpy() - expected).max() < 1e-6 * np.abs(expected).max()


def test_the_gradient_of_256_levels_is_that_of_finite_differences():
    stack = 0.05 + 0.9 * good().double()
    towards = torch.rand(stack.shape, generator=torch.Generator().manual_seed(1)).double() - 0.5

    def brightness(pixels):
        return calibrate_debevec(pixels, EV).irradiance[:, 20:236].log().mean()

    ahead, behind = brightness(stack + 1e-8 * towards), brightness(stack - 1e-8 * towards)
    numeric = float((ahead - behind) / 2e-8)
    for point, tolerance in ((stack.clone(), 1e-4), (stack.float(), 1e-3)):
        point.requires_grad_()
        slope = (torch.autograd.grad(brightness(point), point)[0] * towards).sum()
        assert float(slope) == pytest.approx(numeric, rel=tolerance)


def test_a_stack_in_a_batch_is_the_stack_alone_whatever_the_others_are():
    """To the bit: before, one stack that is hard to calibrate changed the precision of all, and none was exact."""
    stacks = torch.stack([stack.clamp(0, 1) for stack, _ in STACKS.values()] + [torch.zeros(7, 3, 64, 64)])

    def alone_and_gradient(chosen):
        pixels = chosen.clone().requires_grad_()
        table, known = calibrated_tables(pixels, EV)
        return table.detach(), known, torch.autograd.grad(table.clamp_min(1e-9).log().sum(), pixels)[0]

    tables, known, gradients = alone_and_gradient(stacks)
    assert known.tolist() == [True] * len(STACKS) + [False]
    assert tables.isfinite().all()
    assert gradients.isfinite().all()
    for index in range(len(stacks)):
        table, _, gradient = alone_and_gradient(stacks[index : index + 1])
        assert torch.equal(table[0], tables[index])
        assert torch.equal(gradient[0], gradients[index])


def test_tables_are_those_of_the_checked_calibration():
    stacks = torch.stack([good(0), good(1)])
    table, known = calibrated_tables(stacks, EV)
    assert known.all()
    torch.testing.assert_close(table, calibrate_debevec(stacks, EV).irradiance)


def test_a_calibration_without_gradients_leaves_nothing_behind_that_refuses_them():
    cached_basis.cache_clear()
    ev = torch.tensor([-1.0, 0.0, 1.0])
    stack = form_image(torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(0)), ev, Gamma(2.2))
    with torch.inference_mode():
        calibrate_debevec(stack, ev)
    pixels = stack.clone().requires_grad_()
    calibrate_debevec(pixels, ev).irradiance.sum().backward()
    assert pixels.grad.isfinite().all()


def test_a_problem_that_has_arrived_takes_no_more_steps_on_the_cpu(monkeypatch):
    """Each is a look at all pixels; before, there were ten whatever they were, and they were half of a calibration."""
    samples = HistogramSampling()(torch.stack([stack.clamp(0, 1) for stack, _ in STACKS.values()])).flatten(0, 1)
    basis, steps = cached_basis(LEVELS, 10.0, triangle, torch.float32, samples.device), []
    times_matrix = normal_equations._Problems.times_matrix

    def counted(problems, coefficients):
        steps.append(len(coefficients))
        return times_matrix(problems, coefficients)

    monkeypatch.setattr(normal_equations._Problems, "times_matrix", counted)
    one = samples[:1]
    curve = solve_log_response(one, triangle(one), EV.view(1, 1, -1), basis, ANCHOR)
    assert 1 <= len(steps) <= 8
    together = solve_log_response(samples, triangle(samples), EV.view(1, 1, -1), basis, ANCHOR)
    torch.testing.assert_close(together[:1], curve, rtol=0, atol=1e-5)  # although others go on
