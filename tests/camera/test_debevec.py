import cv2
import numpy as np
import pytest
import torch
from scipy.optimize import lsq_linear

from hdrgen.camera import (
    Gamma,
    HistogramSampling,
    PixelGrid,
    Sigmoid,
    calibrate_debevec,
    expose,
    form_image,
    quantise,
    triangle,
)
from hdrgen.camera.normal_equations import curvature_of, smooth_basis, solve_log_response
from hdrgen.camera.sampling import _rank
from hdrgen.errors import InputError

EV = torch.tensor([-4.0, -2.0, 0.0, 2.0, 4.0])


def scene(seed: int = 0, size: int = 96) -> torch.Tensor:
    """Smooth radiance over twelve stops, another for each channel."""
    coarse = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(seed)) * 12 - 9
    return torch.nn.functional.interpolate(coarse, size=(size, size), mode="bicubic")[0].exp2()


def noisy(truth) -> torch.Tensor:
    """A stack with the noise of 20,000 electrons at white."""
    exposure = expose(scene(), EV).clamp_max(4)
    noise = torch.randn(exposure.shape, generator=torch.Generator().manual_seed(1)) * (exposure / 20000).sqrt()
    return quantise(truth(exposure + noise), 8)


def log_error(response, truth) -> float:
    """RMSE of ln f^-1 over codes 8 to 247, up to a factor per channel."""
    codes = torch.arange(8, 248) / 255
    error = response.irradiance[..., 8:248].log() - truth.inverse(codes).log()
    return float((error - error.median(-1, keepdim=True).values).square().mean().sqrt())


@pytest.mark.parametrize("truth", [Gamma(2.2), Sigmoid(0.9, 0.6)], ids=repr)
@pytest.mark.parametrize("sampling", [HistogramSampling(), PixelGrid(1024)], ids=["histogram", "grid"])
def test_finds_the_true_curve_no_worse_than_opencv(truth, sampling):
    stack = noisy(truth)
    response = calibrate_debevec(stack, EV, sampling=sampling)
    images = [np.ascontiguousarray(f) for f in (stack * 255).round().byte().permute(0, 2, 3, 1).numpy()]
    found = cv2.createCalibrateDebevec().process(images, EV.exp2().numpy())[:, 0].T
    theirs = torch.from_numpy(found)[:, 8:248].log() - truth.inverse(torch.arange(8, 248) / 255).log()
    theirs = theirs - theirs.median(-1, keepdim=True).values
    assert log_error(response, truth) <= float(theirs.square().mean().sqrt())
    assert log_error(response, truth) < 0.02
    middle = response.irradiance[:, 128] / truth.inverse(torch.tensor(128 / 255))
    torch.testing.assert_close(middle, torch.ones(3), atol=0.06, rtol=0)


def test_solution_is_the_least_squares_of_the_paper():
    torch.manual_seed(0)
    levels, frames, count, smoothness, anchor = 16, 3, 10, 2.0, 7
    samples = torch.rand(1, count, frames, dtype=torch.float64)
    weights, ev = triangle(samples), torch.tensor([[[-1.0, 0.0, 1.5]]], dtype=torch.float64)
    curvature = smoothness * triangle(torch.linspace(0, 1, levels, dtype=torch.float64))[1:-1]
    g = solve_log_response(samples, weights, ev, smooth_basis(curvature), anchor)[0].numpy()
    rows, right = [], []
    for i in range(count):
        for j in range(frames):
            row, z, w = np.zeros(levels + count), float(samples[0, i, j]) * (levels - 1), float(weights[0, i, j])
            row[int(z)], row[int(z) + 1], row[levels + i] = w * (1 - z % 1), w * (z % 1), -w
            rows.append(row)
            right.append(w * float(ev[0, 0, j]))
    for k in range(1, levels - 1):
        row = np.zeros(levels + count)
        row[k - 1 : k + 2] = np.array([1, -2, 1]) * float(curvature[k - 1])
        rows.append(row)
        right.append(0.0)
    fixed = np.zeros(levels + count)
    fixed[anchor] = 1
    expected = lsq_linear(np.array([*rows, fixed]), np.array([*right, 0.0])).x[:levels]
    np.testing.assert_allclose(g, expected, atol=1e-7)


@pytest.mark.parametrize("levels", [64, 256, 1024])
def test_smoothness_means_the_same_for_any_number_of_levels(levels):
    """The roughness of x^2, whose second derivative is 2, on a grid of step h: h^3 times the integral of 4, at 256."""
    x = torch.linspace(0, 1, levels, dtype=torch.float64)
    bend = curvature_of(torch.ones_like(x), 10.0) * (x**2).diff(n=2)
    assert float(bend.square().sum()) == pytest.approx(100 * 4 / 255**3 * (levels - 2) / (levels - 1), rel=1e-9)


def test_smoothness_holds_knots_that_have_no_weight():
    weight = torch.tensor([0.0, 0.0, 0.005, 0.5, 1.0, 0.0])
    density = (5 / 255) ** 1.5
    torch.testing.assert_close(curvature_of(weight, 10.0), 10 * density * torch.tensor([0.01, 0.01, 0.5, 1.0]))


