import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrgen.camera import SRGB, Gamma, Sigmoid, calibrate_debevec, form_image
from hdrgen.camera.estimated import EstimatedResponse
from hdrgen.errors import InputError
from hdrgen.fusion import debevec_hat, gaussian, merge_debevec, merge_linear, merge_robertson, sensor_noise, triangle
from hdrgen.fusion.frames import Coded

EV = torch.tensor([-3.0, -1.0, 1.0, 3.0])
MERGES = [merge_debevec, merge_linear, merge_robertson]
WEIGHTS = [triangle, debevec_hat, gaussian, sensor_noise]


def scene(*shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return (torch.rand(*shape, generator=generator) * 9 - 6.5).exp2()


@pytest.mark.parametrize("merge", MERGES)
@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("response", [Gamma(2.2), SRGB(), Sigmoid()], ids=repr)
def test_returns_the_scene_at_its_absolute_scale(merge, weight, response):
    radiance = scene(2, 3, 16, 16)
    exact = merge(form_image(radiance, EV, response, bits=None), EV, response, weight=weight)
    torch.testing.assert_close(exact, radiance, rtol=1e-3, atol=0)
    coded = merge(form_image(radiance, EV, response), EV, response, weight=weight)
    torch.testing.assert_close(coded, radiance, rtol=0.1, atol=0)


@pytest.mark.parametrize("merge", MERGES)
def test_any_batch_shape_any_order_and_inputs_untouched(merge):
    radiance = scene(2, 2, 3, 5, 6)
    stack = form_image(radiance, EV, SRGB())
    before = stack.clone()
    merged = merge(stack, EV, SRGB())
    assert merged.shape == radiance.shape
    assert torch.equal(stack, before)
    torch.testing.assert_close(merge(stack[1, 0], EV, SRGB()), merged[1, 0])
    shuffle = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(merge(stack[:, :, shuffle], EV[shuffle], SRGB()), merged)
    each = torch.stack([EV, EV[shuffle]])
    mixed = torch.stack([stack[0, 0], stack[1, 0][shuffle]])
    torch.testing.assert_close(merge(mixed, each, SRGB()), torch.stack([merged[0, 0], merged[1, 0]]))


def test_debevec_agrees_with_opencv_where_everything_is_well_exposed():
    generator = torch.Generator().manual_seed(1)
    stack = (torch.rand(4, 1, 24, 24, generator=generator) * 0.8 + 0.1).mul(255).round().expand(4, 3, 24, 24) / 255
    images = [np.ascontiguousarray(f) for f in (stack * 255).round().byte().permute(0, 2, 3, 1).numpy()]
    table = np.repeat(Gamma(2.2).inverse(torch.arange(256) / 255).clamp_min(1e-9).numpy()[:, None, None], 3, axis=2)
    # OpenCV averages weights over the channels, so the comparison is grey.
    # The ends of a stack keep their weight here; two frames that clip everywhere take these ends out of the comparison.
    theirs = cv2.createMergeDebevec().process(images, EV.exp2().numpy(), table)
    framed = torch.cat([torch.zeros(1, 3, 24, 24), stack, torch.ones(1, 3, 24, 24)])
    ours = merge_debevec(framed, torch.cat([EV[:1] - 2, EV, EV[-1:] + 2]), Gamma(2.2), weight=opencv_weight)
    ratio = ours.permute(1, 2, 0) / torch.from_numpy(theirs)
    assert float(ratio.log().std()) < 0.02


def test_robertson_agrees_with_opencv():
    generator = torch.Generator().manual_seed(1)
    stack = (torch.rand(4, 3, 24, 24, generator=generator) * 0.8 + 0.1).mul(255).round() / 255
    # Frames that clip everywhere have no weight, and are the ends of the stack, which would keep theirs.
    framed = torch.cat([torch.zeros(1, 3, 24, 24), stack, torch.ones(1, 3, 24, 24)])
    ev = torch.cat([EV[:1] - 2, EV, EV[-1:] + 2])
    images = [np.ascontiguousarray(f) for f in (framed * 255).round().byte().permute(0, 2, 3, 1).numpy()]
    table = np.repeat(Gamma(2.2).inverse(torch.arange(256) / 255).numpy()[:, None, None], 3, axis=2)
    theirs = torch.from_numpy(cv2.createMergeRobertson().process(images, ev.exp2().numpy(), table))
    ours = merge_robertson(framed, ev, Gamma(2.2)).permute(1, 2, 0)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=0)


