import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from hdrgen.errors import InputError
from hdrgen.metrics import HDRVDP2, pixels_per_degree
from hdrgen.metrics.hdr_vdp2.displays import DISPLAYS, ENCODINGS, decode_srgb_display
from hdrgen.metrics.hdr_vdp2.filters import filter_bank, sp3_taps
from hdrgen.metrics.hdr_vdp2.geometry import checked_ppd
from hdrgen.metrics.hdr_vdp2.masking import common_contrast, power
from hdrgen.metrics.hdr_vdp2.optics import optics
from hdrgen.metrics.hdr_vdp2.photoreceptors import photoreceptors
from hdrgen.metrics.hdr_vdp2.pooling import band_weights, contrast_map, detection_probability
from hdrgen.metrics.hdr_vdp2.pyramid import level_sizes, steerable_pyramid
from hdrgen.metrics.hdr_vdp2.resizing import BLOCK, blocks_of, resizer, resizing_matrix
from hdrgen.metrics.hdr_vdp2.sensitivity import neural_sensitivity
from tests.metrics import hdr_vdp2_oracle as oracle
from tests.metrics.test_hdr_vdp2 import TAPS


def noise(*shape, seed=0):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("resolution", "expected"), [((1920, 1080), 32.4529519503), ((512, 512), 10.978375223), ((256, 256), 5.48918761149)]
)
def test_pixels_per_degree_of_a_24_inch_display(resolution, expected):
    assert pixels_per_degree(24, resolution, 0.5) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("wrong", [(0, (10, 10), 1), (24, (10, 0), 1), (24, (10, 10), -1)])
def test_a_display_without_extent_is_refused(wrong):
    with pytest.raises(InputError, match="positive"):
        pixels_per_degree(*wrong)


def test_the_eye_scatters_light_but_keeps_it():
    surround = torch.full((1, 1, 1, 1), 7.0, dtype=torch.float64)
    even = torch.full((1, 1, 20, 31), 7.0, dtype=torch.float64)
    torch.testing.assert_close(optics(20, 31, 30.0)(even, surround), even)
    lamp = even.clone()
    lamp[..., 10, 15] += 1000
    scattered = optics(20, 31, 30.0)(lamp, surround)
    assert scattered.max() < 700
    reference = oracle.eye(lamp[0].permute(1, 2, 0).numpy(), 30.0, np.array([7.0]))
    np.testing.assert_allclose(scattered[0, 0].numpy(), reference[..., 0], rtol=1e-10)


def test_receptors_add_up_to_the_known_number_of_differences():
    found = photoreceptors(DISPLAYS["ccfl-lcd"], 2.4, 0.0)
    correction = 0.006894596 / 10**-2.4
    assert correction == pytest.approx(1.731844214)
    assert found.cone[-1].item() / correction == pytest.approx(164.5064161, abs=1e-6)
    assert found.rod[-1].item() / correction == pytest.approx(56.81442971, abs=1e-6)
    assert found.cone[0].item() == found.rod[0].item() == 0.0
    # Between two nodes the sensitivity of a cone is the slope over log luminance, per ln 10.
    slope = (found.cone[1433] - found.cone[1432]) / correction / np.log(10) / (10 / 2047)
    assert slope.item() == pytest.approx(15.0746, abs=1e-3)


@pytest.mark.parametrize(
    ("frequency", "luminance", "expected"),
    [(1.0, 0.01, 1.119471), (4.0, 1.0, 0.92586721), (4.0, 100.0, 1.634488), (16.0, 100.0, 0.48531723)],
)
def test_contrast_sensitivity_at_known_points(frequency, luminance, expected):
    found = neural_sensitivity(*torch.tensor([[frequency], [luminance]], dtype=torch.float64))
    assert found.item() == pytest.approx(expected, rel=1e-6)


def test_contrast_sensitivity_has_a_gradient_at_frequency_0():
    luminance = torch.tensor([3.0], requires_grad=True)
    found = neural_sensitivity(torch.tensor([0.0, 2.0]), luminance)
    (gradient,) = torch.autograd.grad(found.sum(), luminance)
    assert found[0, 0].item() == 0.0
    assert gradient.isfinite().all()


@pytest.mark.parametrize("size", [(8, 8), (17, 30), (70, 53), (128, 96)])
def test_bands_are_those_of_direct_correlation(size):
    image = noise(2, *size)
    found = steerable_pyramid(*size).split(image)
    for n in range(2):
        expected = oracle.build_pyramid(image[n].numpy(), TAPS)
        assert [band.shape[1] for band in found] == [len(planes) for planes in expected]
        for band, planes in zip(found, expected, strict=True):
            np.testing.assert_allclose(band[n].numpy(), np.stack(planes), atol=1e-11)


