import sys

import numpy as np
import pytest
import torch

from hdrgen.errors import InputError
from hdrgen.metrics import HDRVDP2, hdr_vdp2
from hdrgen.metrics.hdr_vdp2 import DISPLAYS, ENCODINGS, Observer
from hdrgen.metrics.hdr_vdp2.chunks import chunks
from hdrgen.metrics.hdr_vdp2.filters import sp3_taps
from hdrgen.metrics.hdr_vdp2.model import model
from tests.metrics import hdr_vdp2_oracle as oracle

TAPS = {
    "hi0": sp3_taps().high.numpy(),
    "lo0": sp3_taps().low.numpy(),
    "lo": sp3_taps().shrink.numpy(),
    "bands": torch.stack(sp3_taps().oriented).numpy(),
}
PINNED = (63.62731379, 98.45111173, 417.140677)  # Q, Q_MOS, C_max of the scene below
RGB_TO_XYZ = np.array([[0.412391, 0.357584, 0.180481], [0.212639, 0.715169, 0.072192], [0.019331, 0.119195, 0.950532]])


def scene(height=70, width=93, channels=3, peak=3.0):
    """Stripes, a lamp and a dark corner, over six orders of magnitude: reference and a noisy, clipped test."""
    y, x = np.mgrid[:height, :width] / min(height, width)
    stripes = np.sin(40 * x * (1 + y)) + np.sin(23 * (y - 0.4 * x) ** 2 * 6)
    lamp = peak * np.exp(-((x - 0.7) ** 2 + (y - 0.3) ** 2) / 0.004)
    tint = np.array([0.1, 0.0, -0.15])[:channels]
    reference = 10 ** (1.0 + 0.4 * stripes + lamp - 2 * (x < 0.25) * (y > 0.6))[..., None] * 10**tint
    noise = np.sin(1e4 * np.sin(np.arange(reference.size) * 12.9898)).reshape(reference.shape)
    test = np.minimum(reference * (1 + 0.08 * noise), np.quantile(reference, 0.97))
    test[: height // 3] = reference[: height // 3]
    return test, reference


def tensors(*images, dtype=torch.float64):
    return [torch.from_numpy(image.transpose(2, 0, 1).copy())[None].to(dtype) for image in images]


def setting(display="ccfl-lcd", observer=Observer()):  # noqa: B008 (frozen)
    rows = np.array(DISPLAYS[display])
    matrix = np.stack([rows[:, 0], rows[:, 1], np.zeros(len(rows)), rows[:, 2]], 1)
    return oracle.Setting(matrix, TAPS, **vars(observer))


def assert_equal_to_oracle(found, expected):
    assert found.q.item() == pytest.approx(expected["q"], abs=1e-7)
    assert found.q_mos_220.item() == pytest.approx(expected["q_mos"], abs=1e-6)
    assert found.c_max.item() == pytest.approx(expected["c_max"], rel=1e-5)
    assert found.p_det.item() == pytest.approx(expected["p_det"], abs=1e-5)
    # The difference is the exponent 1.0000001 that is left out.
    np.testing.assert_allclose(found.p_map[0, 0].numpy(), expected["p_map"], atol=1e-4)


@pytest.mark.parametrize(
    "observer",
    [
        Observer(),
        Observer(surround=None),
        Observer(surround=10.0),
        Observer(masking=False),
        Observer(optics=False),
        Observer(spatial_pooling=False),
        Observer(peak_sensitivity=2.0, rod_sensitivity=-0.5),
    ],
    ids=["default", "own surround", "surround", "no masking", "no optics", "no pooling", "sensitivities"],
)
def test_every_option_is_that_of_the_numpy_model(observer):
    test, reference = scene()
    found = hdr_vdp2(*tensors(test, reference), 25.0, observer=observer)
    assert_equal_to_oracle(found, oracle.hdr_vdp2(test, reference, 25.0, setting(observer=observer)))


@pytest.mark.parametrize("display", ["ccfl-lcd", "led-lcd", "crt"])
@pytest.mark.parametrize("ppd", [5.5, 60.0])
def test_every_display_and_distance_is_that_of_the_numpy_model(display, ppd):
    test, reference = scene(51, 40)
    found = hdr_vdp2(*tensors(test, reference), ppd, display=display)
    assert_equal_to_oracle(found, oracle.hdr_vdp2(test, reference, ppd, setting(display)))


@pytest.mark.parametrize("size", [(8, 8), (13, 9), (16, 40), (17, 17), (33, 34), (64, 63), (127, 35)])
def test_every_size_is_that_of_the_numpy_model(size):
    test, reference = scene(*size, channels=1)
    test[0, 0] *= 1.5
    found = hdr_vdp2(*tensors(test, reference), 30.0, encoding="luminance")
    assert_equal_to_oracle(found, oracle.hdr_vdp2(test, reference, 30.0, setting("d65")))


def test_grey_on_a_colour_display_drives_all_its_primaries():
    test, reference = scene(40, 40, channels=1)
    grey = hdr_vdp2(*tensors(test, reference), 30.0, encoding="luminance", display="crt").q
    colour = hdr_vdp2(*(x.expand(1, 3, 40, 40) for x in tensors(test, reference)), 30.0, display="crt").q
    torch.testing.assert_close(grey, colour)


def test_encodings_are_decoded_to_light():
    test, reference = scene(40, 40)
    light = tensors(test, reference)
    xyz = [torch.einsum("ij,bjhw->bihw", torch.from_numpy(RGB_TO_XYZ), image) for image in light]
    found = hdr_vdp2(*xyz, 30.0, encoding="XYZ").q
    torch.testing.assert_close(found, hdr_vdp2(*light, 30.0).q, atol=0.01, rtol=0)
    shown = [image / image.max() for image in light]
    curved = [torch.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4) * 99 + 1 for v in shown]
    torch.testing.assert_close(hdr_vdp2(*shown, 30.0, encoding="sRGB-display").q, hdr_vdp2(*curved, 30.0).q)
    grey = [image[:, :1] for image in shown]
    powers = [99 * image**2.2 + 1 for image in grey]
    found = hdr_vdp2(*grey, 30.0, encoding="luma-display").q
    torch.testing.assert_close(found, hdr_vdp2(*powers, 30.0, encoding="luminance").q)


