"""Constants that an operator makes are on the device and of the type of its input, though the defaults be others."""

import functools
from collections.abc import Callable

import pytest
import torch

from hdrgen.camera import (
    SRGB,
    Gamma,
    HistogramSampling,
    Sigmoid,
    TabulatedResponse,
    calibrate_debevec,
    calibrate_robertson,
    form_image,
    over_exposed_mask,
    response_residual,
    under_exposed_mask,
    well_exposed_mask,
)
from hdrgen.fusion import debevec_hat, gaussian, merge_debevec, merge_linear, merge_mertens, merge_robertson, triangle
from hdrgen.metrics import all_metrics
from hdrgen.nn import ChannelAttention, ConvGRU, SwinLayer, UNet, enlarge
from hdrgen.tiling import Tiling, group_norm

GENERATOR = torch.Generator().manual_seed(0)
EV = torch.tensor([-2.0, 0.0, 2.0])
RADIANCE = (torch.rand(2, 3, 24, 28, generator=GENERATOR) * 9 - 6.5).exp2()
DISPLAY = RADIANCE.clamp(0, 1)
STACK = form_image(RADIANCE, EV, SRGB())
KNOTS = torch.linspace(0, 1, 9)
RESPONSES = [Gamma(2.2), SRGB(), Sigmoid(), TabulatedResponse(KNOTS, KNOTS.sqrt())]
FEATURES = torch.randn(1, 16, 16, 16, generator=GENERATOR)
LARGE = torch.rand(1, 3, 176, 176, generator=GENERATOR)  # ms_ssim needs it
MAKERS: dict[str, Callable[[], torch.nn.Module]] = {
    "ChannelAttention": lambda: ChannelAttention(16),
    "ConvGRU": lambda: ConvGRU(16),
    "SwinLayer": lambda: SwinLayer(16, window=4),
    "UNet": lambda: UNet(16, (8, 16)),
}
METRICS = {name: kind for name, kind in all_metrics().items() if name not in ("cvvdp", "lpips")}


@functools.cache
def made(name: str) -> torch.nn.Module:
    """Layers and metrics are made once, on the device that they are to stay on."""
    return (MAKERS | METRICS)[name]()


def measured(name: str) -> list[torch.Tensor]:
    image = LARGE if name == "ms_ssim" else LARGE[..., :24, :28]
    target = (0.98 * image + 0.01).flip(-1)
    if made(name).domain != "display":
        image, target = 100**image, 100**target
    return list(made(name).measure(image, target).values())


CASES: dict[str, Callable[[], object]] = {
    **{f"{response!r}": lambda response=response: response(DISPLAY) for response in RESPONSES},
    **{f"{response!r}.inverse": lambda response=response: response.inverse(DISPLAY) for response in RESPONSES},
    **{
        f"form_image {response!r}": lambda response=response: form_image(RADIANCE, EV, response)
        for response in RESPONSES
    },
    **{
        f"{merge.__name__} {weight.__name__}": lambda merge=merge, weight=weight: merge(
            STACK, EV, SRGB(), weight=weight
        )
        for merge in (merge_debevec, merge_linear, merge_robertson)
        for weight in (triangle, debevec_hat, gaussian)
    },
    "merge_debevec": lambda: merge_debevec(STACK, EV, RESPONSES[-1]),
    "merge_mertens": lambda: merge_mertens(STACK),
    "calibrate_debevec": lambda: calibrate_debevec(STACK, EV, levels=16).brightness,
    "calibrate_robertson": lambda: calibrate_robertson(STACK, EV, levels=16, iterations=2).brightness,
    "response_residual": lambda: response_residual(STACK[0], EV, SRGB()),
    "HistogramSampling": lambda: HistogramSampling(8)(STACK),
    **{
        mask.__name__: lambda mask=mask: mask(DISPLAY)
        for mask in (over_exposed_mask, under_exposed_mask, well_exposed_mask)
    },
    **{name: lambda name=name: made(name)(FEATURES) for name in MAKERS},
    "enlarge": lambda: enlarge(FEATURES, (32, 32)),
    "group_norm": lambda: group_norm(FEATURES, 4),
    "Tiling": lambda: Tiling(overlap=2).apply(lambda tile: 2 * tile, FEATURES, 8),
    **{name: lambda name=name: measured(name) for name in METRICS},
}


def tensors(result: object) -> list[torch.Tensor]:
    return [torch.as_tensor(part) for part in (result if isinstance(result, (list, tuple)) else [result])]


@pytest.mark.parametrize("name", CASES)
def test_an_operator_uses_no_device_but_that_of_its_input(name):
    """On a machine without a GPU: `meta`, the default device here, stands for a second device, which holds nothing."""
    expected = tensors(CASES[name]())
    with torch.device("meta"):
        found = CASES[name]()
    torch.testing.assert_close(tensors(found), expected)


@pytest.mark.parametrize("name", CASES)
def test_an_operator_uses_no_type_but_that_of_its_input(name):
    expected = tensors(CASES[name]())
    torch.set_default_dtype(torch.float64)
    try:
        found = CASES[name]()
    finally:
        torch.set_default_dtype(torch.float32)
    torch.testing.assert_close(tensors(found), expected, rtol=1e-4, atol=1e-5)
