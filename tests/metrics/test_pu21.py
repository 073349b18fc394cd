import csv
import json
import math

import numpy as np
import pytest
import torch

from hdrgen.errors import InputError
from hdrgen.metrics import PU21PSNR, PU21SSIM, pu21_decode, pu21_encode, pu21_psnr, pu21_psnr_y, pu21_ssim
from hdrgen.metrics.crf_correction import correct_response

ENCODINGS = ["banding", "banding_glare", "peaks", "peaks_glare"]


def pair(seed=0, size=(20, 24)):
    generator = torch.Generator().manual_seed(seed)
    target = torch.exp(3 + 2 * torch.randn(2, 3, *size, generator=generator, dtype=torch.float64))
    return target * torch.exp(0.1 * torch.randn(target.shape, generator=generator, dtype=torch.float64)), target


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_table_of_the_authors(shared, encoding):
    with (shared / "reference/pu21/encode_table.csv").open() as file:
        rows = list(csv.DictReader(file))
    light, codes = (torch.tensor([float(row[name]) for row in rows], dtype=torch.float64) for name in ("Y", encoding))
    torch.testing.assert_close(pu21_encode(light, encoding), codes, atol=1e-9, rtol=1e-10)
    torch.testing.assert_close(pu21_encode(light.float(), encoding), codes.float(), atol=2e-3, rtol=0)


@pytest.fixture(scope="module")
def references(shared):
    folder = shared / "reference/hdrvdp2/pairs"
    rows = json.loads((shared / "reference/pu21/references.json").read_text())["results"]
    images = {path.stem: torch.from_numpy(np.load(path)).movedim(-1, 0)[None] for path in folder.glob("*.npy")}
    return [(row, images[row["id"]], images[row["id"].split("__")[0] + "__ref"]) for row in rows]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_psnr_of_the_authors(references, dtype):
    for row, image, target in references[::5]:
        image, target = image.to(dtype), target.to(dtype)
        for key, measure in (("pu21_psnr_rgb", pu21_psnr), ("pu21_psnr_y", pu21_psnr_y)):
            expected = min(math.inf if row[key] is None else row[key], 100)
            assert measure(image, target).item() == pytest.approx(expected, abs=1e-3), (row["id"], key)


def test_ssim_of_the_authors_and_without_border(references):
    for row, image, target in references[::6]:
        found = {border: pu21_ssim(image, target, border=border).item() for border in ("replicate", "valid", "reflect")}
        assert found["replicate"] == pytest.approx(row["pu21_ssim_y_matlab"], abs=1e-5), row["id"]
        assert found["valid"] == pytest.approx(row["pu21_ssim_y_valid"], abs=1e-5), row["id"]
        assert found["reflect"] == pytest.approx(row["pu21_ssim_y_torchmetrics"], abs=1e-5), row["id"]


def test_crf_correction_of_the_authors(references):
    for row, image, target in references[7:12:4]:  # one clipped, one with another gamma
        for key, measure in (("pu21_psnr_rgb_crfcorr", pu21_psnr), ("pu21_psnr_y_crfcorr", pu21_psnr_y)):
            found = measure(image.double(), target.double(), crf_correction=True).item()
            assert found == pytest.approx(min(row[key], 100), abs=1e-3), (row["id"], key)


def test_a_formula_written_out():
    light = 42.0
    power = light**0.9062562627
    ratio = (0.353487901 + 0.3734658629 * power) / (1 + 8.277049286e-05 * power)
    expected = 596.3148142 * (ratio**0.09150303166 - 0.9099517204)
    assert pu21_encode(torch.tensor(light, dtype=torch.float64)).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_decoding_undoes_encoding(encoding):
    light = torch.logspace(math.log10(0.006), 4, 200, dtype=torch.float64)
    codes = pu21_encode(light, encoding)
    assert (codes.diff() > 0).all()
    torch.testing.assert_close(pu21_decode(codes, encoding), light, rtol=1e-7, atol=0)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_outside_the_range_is_the_end_of_the_range_with_finite_gradients(encoding):
    light = torch.tensor([-1.0, 0.0, 0.005, 1e4, 1e6, 3e38], requires_grad=True)
    codes = pu21_encode(light, encoding)
    codes.sum().backward()
    assert light.grad.isfinite().all()
    assert codes[:3].abs().max() < 1e-3
    assert codes[3] == codes[5]
    codes = torch.tensor([-50.0, 0.0, 300.0, 1e4], requires_grad=True)
    light = pu21_decode(codes, encoding)
    light.sum().backward()
    assert codes.grad.isfinite().all()
    assert light.detach() == pytest.approx([0.005, 0.005, light[2].item(), 1e4], rel=0.02)


@pytest.mark.parametrize("crf_correction", [False, True])
@pytest.mark.parametrize("measure", [pu21_psnr, pu21_psnr_y, pu21_ssim])
def test_gradients_are_finite_also_of_equal_and_black_images(measure, crf_correction):
    image, target = pair()
    for start in (image, target, torch.zeros_like(target)):
        leaf = start.float().requires_grad_()
        measure(leaf, target.float(), crf_correction=crf_correction).sum().backward()
        assert leaf.grad.isfinite().all()