def test_numbers_of_the_invented_scene_stay():
    """Q and C_max as the NumPy model, which reproduces the release to 1e-11, found them."""
    found = hdr_vdp2(*tensors(*scene()), 30.0)
    assert found.q.item() == pytest.approx(PINNED[0], abs=1e-4)
    assert found.q_mos_220.item() == pytest.approx(PINNED[1], abs=1e-4)
    assert found.c_max.item() == pytest.approx(PINNED[2], rel=1e-5)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("peak", [0.0, 3.0])
def test_float32_is_close_to_float64(encoding, peak):
    images = tensors(*scene(channels=ENCODINGS[encoding].channels, peak=peak))
    if ENCODINGS[encoding].domain == "display":
        images = [image / images[1].max() for image in images]
    single = hdr_vdp2(*(image.float() for image in images), 30.0, encoding=encoding)
    double = hdr_vdp2(*images, 30.0, encoding=encoding)
    assert single.q.dtype == torch.float32
    assert double.q.dtype == torch.float64
    assert single.q.item() == pytest.approx(double.q.item(), abs=0.01)
    assert single.c_max.item() == pytest.approx(double.c_max.item(), rel=1e-3)


@pytest.mark.parametrize("noise", [0.002, 0.05])
def test_float32_keeps_dark_places_beside_the_sun(noise):
    (reference,) = tensors(scene(96, 96, peak=0.0)[1] * 1e-2)
    reference[..., 40:43, 50:53] += 1e7
    test = reference * (1 + noise * torch.cos(7.0 * torch.arange(reference.numel()).view_as(reference) ** 2))
    single, double = (hdr_vdp2(test.to(dtype), reference.to(dtype), 30.0) for dtype in (torch.float32, torch.float64))
    assert single.q.item() == pytest.approx(double.q.item(), abs=0.01)
    assert single.c_max.item() == pytest.approx(double.c_max.item(), rel=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [(9, 12), (45, 67), (128, 96)])
