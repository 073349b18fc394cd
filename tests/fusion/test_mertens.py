import weakref

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrgen.camera import SRGB, form_image
from hdrgen.data import procedural_radiance
from hdrgen.errors import InputError
from hdrgen.fusion import Mertens, merge_mertens
from hdrgen.fusion.mertens import _weights, fuse
from hdrgen.fusion.pyramid import pyramid_down, pyramid_up

EV = torch.tensor([-3.0, 0.0, 3.0])


def noise(*shape: int) -> torch.Tensor:
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(0)) / 255


def scene(size: int) -> torch.Tensor:
    return form_image(procedural_radiance(size, torch.Generator().manual_seed(0)), EV, SRGB())


def opencvs(stack: torch.Tensor, *exponents: float) -> np.ndarray:
    frames = [np.round(frame.permute(1, 2, 0).numpy() * 255).astype(np.uint8) for frame in stack]
    return cv2.createMergeMertens(*exponents).process(frames).clip(0, 1)


@pytest.mark.parametrize("size", [(64, 48), (31, 77), (17, 64), (1, 9), (2, 2), (3, 5), (65, 20), (259, 130)])
@pytest.mark.parametrize("exponents", [(1, 1, 0), (1, 1, 1), (0.5, 0.7, 1), (0, 0, 1)])
def test_is_opencvs(size, exponents):
    stack = noise(4, 3, *size)
    contrast, saturation, exposure = exponents
    ours = merge_mertens(stack, contrast=contrast, saturation=saturation, exposure=exposure)
    np.testing.assert_allclose(ours.permute(1, 2, 0), opencvs(stack, *exponents), atol=1e-4, rtol=0)


def test_differs_from_opencvs_only_where_no_frame_has_contrast():
    stack = scene(128)
    difference = np.abs(merge_mertens(stack).permute(1, 2, 0).numpy() - opencvs(stack, 1, 1, 1)).max(-1)
    # There OpenCV's rounding errors of 1e-9 choose the frame; the finest levels carry them to the neighbours.
    undecided = (_weights(stack, 1, 1, 1).amax((0, 1)) < 1e-8).float()
    near = torch.nn.functional.max_pool2d(undecided[None], 17, 1, 8)[0].bool().numpy()
    assert 0 < near.mean() < 1
    assert difference[~near].max() < 1 / 255
    assert np.quantile(difference, 0.99) < 1 / 255


@pytest.mark.parametrize("pixels", [10, 100, 2**18])
@pytest.mark.parametrize("size", [(9, 12), (8, 7), (1, 2), (2, 1), (1, 1), *((height, 5) for height in range(36, 44))])
def test_pyramid_steps_are_opencvs(size, pixels, monkeypatch):
    monkeypatch.setattr("hdrgen.tiling.strips.PIXELS", pixels)
    image = noise(*size)
    coarser = pyramid_down(image)
    np.testing.assert_allclose(coarser, cv2.pyrDown(image.numpy()).reshape(coarser.shape), atol=1e-6)
    finer = cv2.pyrUp(coarser.numpy(), dstsize=size[::-1]).reshape(size)
    np.testing.assert_allclose(pyramid_up(coarser, size), finer, atol=1e-6)


@settings(max_examples=25)
@given(st.integers(1, 3), st.integers(1, 12), st.integers(1, 12), st.floats(0, 3), st.floats(0, 3), st.floats(0, 3))
def test_any_size_stays_in_range_and_one_frame_is_returned(count, height, width, contrast, saturation, exposure):
    stack = noise(count, 3, height, width)
    fused = Mertens(contrast, saturation, exposure)(stack)
    assert fused.shape == (3, height, width)
    assert ((fused >= 0) & (fused <= 1)).all()
    alone = merge_mertens(stack[:1], contrast=contrast, saturation=saturation, exposure=exposure)
    torch.testing.assert_close(alone, stack[0], atol=1e-5, rtol=0)


def test_batches_are_singles_and_order_does_not_matter():
    stacks = noise(2, 2, 3, 3, 20, 24)
    fused = merge_mertens(stacks)
    torch.testing.assert_close(merge_mertens(stacks[1, 0]), fused[1, 0])
    torch.testing.assert_close(merge_mertens(stacks.flip(-4)), fused, atol=1e-5, rtol=0)


def test_frames_made_when_asked_for_are_fused_alike_and_not_kept():
    stack = noise(5, 3, 20, 24)
    alive: weakref.WeakSet[torch.Tensor] = weakref.WeakSet()
    most = 0

    def frames():
        nonlocal most
        for frame in stack:
            made = frame.clone()
            alive.add(made)
            most = max(most, len(alive))
            yield made
            del made

    torch.testing.assert_close(fuse(frames, 1, 1, 1), merge_mertens(stack), atol=0, rtol=0)
    assert most <= 2