def test_a_batch_is_its_stacks_one_by_one():
    curves = (Gamma(2.2), Gamma(1.8), Sigmoid())
    stacks = torch.stack([form_image(scene(i), EV, curve) for i, curve in enumerate(curves)])
    ev = torch.stack([EV, EV + 1, EV - 0.5])
    batch = calibrate_debevec(stacks, ev)
    assert batch.irradiance.shape == (3, 3, 256)
    for i in range(3):
        single = calibrate_debevec(stacks[i], ev[i]).irradiance
        torch.testing.assert_close(batch.irradiance[i], single, atol=2e-4, rtol=1e-3)


def test_order_and_anchor_do_not_matter_and_the_ends_are_fixed():
    stack = form_image(scene(), EV, Gamma())
    table = calibrate_debevec(stack, EV).irradiance
    assert (table[:, 0] == 0).all()
    assert (table[:, -1] == 1).all()
    assert (table.diff(dim=-1) >= 0).all()
    torch.testing.assert_close(calibrate_debevec(stack.flip(0), EV.flip(0)).irradiance, table, atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(calibrate_debevec(stack, EV, anchor=0.25).irradiance, table, atol=1e-6, rtol=1e-3)


@pytest.mark.parametrize(("bits", "levels"), [(10, 1024), (16, 256), (16, 512)])
def test_more_than_eight_bits(bits, levels):
    truth = Gamma(2.2)
    response = calibrate_debevec(form_image(scene(), EV, truth, bits), EV, levels=levels)
    z = torch.linspace(0.05, 0.95, 200)
    error = response.inverse(z.expand(3, 1, 200)).log() - truth.inverse(z).log()
    assert float((error - error.median(-1, keepdim=True).values).square().mean().sqrt()) < 0.02


@pytest.mark.parametrize("sampling", [HistogramSampling(9, 64), PixelGrid(16)], ids=["histogram", "grid"])
def test_gradcheck_through_solve_and_lookup(sampling):
    """Pixels off the knots, levels few: the curve that the pixels shape is applied to the pixels themselves."""
    ev = torch.tensor([-1.0, 0.5, 1.5], dtype=torch.float64)
    stack = form_image(scene(3, 4).double()[:1].expand(3, 4, 4) * 0.8, ev, Gamma(), bits=None)
    stack = (0.9 * stack + 0.03 + 0.02 * torch.rand(stack.shape, dtype=torch.float64)).requires_grad_()

    def decoded(pixels):
        return calibrate_debevec(pixels, ev, levels=12, sampling=sampling).inverse(pixels)

    assert torch.autograd.gradcheck(decoded, stack, eps=1e-7, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_autocast_changes_nothing(dtype):
    stack = form_image(scene(), EV, Gamma())
    expected = calibrate_debevec(stack, EV).irradiance
    with torch.autocast("cpu", dtype=dtype):
        torch.testing.assert_close(calibrate_debevec(stack, EV).irradiance, expected)
    assert calibrate_debevec(stack.to(dtype), EV).irradiance.dtype == torch.float32


@pytest.mark.parametrize(
    ("stack", "ev", "message"),
    [
        (torch.rand(1, 3, 8, 8), [0.0], "found one"),
        (torch.rand(3, 3, 8, 8), [0.0, 1.0, 0.0], "frames 0 and 2 of stack 0"),
        (torch.ones(2, 3, 8, 8), [0.0, 1.0], "every pixel is clipped"),
        (torch.stack([torch.zeros(3, 8, 8), torch.rand(3, 8, 8)]), [0.0, 9.0], "no pixel is well exposed in two"),
        (torch.rand(2, 3, 8, 8), [0.0], "a finite EV for each of 2 frames"),
        (torch.rand(2, 3, 8, 8), [0.0, float("nan")], "a finite EV"),
    ],
)
def test_degenerate_stacks_say_which(stack, ev, message):
    with pytest.raises(InputError, match=message):
        calibrate_debevec(stack, torch.tensor(ev))


def test_the_degenerate_channel_of_a_batch_is_named():
    stack = torch.rand(2, 3, 3, 8, 8)
    stack[1, :, 2] = 1
    with pytest.raises(InputError, match="stack 1, channel 2"):
        calibrate_debevec(stack, torch.tensor([-1.0, 0.0, 1.0]))


def test_samples_are_quantiles_of_each_exposure():
    """By Hazen's rule, whose quantile of (n + 1/2) / N lies between the two nearest values of the grid's."""
    stack = torch.rand(1, 2, 3, 8, 8, dtype=torch.float64)
    shares = (np.arange(10) + 0.5) / 10
    expected = np.quantile(stack.flatten(-2).numpy(), shares, axis=-1, method="hazen")
    found = HistogramSampling(10, 64)(stack)
    np.testing.assert_allclose(found[0].numpy(), expected[:, 0].transpose(2, 0, 1), atol=2e-5)


@pytest.mark.parametrize("count", [1 << 16, (1 << 16) + 1])
def test_pixels_are_put_in_order_however_many(count):
    values = torch.rand(2, count, generator=torch.Generator().manual_seed(0))
    ordered = values.gather(-1, _rank(values))
    torch.testing.assert_close(ordered, values.sort(-1).values, atol=1 / 65535, rtol=0)