def test_equal_images_have_exactly_100_and_a_gradient_of_0(size, dtype):
    (reference,) = tensors(scene(*size)[1], dtype=dtype)
    test = reference.clone().requires_grad_()
    found = hdr_vdp2(test, reference, 30.0)
    assert found.q.item() == 100.0
    assert found.c_max.item() == 0.0
    assert found.p_det.item() == 0.0
    total = found.q + found.q_mos_220 + found.c_max + found.p_map.sum()
    (gradient,) = torch.autograd.grad(total.sum(), test)
    assert not gradient.any()


def test_a_batch_is_its_images_also_when_it_is_taken_apart(monkeypatch):
    pairs = [tensors(*scene(peak=peak)) for peak in (0.0, 1.5, 3.0)]
    tests, references = (torch.cat(images) for images in zip(*pairs, strict=True))
    singles = [hdr_vdp2(*pair, 30.0) for pair in pairs]
    together = hdr_vdp2(tests, references, 30.0)
    monkeypatch.setattr(sys.modules[chunks.__module__], "_ELEMENTS", 8 * 70 * 93)
    apart = hdr_vdp2(tests, references, 30.0)
    for found in (together, apart):
        for name in ("q", "q_mos_220", "p_det", "c_max", "p_map"):
            torch.testing.assert_close(getattr(found, name), torch.cat([getattr(single, name) for single in singles]))


@pytest.mark.parametrize("name", ["q", "q_mos_220", "c_max", "p_map"])
@pytest.mark.parametrize("observer", [Observer(), Observer(surround=None)], ids=["default", "own surround"])
def test_gradients_are_those_of_finite_differences(name, observer):
    test, reference = (image[:, :, :40, :37] for image in tensors(*scene(peak=0.0)))
    number = lambda t, r: getattr(hdr_vdp2(t, r, 30.0, observer=observer), name).sum()  # noqa: E731
    test.requires_grad_()
    reference.requires_grad_()
    direction = [image.detach() * torch.cos(torch.arange(image.numel()).view_as(image)) for image in (test, reference)]
    gradients = torch.autograd.grad(number(test, reference), [test, reference])
    slope = sum((g * d).sum() for g, d in zip(gradients, direction, strict=True))
    step = 1e-7
    with torch.no_grad():
        ahead, behind = (number(test + s * direction[0], reference + s * direction[1]) for s in (step, -step))
    assert slope.item() == pytest.approx(((ahead - behind) / (2 * step)).item(), rel=1e-3)


def test_descent_raises_quality():
    test, reference = tensors(*scene(peak=1.0), dtype=torch.float32)
    log_test = test.log().requires_grad_()
    optimiser = torch.optim.SGD([log_test], lr=0.05)
    qualities = []
    for _ in range(6):
        optimiser.zero_grad()
        q = hdr_vdp2(log_test.exp(), reference, 30.0).q.sum()
        (-q).backward()
        assert log_test.grad.isfinite().all()
        optimiser.step()
        qualities.append(q.item())
    assert qualities == sorted(qualities)
    assert qualities[-1] > qualities[0] + 2


def test_a_black_test_and_black_pixels_of_the_reference_stay_finite():
    _, reference = tensors(*scene(40, 40), dtype=torch.float32)
    reference[..., :5, :5] = 0
    black = torch.zeros_like(reference).requires_grad_()
    found = hdr_vdp2(black, reference, 30.0, observer=Observer(surround=None))
    (gradient,) = torch.autograd.grad(found.q.sum(), black)
    assert found.q.isfinite()
    assert gradient.isfinite().all()


def test_nan_stays_visible():
    test, reference = tensors(*scene(40, 40), dtype=torch.float32)
    test[..., 3, 3] = torch.nan
    assert hdr_vdp2(test, reference, 30.0).q.isnan()


