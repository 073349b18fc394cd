"""What every operator has to hold to."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrgen.tonemap import Drago2003, KimKautz2008, LayerDecomposition, MuLaw, Reinhard2002, Reinhard2005

OPERATORS = [
    Drago2003(),
    Drago2003(bias=0.7, saturation=0.6, gamma=1),
    KimKautz2008(),
    KimKautz2008(c1=10, c2=0.2, clip=0),
    LayerDecomposition(),
    MuLaw(white=None),
    MuLaw(mu=500, white=5.0),
    Reinhard2002(),
    Reinhard2002(local=True),
    Reinhard2005(),
    Reinhard2005(intensity=1, chromatic=0.6, light=0.4, gamma=2.2),
]
GLOBAL = [
    Drago2003(),
    Drago2003(bias=0.9),
    KimKautz2008(),
    MuLaw(white=None),
    Reinhard2002(),
    Reinhard2005(),
    Reinhard2005(light=0, gamma=2.2),
]
operators = pytest.mark.parametrize("operator", OPERATORS, ids=repr)


def photograph(*shape: int) -> torch.Tensor:
    return (torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * 2).exp()


@operators
def test_every_image_of_a_batch_by_itself(operator):
    images = photograph(2, 2, 3, 20, 24)
    mapped = operator(images)
    assert mapped.shape == images.shape
    assert ((mapped >= 0) & (mapped <= 1)).all()
    torch.testing.assert_close(operator(images[1, 0]), mapped[1, 0], atol=1e-4, rtol=0)


@operators
def test_strips_leave_no_trace_in_pictures_and_gradients(operator, monkeypatch):
    """A photograph of many strips is mapped as one of a single strip is, and hangs on each pixel in the same way."""
    made = []
    for pixels in (2**18, 64):
        monkeypatch.setattr("hdrgen.tiling.strips.PIXELS", pixels)
        image = photograph(3, 31, 24).double().requires_grad_()
        mapped = operator(image)
        mapped.square().sum().backward()
        with torch.no_grad():
            torch.testing.assert_close(operator(image), mapped)
        made.append((mapped.detach(), image.grad))
    torch.testing.assert_close(made[1], made[0])


@operators
def test_the_radiance_itself_is_left_alone(operator):
    image = photograph(3, 20, 24)
    before = image.clone()
    operator(image)
    assert torch.equal(image, before)


@operators
def test_black_constant_and_single_hot_pixel(operator):
    assert (operator(torch.zeros(3, 8, 8)) == 0).all()
    grey = operator(torch.full((3, 8, 8), 4.0))
    assert ((grey > 0.25) & (grey <= 1)).all()
    torch.testing.assert_close(grey, grey[:1, :1, :1].expand_as(grey))
    hot = torch.full((3, 8, 8), 0.1)
    hot[:, 4, 4] = 1e4
    assert torch.isfinite(operator(hot)).all()
    assert operator(hot)[0, 4, 4] > operator(hot)[0, 0, 0]


@operators
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_are_finite_also_at_black_and_extreme_pixels(operator, dtype):
    for image in (photograph(3, 8, 8).to(dtype), torch.zeros(3, 8, 8, dtype=dtype), torch.ones(3, 8, 8, dtype=dtype)):
        image[..., :2] = 0
        image[0, :, 3] = 0
        image[:, 5, 5] = 6e4
        image.requires_grad_()
        (gradient,) = torch.autograd.grad(operator(image).sum(), image)
        assert torch.isfinite(gradient).all()
    black = torch.zeros(3, 8, 8, dtype=dtype, requires_grad=True)
    assert torch.isfinite(torch.autograd.grad(operator(black).sum(), black)[0]).all()


@operators
def test_gradcheck(operator):
    image = (photograph(3, 5, 5).double() + 0.05).requires_grad_()
    assert torch.autograd.gradcheck(operator, image, eps=1e-7, atol=1e-3, nondet_tol=1e-9, fast_mode=True)


@operators
def test_half_precision_computes_in_float32(operator):
    half = photograph(3, 16, 16).half()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mapped = operator(half)
    assert mapped.dtype == torch.float32
    torch.testing.assert_close(mapped, operator(half.float()), atol=1e-5, rtol=0)


@operators
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (2, 2), (5, 3)])
def test_any_size(operator, size):
    mapped = operator(photograph(3, *size))
    assert ((mapped >= 0) & (mapped <= 1)).all()


@pytest.mark.parametrize("operator", [o for o in OPERATORS if o.adapts or o == MuLaw(white=None)], ids=repr)
@pytest.mark.parametrize("scale", [1e-3, 1e4])
def test_scale_does_not_matter_to_those_that_adapt(operator, scale):
    image = photograph(3, 24, 24)
    torch.testing.assert_close(operator(image * scale), operator(image), atol=1e-4, rtol=0)


@settings(max_examples=30)
@given(st.sampled_from(GLOBAL), st.integers(0, 1000), st.floats(0.2, 4))
def test_global_operators_never_darken_what_is_brighter(operator, seed, spread):
    luminance = (torch.randn(144, generator=torch.Generator().manual_seed(seed)) * spread).exp().sort().values
    mapped = operator(luminance.view(1, 12, 12).expand(3, 12, 12)).flatten(1)
    assert (mapped.diff() >= -1e-6).all()
    torch.testing.assert_close(mapped[0], mapped[2])  # grey stays grey


@pytest.mark.parametrize(
    "operator", [Drago2003(gamma=1), KimKautz2008(gamma=1), LayerDecomposition(), Reinhard2002()], ids=repr
)
def test_hue_stays(operator):
    image = (photograph(1, 16, 16) * torch.tensor([0.9, 0.6, 0.5]).view(3, 1, 1)).contiguous()
    image[:, 0, 0] = 0  # so that stretching takes nothing off
    mapped = operator(image)
    if isinstance(operator, Reinhard2002):
        mapped = torch.where(mapped <= 0.04045, mapped / 12.92, ((mapped + 0.055) / 1.055) ** 2.4)
    inside = ((mapped > 1e-3) & (mapped < 1)).all(0)
    red, green, blue = mapped[:, inside]
    # In HSV's plane: where green lies between red and blue.
    torch.testing.assert_close((green - blue) / (red - blue), torch.full_like(red, 0.25), atol=1e-3, rtol=0)
    assert inside.float().mean() > 0.5


def test_layer_decomposition_is_absolute():
    image = photograph(3, 16, 16) * 1e-3
    assert (LayerDecomposition()(image * 100) - LayerDecomposition()(image)).abs().max() > 0.02


@pytest.mark.parametrize("operator", [Drago2003(), Reinhard2005(), Reinhard2005(gamma=1, light=1)], ids=repr)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_float32_is_within_rounding_of_float64_in_any_layout(operator, layout):
    """Also of an image whose contrast is a small part of its values, where luma before stretching would be rounding."""
    for image in (photograph(1, 3, 70, 64), 1000 + photograph(1, 3, 70, 64), 1e-30 * photograph(1, 3, 70, 64)):
        image = image.contiguous(memory_format=layout)
        torch.testing.assert_close(operator(image).double(), operator(image.double()), atol=2e-6, rtol=0)
