"""Numbers with a bound: the last one within is taken, and the first one beyond is refused."""

import math
from collections.abc import Callable

import pytest
import torch

from hdrgen.camera import (
    Gamma,
    PixelGrid,
    Sigmoid,
    TabulatedResponse,
    calibrate_debevec,
    expose,
    quantise,
    relative_ev,
    representative_curves,
)
from hdrgen.data import (
    Augmentation,
    ExposureStackDataModule,
    Motion,
    ProceduralScenes,
    RandomPair,
    RenderedStacks,
    StackCamera,
    ThreeExposures,
    Views,
    optimal_exposures,
)
from hdrgen.data.datasets.photographed import StackOptions
from hdrgen.data.splits import part_of
from hdrgen.errors import InputError
from hdrgen.fusion import Mertens
from hdrgen.io import write_image
from hdrgen.metrics import EvaluationProtocol, hdr_vdp2, ms_ssim, pixels_per_degree, psnr_l, ssim
from hdrgen.metrics.hdr_vdp2 import Observer
from hdrgen.nn import UNet, VGGEncoder
from hdrgen.weights.plain import check_extent

BELOW_ONE, ABOVE_ZERO = math.nextafter(1, 0), math.nextafter(0, 1)
KNOTS = torch.linspace(0, 1, 9)
CURVES = [TabulatedResponse(KNOTS, KNOTS**power) for power in (0.3, 0.5, 0.7)]
STACK = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def images(*size: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.full((1, 3, *size), 0.5), torch.full((1, 3, *size), 0.6)


def knots(count: int) -> TabulatedResponse:
    return TabulatedResponse(torch.linspace(0, 1, count), torch.linspace(0, 1, count))


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


# What takes the number; one within its bound or several; one beyond it or several.
BOUNDS: dict[str, tuple[Callable[..., object], list[object], list[object]]] = {
    "bits of quantise": (lambda n: quantise(STACK, n), [1, 16], [0, 17]),
    "gamma": (Gamma, [ABOVE_ZERO], [0.0, math.nan]),
    "n of Sigmoid": (lambda n: Sigmoid(n, 0.6), [1e-3], [0.0]),
    "sigma of Sigmoid": (lambda sigma: Sigmoid(0.9, sigma), [1e-3], [0.0]),
    "knots of a curve": (knots, [2], [1]),
    "exposures of a camera": (
        lambda ev: StackCamera(evs=ev),
        [(0.0,), (-1.0, -0.9, 0.0)],
        [(), (1.0,), (-1.0, 0.0, 0.0), (-1.0, -1.0, 0.0), (1.0, 0.0)],
    ),
    "astray": (lambda n: StackCamera(astray=n), [0.0, 1.0], [-ABOVE_ZERO, 1.1, math.nan]),
    "astray by": (lambda n: StackCamera(astray_by=n), [0.0, 9.0], [-ABOVE_ZERO, math.nan]),
    "exposed for lights": (lambda n: StackCamera(exposed_for_lights=n), [0.0, 1.0], [-ABOVE_ZERO, 1.1, math.nan]),
    "clipped share": (
        lambda n: StackCamera(clipped=n),
        [(ABOVE_ZERO, 1.0), (0.5, 0.5)],
        [(0.0, 1.0), (0.5, 0.4), (0.5, 1.1)],
    ),
    "representative curves": (lambda n: representative_curves(CURVES, n), [1, 3], [0, 4]),
    "reference": (lambda index: relative_ev(torch.tensor([0.0, 1.0]), index), [-2, 1], [-3, 2]),
    "levels": (
        lambda n: calibrate_debevec(STACK, torch.tensor([0.0, 1.0]), levels=n, sampling=PixelGrid(64)),
        [8],
        [7, 65537],
    ),
    "exponents of Mertens": (lambda n: Mertens(contrast=n)(STACK), [0.0], [-ABOVE_ZERO, math.inf]),
    "quantile of the peak": (
        lambda q: psnr_l(*images(8, 8), peak_quantile=q),
        [1.0, 0.01],
        [0.0, math.nextafter(1, 2)],
    ),
    "side for SSIM": (lambda side: ssim(*images(side, 40)), [11], [10]),
    "side for MS-SSIM": (lambda side: ms_ssim(*images(side, 180)), [176], [175]),
    "side for HDR-VDP": (lambda side: hdr_vdp2(*images(side, 20), 30.0), [8], [7]),
    "pixels per degree": (lambda ppd: hdr_vdp2(*images(9, 9), ppd), [0.5], [0.0, math.inf]),
    "distance to a display": (lambda d: pixels_per_degree(24, (1, 1), d), [0.1], [0]),
    "surround": (lambda light: Observer(surround=light), [0.0, None], [-ABOVE_ZERO]),
    "size of a protocol": (lambda n: EvaluationProtocol(resize=n), [1, (1, 1)], [0, (1, 0)]),
    "luminance of a protocol": (lambda n: EvaluationProtocol(luminance=n), [ABOVE_ZERO], [0.0, math.inf]),
    "exposures of a protocol": (lambda ev: EvaluationProtocol(stack_ev=ev), [(0.0, 1.0)], [(0.0,), (1.0, 1.0)]),
    "levels of a U-Net": (lambda widths: UNet(3, widths), [(1, 1)], [(1,), (0, 1)]),
    "blocks of VGG": (VGGEncoder, [(1,), (1,) * 5], [(), (1,) * 6, (1, 0)]),
    "depth of plain values": (lambda depth: check_extent(nested(depth)), [8], [9]),
    "length of plain texts": (lambda n: check_extent("a" * n), [4096], [4097]),
    "length of plain lists": (lambda n: check_extent([0] * n), [128], [129]),
    "number of plain values": (lambda n: check_extent([[0] * 99] * n), [99], [100]),
    "crop": (Augmentation, [1, None], [0]),
    "batch": (lambda n: ExposureStackDataModule(batch_size=n), [1], [0]),
    "batch in evaluation": (lambda n: ExposureStackDataModule(eval_batch_size=n), [1], [0]),
    "workers": (lambda n: ExposureStackDataModule(num_workers=n), [0], [-1]),
    "procedural scenes": (lambda n: ProceduralScenes(n), [1], [0]),
    "size of procedural scenes": (lambda n: ProceduralScenes(1, n), [16], [15]),
    "things that move": (lambda n: Motion(objects=n), [(0, 0), (2, 2)], [(-1, 0), (2, 1)]),
    "radius of things": (lambda n: Motion(radius=n), [(0.1, 0.1), (ABOVE_ZERO, 1)], [(0.0, 0.1), (0.2, 0.1)]),
    "shake": (lambda n: Motion(shake=n), [0.0, math.nextafter(0.2, 0)], [-ABOVE_ZERO, 0.2]),
    "roll": (lambda n: Motion(roll=n), [0.0, math.nextafter(20, 0)], [-ABOVE_ZERO, 20.0]),
    "fields of view": (
        lambda n: Views(field_of_view=n),
        [(1e-3, 1.0), (60.0, 60.0), (1.0, 169.9)],
        [(0.0, 1.0), (2.0, 1.0), (1.0, 170.0)],
    ),
    "pair of exposures": (lambda n: RandomPair()(torch.arange(n), 0, torch.Generator()), [2], [1]),
    "pair with itself": (lambda n: RandomPair(identity=True)(torch.arange(n), 0, torch.Generator()), [1], [0]),
    "reference of three": (lambda index: ThreeExposures(1)(torch.arange(3.0), index, torch.Generator()), [1], [0, 2]),
    "stack with optimal exposures": (
        lambda n: optimal_exposures(torch.rand(1, n, 3, 4, 4), torch.tensor([0])),
        [2],
        [1],
    ),
    "part of the scenes": (
        lambda part: part_of("abcd", part),
        [(0, 1), (0.5, 1), (0, 0.5)],
        [(-0.1, 1), (0, 1.1), (0.5, 0.5), (0.8, 0.2)],
    ),
    "frames of a stack": (lambda n: StackOptions(frames=n), [1], [0]),
    "largest side of a stack": (lambda n: StackOptions(max_side=n), [1], [0]),
    "square of a stack": (lambda n: StackOptions(square=n), [1], [0]),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_numbers_up_to_their_bound_are_taken_and_those_beyond_refused(name):
    call, within, beyond = BOUNDS[name]
    for number in within:
        call(number)
    for number in beyond:
        with pytest.raises(InputError):
            call(number)


@pytest.mark.parametrize(("quality", "refused"), [(0, True), (1, False), (100, False), (101, True)])
def test_quality_of_a_jpeg(tmp_path, quality, refused):
    pixels = torch.rand(8, 8, 3).numpy()
    if not refused:
        assert write_image(tmp_path / "a.jpg", pixels, quality=quality).is_file()
        return
    with pytest.raises(InputError, match=f"from 1 to 100, found {quality}"):
        write_image(tmp_path / "a.jpg", pixels, quality=quality)


@pytest.mark.parametrize(("size", "views", "refused"), [(1, 1, False), (0, 1, True), (1, 0, True)])
def test_size_and_number_of_views(tmp_path, size, views, refused):
    write_image(tmp_path / "a.exr", torch.ones(2, 2, 3).numpy())
    if not refused:
        assert RenderedStacks(str(tmp_path), size, views)[0]["hdr"].shape == (3, 1, 1)
        return
    with pytest.raises(InputError, match=f"found views={views}, size={size}"):
        RenderedStacks(str(tmp_path), size, views)


def test_exposing_takes_any_ev():
    assert expose(torch.ones(3, 1, 1), torch.tensor([-40.0, 40.0])).isfinite().all()