def opencv_weight(display: torch.Tensor) -> torch.Tensor:
    """OpenCV's triangle counts codes from 1, except at the clip levels."""
    code = display * 255
    return torch.where((code > 0) & (code < 255), torch.minimum(code + 1, 256 - code), torch.zeros_like(code))


@pytest.mark.parametrize("merge", MERGES)
def test_linear_merge_and_log_merge_against_the_formula(merge):
    generator = torch.Generator().manual_seed(2)
    stack = torch.rand(4, 3, 8, 8, generator=generator, dtype=torch.float64) * 0.9 + 0.05
    times = EV.double().exp2()[:, None, None, None]
    weights = triangle(stack)
    weights[0] = triangle(stack[0].clamp(max=0.5))
    weights[-1] = triangle(stack[-1].clamp(min=0.5))
    values = stack**2.2 / times
    if merge is merge_debevec:
        expected = ((weights * values.log()).sum(0) / weights.sum(0)).exp()
    elif merge is merge_linear:
        expected = (weights * values).sum(0) / weights.sum(0)
    else:
        expected = (weights * times * stack**2.2).sum(0) / (weights * times**2).sum(0)
    torch.testing.assert_close(merge(stack, EV.double(), Gamma(2.2), weight=triangle), expected)


def test_weights_unless_told_otherwise():
    """Two frames that clip everywhere take the ends of the stack, whose weight is held, out of the comparison."""
    inner = torch.rand(3, 3, 8, 8, dtype=torch.float64) * 0.96 + 0.02
    stack = torch.cat([torch.zeros_like(inner[:1]), inner, torch.ones_like(inner[:1])])
    ev = torch.tensor([-9.0, -3.0, 0.0, 2.0, 9.0], dtype=torch.float64)
    radiance = inner**2.2 / ev[1:-1].exp2()[:, None, None, None]
    hat = torch.minimum(inner - 0.01, 0.99 - inner) / 0.49
    torch.testing.assert_close(merge_linear(stack, ev, Gamma()), (hat * radiance).sum(0) / hat.sum(0))
    noise = sensor_noise(inner)
    expected = ((noise * radiance.log()).sum(0) / noise.sum(0)).exp()
    torch.testing.assert_close(merge_debevec(stack, ev, Gamma()), expected)


@pytest.mark.parametrize("merge", MERGES)
@pytest.mark.parametrize("weight", WEIGHTS)
def test_clipped_pixels(merge, weight):
    """White everywhere, black everywhere, and black below white above: finite, neutral, from the frames that know."""
    stack = torch.tensor([[1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 1.0, 1.0], [1.0, 0.0, 1.0, 1.0]])
    merged = merge(stack[:, None, None].expand(4, 3, 1, 4), EV, SRGB(), weight=weight)
    assert torch.isfinite(merged).all()
    assert torch.equal(merged[0], merged[1])
    assert torch.equal(merged[0], merged[2])
    torch.testing.assert_close(merged[0, 0, [0, 2, 3]], torch.tensor([8.0, 0.5, 2.0]))
    assert float(merged[0, 0, 1]) < 1e-8


@pytest.mark.parametrize("merge", MERGES)
def test_a_highlight_keeps_the_hue_of_the_shortest_exposure(merge):
    """Green clips in every frame, red and blue do not: never less green than the neighbours, so no magenta."""
    radiance = torch.tensor([7.0, 30.0, 6.0]).view(3, 1, 1)
    merged = merge(form_image(radiance, EV, SRGB(), bits=None), EV, SRGB()).flatten()
    torch.testing.assert_close(merged, torch.tensor([7.0, 8.0, 6.0]), rtol=1e-4, atol=0)
    estimated = calibrate_debevec(form_image(scene(3, 64, 64), EV, Gamma(2.2)), EV)
    white = merge(torch.ones(4, 3, 2, 2), EV, estimated)
    torch.testing.assert_close(white, torch.full((3, 2, 2), 8.0))