def test_gradients_pass_the_borders_of_strips(monkeypatch):
    # In float32, rounding alone moves gradients of up to 10 by 1e-5, which hides a small fault at a border.
    stack = torch.rand(3, 3, 150, 6, dtype=torch.float64, requires_grad=True)
    weight = torch.rand(3, 150, 6, dtype=torch.float64)
    wanted = torch.autograd.grad((merge_mertens(stack) * weight).sum(), stack)[0]
    monkeypatch.setattr("hdrgen.tiling.strips.PIXELS", 100)
    found = torch.autograd.grad((merge_mertens(stack) * weight).sum(), stack)[0]
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-12)


def test_gradients_are_right_and_finite_where_nothing_is_to_be_seen():
    stack = (noise(2, 3, 4, 5).double() * 0.8 + 0.1).requires_grad_()
    assert torch.autograd.gradcheck(merge_mertens, stack)
    dull = torch.cat([torch.zeros(1, 3, 8, 8), torch.full((1, 3, 8, 8), 0.5), torch.ones(1, 3, 8, 8)]).requires_grad_()
    (gradient,) = torch.autograd.grad(merge_mertens(dull).sum(), dull)
    assert torch.isfinite(gradient).all()


def test_half_precision_computes_in_float32():
    stack = noise(3, 3, 16, 16).half()
    torch.testing.assert_close(merge_mertens(stack), merge_mertens(stack.float()))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Mertens(contrast=-1), "contrast exponent of 0 or more, found -1"),
        (lambda: merge_mertens(noise(2, 3, 4, 4), exposure=float("nan")), "exposure exponent"),
        (lambda: merge_mertens(noise(3, 4, 4)), "expected a stack"),
        (lambda: merge_mertens(noise(2, 1, 4, 4)), "expected a stack"),
    ],
)
def test_complains(call, message):
    with pytest.raises(InputError, match=message):
        call()


def weights_by_definition(frame, contrast, saturation, exposure):
    """Whole, and in the order of the paper's factors: (3, H, W) to (H, W)."""
    red, green, blue = frame
    framed = np.pad(0.299 * red + 0.587 * green + 0.114 * blue, 1, mode="reflect")
    inner = framed[1:-1, 1:-1]
    laplacian = framed[:-2, 1:-1] + framed[1:-1, :-2] - 4 * inner + framed[1:-1, 2:] + framed[2:, 1:-1]
    weight = torch.from_numpy(np.abs(laplacian)) ** contrast
    spread = ((red - green).square() + (green - blue).square() + (blue - red).square()) / 3
    torch.testing.assert_close(spread, (frame - frame.mean(0)).square().sum(0))
    weight = weight * spread ** (saturation / 2)
    return weight * (-(frame - 0.5).square().sum(0) * (exposure / (2 * 0.2**2))).exp() + 1e-12


@pytest.mark.parametrize("exponents", [(1, 1, 1), (0.5, 0.7, 2), (2, 2, 0.3), (0, 0, 0)])
def test_weights_are_those_of_the_definition_to_the_last_bit(exponents, monkeypatch):
    monkeypatch.setattr("hdrgen.tiling.strips.PIXELS", 100)
    frame = noise(3, 41, 30)
    assert torch.equal(_weights(frame, *exponents)[0], weights_by_definition(frame, *exponents))


@pytest.mark.parametrize("kept", [0, 41 * 30 * 4, 2 * 41 * 30 * 4])
def test_weights_that_are_worked_out_again_are_the_same(kept, monkeypatch):
    stack = noise(3, 3, 41, 30)
    fused = merge_mertens(stack)
    before = stack.clone()
    monkeypatch.setattr("hdrgen.fusion.mertens.KEPT", kept)
    assert torch.equal(merge_mertens(stack), fused)
    assert torch.equal(stack, before)


@pytest.mark.parametrize("level", [0.003, 0.02, 0.2])
def test_of_grey_no_rounding_chooses_the_frame(level):
    """Grey has no saturation: every frame counts the same, in float32 as in double precision."""
    texture = np.random.default_rng(0).uniform(0.9, 1.1, (1, 64, 64)) * level * np.ones((3, 1, 1))
    stack = np.stack([texture, texture * 1.5, texture * 4]).clip(0, 1)
    single = merge_mertens(stack.astype(np.float32))
    np.testing.assert_allclose(single, merge_mertens(stack.astype(np.float32).astype(float)), atol=1e-5)
    np.testing.assert_allclose(single, stack.mean(0), atol=1e-5)