@pytest.mark.parametrize("size", [(8, 8), (17, 30), (70, 53)])
def test_joining_is_direct_convolution(size):
    pyramid = steerable_pyramid(*size)
    bands = [noise(*band.shape, seed=n) for n, band in enumerate(pyramid.split(noise(1, *size)))]
    expected = oracle.reconstruct([list(band[0].numpy()) for band in bands], TAPS)
    np.testing.assert_allclose(pyramid.join(bands)[0].numpy(), expected, atol=1e-11)


def test_the_pyramid_gives_the_image_back():
    image = F.interpolate(noise(1, 1, 12, 12), size=(96, 128), mode="bicubic")[:, 0]
    pyramid = steerable_pyramid(96, 128)
    error = pyramid.join(pyramid.split(image)) - image
    assert error[:, 16:-16, 16:-16].abs().max() < 0.02 * image.abs().max()


@pytest.mark.parametrize(("side", "levels"), [(64, 2), (128, 3), (243, 4), (256, 4), (512, 5), (1080, 6), (16, 0)])
def test_the_height_of_the_pyramid(side, levels):
    assert len(level_sizes(side, side + 5)) == levels + 1


def test_filters_mirror_about_the_outermost_pixel():
    image = noise(1, 19, 12)
    kernel = sp3_taps().oriented[1]
    mirrored = F.pad(image[None], (4, 4, 4, 4), mode="reflect")
    expected = F.conv2d(mirrored, kernel[None, None])[0]
    torch.testing.assert_close(filter_bank([kernel], (19, 12)).correlate(image)[:, 0], expected)


@pytest.mark.parametrize("differentiated", [False, True])
def test_tiles_of_a_large_image_are_filtered_as_the_whole(differentiated):
    size, kernels = (300, 2000), sp3_taps().oriented[:2]
    bank = filter_bank(kernels, size)
    assert bank.tile[0] < size[0]
    assert bank.tile[1] < size[1]
    image = noise(1, *size).requires_grad_(differentiated)
    expected = [ndimage.correlate(image[0].detach().numpy(), kernel.numpy(), mode="mirror") for kernel in kernels]
    np.testing.assert_allclose(bank.correlate(image)[0].detach().numpy(), np.stack(expected), atol=1e-12)
    planes = image[:, None]
    back = [ndimage.convolve(image[0].detach().numpy(), kernel.numpy(), mode="mirror") for kernel in kernels]
    np.testing.assert_allclose(bank.convolve([planes, planes])[0].detach().numpy(), sum(back), atol=1e-12)


@settings(max_examples=40)
@given(st.integers(8, 90), st.integers(8, 90))
def test_resizing_is_matlab_s_rule(old, new):
    row = np.cumsum(np.sin(np.arange(old) ** 2.0))
    found = resizing_matrix(old, new) @ torch.from_numpy(row)
    np.testing.assert_allclose(found.numpy(), oracle.resize_axis(row, new, 0), atol=1e-10)
    torch.testing.assert_close(resizing_matrix(old, new).sum(1), torch.ones(new, dtype=torch.float64))


@pytest.mark.parametrize(("old", "new"), [((60, 41), (30, 21)), ((30, 20), (60, 40)), ((300, 310), (150, 155))])
def test_resizing_is_torch_s_far_from_the_border(old, new):
    image = noise(2, 1, *old)
    expected = F.interpolate(image, size=new, mode="bicubic", antialias=True)
    torch.testing.assert_close(resizer(old, new)(image)[..., 6:-6, 6:-6], expected[..., 6:-6, 6:-6])


def test_blocks_leave_out_zeros_only():
    matrix = resizing_matrix(600, 300)
    blocks = blocks_of(matrix)
    image = noise(600, 3)
    found = torch.cat([weights @ image[start : start + weights.shape[1]] for start, weights in blocks])
    torch.testing.assert_close(found, matrix @ image)
    assert sum(block.weights.numel() for block in blocks) < matrix.numel() / 2


def test_rows_of_a_resized_image_are_those_of_the_whole():
    resize, image = resizer((100, 40), (200, 70)), noise(2, 100, 40)
    rows = [resize.rows_of(image, start, min(start + 2 * BLOCK, 200)) for start in range(0, 200, 2 * BLOCK)]
    torch.testing.assert_close(torch.cat(rows, -2), resize(image))


@pytest.mark.parametrize("width", [7, 40000])  # one strip, and several
def test_common_contrast_is_the_mean_over_a_window(width):
    first, second = noise(1, 2, 9, width), noise(1, 2, 9, width, seed=1)
    expected = F.avg_pool2d(torch.minimum(first.abs(), second.abs()), 3, 1, 1)
    torch.testing.assert_close(common_contrast(first, second), expected)