@settings(max_examples=50)
@given(st.lists(st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3), min_size=1, max_size=5))
def test_never_nan_or_infinite(frames):
    stack = torch.tensor(frames).view(-1, 3, 1, 1).requires_grad_()
    for merge in MERGES:
        merged = merge(stack, torch.arange(len(frames)).float(), Sigmoid())
        (gradient,) = torch.autograd.grad(merged.sum(), stack)
        assert torch.isfinite(merged).all()
        assert (merged >= 0).all()
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("merge", MERGES)
def test_gradcheck(merge):
    stack = (form_image(scene(3, 2, 2).double(), EV.double(), Gamma(), bits=None) * 0.9 + 0.04).requires_grad_()
    assert torch.autograd.gradcheck(lambda pixels: merge(pixels, EV.double(), Gamma(), weight=gaussian), stack)


@pytest.mark.parametrize("merge", MERGES)
def test_gradient_through_calibration_and_merge(merge):
    """One step along the gradient of an HDR loss lowers it: the layer can train a network that makes stacks."""
    radiance, ev = scene(3, 12, 12).double(), EV.double()
    target = radiance.log()
    stack = (form_image(radiance, ev, Gamma(), bits=None) ** 1.1 * 0.96 + 0.02).requires_grad_()

    def loss(pixels):
        return (merge(pixels, ev, calibrate_debevec(pixels, ev, levels=32)).log() - target).square().mean()

    (gradient,) = torch.autograd.grad(loss(stack), stack)
    assert torch.isfinite(gradient).all()
    assert loss(stack - 1e-3 * gradient / gradient.abs().max()) < loss(stack)


@pytest.mark.parametrize("merge", MERGES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_merges_in_float32(merge, dtype):
    stack = form_image(scene(3, 8, 8), EV, SRGB()).to(dtype)
    expected = merge(stack.float(), EV, SRGB())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        merged = merge(stack, EV, SRGB())
    assert merged.dtype == torch.float32
    torch.testing.assert_close(merged, expected)


@pytest.mark.parametrize("merge", MERGES)
@pytest.mark.parametrize(
    ("ev", "message"), [(torch.zeros(3), "one EV per frame"), (torch.tensor([0.0, 1, 2, torch.nan]), "finite EVs")]
)
def test_errors(merge, ev, message):
    with pytest.raises(InputError, match=message):
        merge(torch.rand(4, 3, 2, 2), ev, SRGB())


@pytest.mark.parametrize("merge", MERGES)
@pytest.mark.parametrize("weight", WEIGHTS)
def test_eight_bit_frames_by_table_are_the_pixels_one_by_one(merge, weight):
    """A gradient on the stack leaves the table aside: same radiance, and same gradient of the response."""
    stack = form_image(scene(2, 3, 40, 40), EV, Gamma())
    table = torch.stack([torch.linspace(0, 1, 256) ** p for p in (1.8, 2.0, 2.2)]).expand(2, 3, 256)

    def radiance_and_gradient(pixels):
        knots = table.clone().requires_grad_()
        merged = merge(pixels, EV, EstimatedResponse(knots), weight=weight)
        return merged.detach(), torch.autograd.grad(merged.sum(), knots)[0]

    torch.testing.assert_close(
        radiance_and_gradient(stack), radiance_and_gradient(stack.clone().requires_grad_()), rtol=1e-4, atol=1e-3
    )


def test_noise_in_black_frames_does_not_outweigh_the_frame_that_shows_the_pixel():
    """Six frames too short to show a dark pixel hold nothing but read noise, rounded to codes 0 and 1."""
    ev = torch.arange(-6.0, 1.0)
    response = Gamma(2.2)
    truth = torch.full((3, 64, 64), float(response.inverse(torch.tensor(20 / 255))))
    stack = form_image(truth, ev, response)
    generator = torch.Generator().manual_seed(0)
    black = stack[:4].shape
    stack[:4] = torch.bernoulli(torch.full(black, 0.3), generator=generator) / 255
    torch.testing.assert_close(merge_debevec(stack, ev, response), truth, rtol=0.1, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_codes_stand_for_display_values_of_the_type_of_their_frame(dtype):
    frame = (torch.randint(0, 256, (3, 40, 40)) / 255).to(dtype)
    frame = (frame * 255).round() / 255
    coded = Coded.of(frame)
    assert coded is not None
    levels = coded.levels(frame)
    assert levels.dtype == dtype
    assert torch.equal(coded.look_up(levels), frame)
    assert Coded.of(frame + 1e-4) is None
    assert Coded.of(frame[..., :25]) is None, "too small to be worth a table"