def test_half_precision_around_it_changes_nothing():
    test, reference = (image.bfloat16() for image in tensors(*scene(40, 40)))
    expected = hdr_vdp2(test.float(), reference.float(), 30.0).q
    with torch.autocast("cpu", torch.bfloat16):
        found = hdr_vdp2(test, reference, 30.0).q
    assert found.dtype == torch.float32
    assert found.item() == expected.item()


def test_what_is_kept_is_bounded_and_survives_inference_mode():
    model.cache_clear()
    images = tensors(*scene(40, 40))
    with torch.inference_mode():
        hdr_vdp2(*images, 30.0)
    images[0].requires_grad_()
    hdr_vdp2(*images, 30.0, observer=Observer(masking=False, surround=3.0)).q.backward()
    assert model.cache_info().misses == 1
    for ppd in range(20, 30):
        hdr_vdp2(*images, ppd)
    assert model.cache_info().currsize == 4


@pytest.mark.parametrize(
    ("shapes", "arguments", "words"),
    [
        ([(1, 3, 20, 20), (1, 3, 20, 21)], {}, "found \\(1, 3, 20, 20\\) and"),
        ([(1, 1, 20, 20)] * 2, {}, "\\(B, 3, H, W\\)"),
        ([(0, 3, 20, 20)] * 2, {}, "\\(B, 3, H, W\\)"),
        ([(1, 3, 7, 20)] * 2, {}, "at least 8 x 8 pixels, found 20 x 7"),
        ([(1, 3, 20, 20)] * 2, {"ppd": 0.0}, "positive pixels per degree"),
        ([(1, 3, 20, 20)] * 2, {"ppd": float("nan")}, "positive pixels per degree"),
        ([(1, 3, 20, 20)] * 2, {"ppd": float("inf")}, "positive pixels per degree"),
        ([(1, 3, 20, 20)] * 2, {"encoding": "rgb"}, "rgb-bt.709, luminance"),
        ([(1, 3, 20, 20)] * 2, {"display": "oled"}, "ccfl-lcd, led-lcd"),
        ([(1, 3, 20, 20)] * 2, {"display": "d65"}, "one channel"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(shapes, arguments, words):
    with pytest.raises(InputError, match=words) as raised:
        hdr_vdp2(*(torch.ones(shape) for shape in shapes), **{"ppd": 30.0, **arguments})
    assert "\n" not in str(raised.value)


def test_the_metric_refuses_its_pixels_per_degree_before_it_sees_an_image():
    with pytest.raises(InputError, match="positive pixels per degree, found -4"):
        HDRVDP2(ppd=-4.0)


def test_a_negative_surround_is_refused():
    with pytest.raises(InputError, match="surround"):
        Observer(surround=-1.0)


def test_the_metric_averages_over_images():
    pairs = [tensors(*scene(40, 40, peak=peak), dtype=torch.float32) for peak in (0.0, 2.0)]
    metric = HDRVDP2(ppd=20.0, display="crt", surround=None)
    for pair in pairs:
        metric.update(*pair)
    observer = Observer(surround=None)
    singles = [hdr_vdp2(*pair, 20.0, display="crt", observer=observer).q.item() for pair in pairs]
    found = metric.compute()
    assert found["hdr_vdp2_q"].item() == pytest.approx(np.mean(singles))
    assert found["hdr_vdp2_q_std"].item() == pytest.approx(np.std(singles))
    assert metric.settings() == {"ppd": 20.0, "encoding": "rgb-bt.709", "display": "crt", **vars(observer)}


def test_the_metric_takes_the_luminance_of_colour():
    test, reference = tensors(*scene(40, 40), dtype=torch.float32)
    metric = HDRVDP2(encoding="luminance")
    grey = [torch.einsum("c,bchw->bhw", torch.tensor([0.2126, 0.7152, 0.0722]), x)[:, None] for x in (test, reference)]
    expected = hdr_vdp2(*grey, 30.0, encoding="luminance").q
    torch.testing.assert_close(metric.measure(test, reference)["hdr_vdp2_q"], expected, atol=1e-3, rtol=0)
    assert metric.settings()["display"] == "d65"
    assert metric.domain == "luminance"
    assert HDRVDP2(encoding="sRGB-display").domain == "display"


# The release itself, run under Octave.