def test_psnr_of_two_greys_is_relative_to_the_code_of_100():
    """Published code takes 256, nearly the code of 100 cd/m2, for its peak."""
    image, target = (torch.full((1, 3, 4, 4), light, dtype=torch.float64) for light in (20.0, 50.0))
    apart = float((pu21_encode(image, "banding") - pu21_encode(target, "banding"))[0, 0, 0, 0].abs())
    assert pu21_psnr(image, target, "banding").item() == pytest.approx(20 * math.log10(256 / apart), abs=1e-9)
    assert float(pu21_encode(torch.tensor(100.0), "banding_glare")) == pytest.approx(256, abs=0.5)


def test_chromaticity_is_that_of_x_and_y_and_light_is_cut():
    from hdrgen.metrics.colour import rgb_to_luv

    rgb = torch.rand(3, 4, 5, dtype=torch.float64) * 100 + 1
    to_xyz = np.array([[0.412424, 0.357579, 0.180464], [0.212656, 0.715158, 0.072186], [0.019332, 0.119193, 0.950444]])
    xyz = rgb.permute(1, 2, 0).numpy() @ to_xyz.T
    x, y = (xyz[..., :2] / xyz.sum(-1, keepdims=True)).transpose(2, 0, 1)
    uv = np.stack([4 * x, 9 * y]) / (12 * y - 2 * x + 3) * 410 / 255  # CIE 15, in terms of x and y
    np.testing.assert_allclose(rgb_to_luv(rgb)[1:], uv, rtol=1e-9)
    for light, expected in ((0.0, 1e-4), (1e12, 1e8)):
        assert rgb_to_luv(torch.full((3, 1, 1), light))[0].item() == pytest.approx(expected)


def test_colours_that_no_light_has_are_cut_to_the_range_of_xyz():
    """The brightest light with next to no v: z is 12 y / 4 v before the cut."""
    from hdrgen.metrics.colour import luv_to_rgb

    to_xyz = torch.tensor(
        [[0.412424, 0.357579, 0.180464], [0.212656, 0.715158, 0.072186], [0.019332, 0.119193, 0.950444]]
    )
    found = luv_to_rgb(torch.tensor([1e8, 1e-9, 1e-3], dtype=torch.float64).view(3, 1, 1)).flatten()
    expected = torch.linalg.solve(to_xyz.double(), torch.tensor([1e-4, 1e8, 1e8]).double()).clamp_min(0)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e3)


def test_crf_correction_undoes_a_cubic_in_pq_and_leaves_the_target_alone():
    from hdrgen.metrics.colour import luv_to_rgb, pq_decode, pq_encode, rgb_to_luv

    _, target = pair()
    torch.testing.assert_close(correct_response(target, target), target, rtol=1e-6, atol=1e-4)
    luv = rgb_to_luv(target)
    code = pq_encode(luv[:, :1])
    bent = luv_to_rgb(torch.cat([pq_decode(0.02 + 0.9 * code), luv[:, 1:]], 1))
    torch.testing.assert_close(correct_response(bent, target), target, rtol=1e-5, atol=1e-3)


def test_crf_correction_fits_each_image_of_a_batch_on_its_own():
    image, target = pair()
    image[1] *= 3
    alone = torch.cat([correct_response(image[i : i + 1], target[i : i + 1]) for i in range(2)])
    torch.testing.assert_close(correct_response(image, target), alone)


@pytest.mark.parametrize("flat", [0.0, 40.0])
def test_crf_correction_of_a_constant_image_is_finite(flat):
    _, target = pair()
    assert correct_response(torch.full_like(target, flat), target).isfinite().all()


def test_metrics_agree_with_the_functions():
    image, target = pair()
    found = PU21PSNR("peaks", crf_correction=True).measure(image, target)
    torch.testing.assert_close(found["pu21_psnr"], pu21_psnr(image, target, "peaks", True))
    torch.testing.assert_close(found["pu21_psnr_y"], pu21_psnr_y(image, target, "peaks", True))
    metric = PU21SSIM(border="replicate")
    torch.testing.assert_close(metric.measure(image, target)["pu21_ssim"], pu21_ssim(image, target, border="replicate"))
    assert metric.settings() == {"encoding": "banding_glare", "crf_correction": False, "border": "replicate"}


@pytest.mark.parametrize("make", [PU21PSNR, PU21SSIM, lambda encoding: pu21_encode(torch.ones(1), encoding)])
def test_an_unknown_encoding_is_told(make):
    with pytest.raises(InputError, match="no PU21 encoding 'glare'; expected one of banding"):
        make("glare")


def test_crf_correction_of_chromaticity_is_a_ridge_regression_on_cubics_and_their_product():
    """Towards the identity, with a hundredth of the pixels shared out to the columns (Hanji et al. 2022)."""
    from hdrgen.metrics.crf_correction import _fitted_chromaticity

    u, v = torch.rand(2, 60, dtype=torch.float64).numpy() * 0.4 + 0.2
    truth = np.stack([u + 0.3 * u * v, 0.9 * v + 0.1 * u**2])
    columns = np.stack([u, v, u**2, v**2, u**3, v**3, u * v, np.ones(60)])
    ridge = 0.01 * 60 / 8
    # As pixels of their own: each column's weight is pulled to that of the identity.
    rows = np.vstack([columns.T, np.sqrt(ridge) * np.eye(8)])
    targets = np.vstack([truth.T, np.sqrt(ridge) * np.eye(8, 2)])
    expected = columns.T @ np.linalg.lstsq(rows, targets, rcond=None)[0]
    found = _fitted_chromaticity(torch.from_numpy(np.stack([u, v]))[None], torch.from_numpy(truth)[None])
    np.testing.assert_allclose(found[0].numpy(), expected.T, rtol=1e-8)