def test_power_is_that_of_torch_with_a_gradient_at_0():
    x = torch.tensor([0.0, 1e-30, 0.3, 1.0, 70.0], dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(power(x, 3.1, 0.7), np.exp(0.7) * x**3.1)
    (gradient,) = torch.autograd.grad(power(x, 3.1).sum(), x)
    torch.testing.assert_close(gradient, 3.1 * x.detach() ** 2.1)


def test_a_display_of_100_cd_per_m2():
    found = decode_srgb_display(torch.tensor([0.0, 0.04045, 0.5, 1.0], dtype=torch.float64))
    expected = torch.tensor([1.0, 1 + 99 * 0.04045 / 12.92, 1 + 99 * 0.21404114, 100.0], dtype=torch.float64)
    torch.testing.assert_close(found, expected, rtol=1e-7, atol=0)


def test_luminance_on_the_displays_is_nearly_that_of_the_cones():
    for name in ("ccfl-lcd", "led-lcd", "crt"):
        assert sum(long + middle for long, middle, _ in DISPLAYS[name]) == pytest.approx(1.004, abs=2e-3)


def test_weights_of_bands_are_cut_to_their_tables():
    found = band_weights([200.0, 22.0, 7.5, 0.01])
    assert found.quality == pytest.approx((0.0, 0.2832, 0.2142, 0.0))
    assert found.dissimilarity == pytest.approx((0.2832, 0.2832, 0.2142, 0.0002))


def test_weights_between_bands_are_linear_in_frequency():
    found = band_weights([45.0, 36.0, 10.0])
    assert found.quality == pytest.approx((0.1416, 0.2832 * 0.8, (0.2832 * 2.5 + 0.2142 * 5) / 7.5), abs=1e-6)


def test_coarse_pictures_have_less_than_a_pixel_per_degree():
    assert checked_ppd(0.5) == 0.5
    for wrong in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(InputError, match="positive pixels per degree"):
            checked_ppd(wrong)


def test_the_threshold_is_seen_every_other_time():
    assert detection_probability(torch.tensor(1.0)).item() == pytest.approx(0.5)
    pooled = contrast_map(torch.tensor([[[1.0, -3.0], [0.0, 2.0]]], dtype=torch.float64), spatial_pooling=True)
    torch.testing.assert_close(pooled[0, 0], torch.tensor([[2.0, 6.0], [0.0, 4.0]], dtype=torch.float64))


@pytest.mark.parametrize("name", DISPLAYS)
def test_the_white_of_every_display_is_daylight_to_the_cones(name):
    """D65 by Smith and Pokorny's L = 0.15514 X + 0.54312 Y - 0.03286 Z, M = Y - L; rods see it about as bright."""
    x, y, z = 0.9505, 1.0, 1.0891
    long = 0.15514 * x + 0.54312 * y - 0.03286 * z
    of_long, of_middle, of_rods = np.sum(DISPLAYS[name], axis=0)
    assert of_long / (of_long + of_middle) == pytest.approx(long, abs=0.003)
    assert of_rods == pytest.approx(1, abs=0.1)
    assert (np.array(DISPLAYS[name]) > 0).all()


@pytest.mark.parametrize("name", ["ccfl-lcd", "led-lcd", "crt"])
def test_green_gives_most_and_blue_least_light_and_blue_mostly_for_rods(name):
    red, green, blue = np.array(DISPLAYS[name])
    assert green[:2].sum() > red[:2].sum() > blue[:2].sum()
    assert red[0] / red[1] > green[0] / green[1] > blue[0] / blue[1]
    assert red[2] / red[:2].sum() < green[2] / green[:2].sum() < blue[2] / blue[:2].sum()


def test_an_encoding_of_xyz_undoes_the_matrix_of_bt_709():
    rgb = torch.rand(1, 3, 4, 5, dtype=torch.float64)
    to_xyz = torch.tensor([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]).double()
    xyz = torch.einsum("ij,bjhw->bihw", to_xyz, rgb)
    torch.testing.assert_close(ENCODINGS["XYZ"].decode(xyz), rgb, atol=1e-3, rtol=0)


@pytest.mark.parametrize(("encoding", "display"), [("rgb-bt.709", "oled"), ("rgb-bt.709", "d65"), ("hsv", None)])
def test_a_display_or_an_encoding_that_does_not_fit_is_refused_before_anything_is_measured(encoding, display):
    with pytest.raises(InputError, match=r"of HDR-VDP|one channel, found one of 3"):
        HDRVDP2(encoding=encoding, display=display)
