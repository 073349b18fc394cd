"""HDR-VDP 2.2 in NumPy and SciPy, float64, one pair at a time: the plainest reading of the paper, to check hdrgen's.

Nothing is shared with `hdrgen.metrics.hdr_vdp2` but the filter taps, the display matrices and the constants' names.
Every step is the textbook operation: whole FFTs, `scipy.ndimage.correlate`, one plane after the other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.fft import fft2, ifft2

Array = NDArray[np.float64]
Pyramid = list[list[Array]]

CSF_LUMINANCE = np.array([0.002, 0.02, 0.2, 2, 20, 150])
CSF_ROWS = np.array(
    [
        [0.991265, 3.74038, 0.50722, 4.46044],
        [0.800889, 3.54104, 0.682505, 4.94958],
        [0.476505, 4.37453, 0.750315, 5.28678],
        [0.405782, 4.40602, 0.935314, 5.61425],
        [0.334278, 3.79542, 1.07327, 6.4635],
        [0.394533, 2.7755, 1.16577, 7.45665],
    ]
)
WEIGHT_221 = ([60, 30, 15, 7.5, 3.75, 1.875, 0.9375, 0.4688, 0.2344, 0.1172],
              [0, 0.2832, 0.2832, 0.2142, 0.2690, 0.0398, 0.0003, 0.0003, 0, 0])  # fmt: skip
WEIGHT_220 = ([15, 7.5, 3.75, 1.875, 0.9375, 0.4688, 0.2344],
              [0.2832, 0.2142, 0.2690, 0.0398, 0.0003, 0.0003, 0.0002])  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """What the release's options change."""

    matrix: Array  # primaries x (L, M, S, rod)
    taps: dict[str, Array]
    surround: float | None = 1e-5
    optics: bool = True
    masking: bool = True
    spatial_pooling: bool = True
    peak_sensitivity: float = 2.4
    rod_sensitivity: float = 0.0


def radial_frequency(shape: tuple[int, int], ppd: float) -> Array:
    rows, columns = (np.fft.fftfreq(n, 1 / ppd) for n in shape)
    return np.hypot(rows[:, None], columns[None, :])


def filter_padded(image: Array, transfer: Array, value: float) -> Array:
    """Filter on a canvas of twice the size; `transfer` has the canvas's shape."""
    height, width = image.shape
    canvas = np.full((2 * height, 2 * width), value)
    canvas[:height, :width] = image
    return np.real(ifft2(fft2(canvas) * transfer))[:height, :width]


def eye(image: Array, ppd: float, surround: Array) -> Array:
    """Scatter of light in the eye, `(H, W, C)`."""
    rho = radial_frequency((2 * image.shape[0], 2 * image.shape[1]), ppd)
    first, second = 0.061466549455263, 0.99727370023777070
    gains = [second * 0.426, second * 0.574, (1 - second) * first, (1 - second) * (1 - first)]
    mtf = sum(a * np.exp(-b * rho) for a, b in zip(gains, [0.028, 0.37, 37, 360], strict=True))
    planes = [filter_padded(image[..., k], mtf, surround[k]) for k in range(image.shape[-1])]
    return np.clip(np.stack(planes, -1), 1e-5, 1e10)


def joint_sensitivity(luminance: Array) -> Array:
    return 30.162 * ((4.0627 / luminance) ** 1.6596 + 1) ** -0.2712


def rod_sensitivity(luminance: Array, offset: float = 0.0) -> Array:
    above = luminance > 1.1732
    exponent, width = np.where(above, 2.9899, 1.2167), np.where(above, 0.5547, 1.1478)
    return 10 ** (1.1414 + offset) * np.exp(-(np.abs(np.log10(luminance / 1.1732)) ** exponent) / width)


def cone_sensitivity(luminance: Array, offset: float = 0.0) -> Array:
    rest = np.maximum(joint_sensitivity(luminance) - rod_sensitivity(luminance, offset), 1e-3)
    return 0.5 * np.interp(np.minimum(2 * luminance, luminance[-1]), luminance, rest)


def response(receptor: Array, sensitivity: Array, grid: Array) -> Array:
    """Integral of the sensitivity over log luminance, in JND, looked up."""
    slope = sensitivity * np.log(10)
    steps = np.diff(np.log10(grid)) * (slope[1:] + slope[:-1]) / 2
    table = np.concatenate([[0.0], np.cumsum(steps)])
    return np.interp(np.log10(np.clip(receptor, grid[0], grid[-1])), np.log10(grid), table)


def photoreceptors(light: Array, setting: Setting) -> tuple[Array, Array]:
    """Achromatic response in JND and adapting luminance."""
    grid = np.logspace(-5, 5, 2048)
    excitation = light @ setting.matrix
    scale = 0.006894596 / 10**-setting.peak_sensitivity
    cones = cone_sensitivity(grid, setting.rod_sensitivity)
    rods = rod_sensitivity(grid, setting.rod_sensitivity)
    cone = scale * (response(excitation[..., 0], cones, grid) + response(excitation[..., 1], cones, grid))
    rod = scale * response(excitation[..., 3], rods, grid)
    return cone - cone.mean() + rod - rod.mean(), excitation[..., 0] + excitation[..., 1]


def pyramid_height(shape: tuple[int, int]) -> int:
    height, side = 0, min(shape)
    while side >= 17:
        height, side = height + 1, side // 2
    return height


def build_pyramid(image: Array, taps: dict[str, Array]) -> Pyramid:
    bands: Pyramid = [[ndimage.correlate(image, taps["hi0"], mode="mirror")]]
    low = ndimage.correlate(image, taps["lo0"], mode="mirror")
    for _ in range(pyramid_height((image.shape[0], image.shape[1]))):
        bands.append([ndimage.correlate(low, kernel, mode="mirror") for kernel in taps["bands"]])
        low = ndimage.correlate(low, taps["lo"], mode="mirror")[::2, ::2]
    return [*bands, [low]]


def reconstruct(bands: Pyramid, taps: dict[str, Array]) -> Array:
    result = bands[-1][0]
    for planes in bands[-2:0:-1]:
        spread = np.zeros_like(planes[0])
        spread[::2, ::2] = result
        result = ndimage.convolve(spread, taps["lo"], mode="mirror")
        result = result + sum(
            ndimage.convolve(plane, kernel, mode="mirror") for plane, kernel in zip(planes, taps["bands"], strict=True)
        )
    low = ndimage.convolve(result, taps["lo0"], mode="mirror")
    return low + ndimage.convolve(bands[0][0], taps["hi0"], mode="mirror")


def csf(frequency: Array, luminance: Array) -> Array:
    """Neural contrast sensitivity, for luminance of any shape."""
    position = np.log10(np.clip(luminance, CSF_LUMINANCE[0], CSF_LUMINANCE[-1]))
    p1, p2, p3, p4 = (np.interp(position, np.log10(CSF_LUMINANCE), column) for column in CSF_ROWS.T)
    with np.errstate(divide="ignore"):
        fall = (1 - np.exp(-((frequency / 7) ** 2))) ** -p3
    return p4 / np.sqrt((1 + (p1 * frequency) ** p2) * fall)


def cubic(x: Array) -> Array:
    x = np.abs(x)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


def resize_axis(image: Array, size: int, axis: int) -> Array:
    """Bicubic as MATLAB's imresize: wider when shrinking, mirrored at half samples."""
    before = image.shape[axis]
    if before == size:
        return image
    scale = size / before
    stretch = min(scale, 1.0)
    reach = int(np.ceil(2 / stretch)) + 1
    centre = (np.arange(size) + 0.5) / scale - 0.5
    index = np.floor(centre)[:, None] + np.arange(-reach, reach + 1)
    weight = cubic(stretch * (centre[:, None] - index))
    weight /= weight.sum(1, keepdims=True)
    mirrored = np.concatenate([np.arange(before), np.arange(before)[::-1]])[np.mod(index.astype(int), 2 * before)]
    moved = np.moveaxis(image, axis, -1)
    return np.moveaxis(np.einsum("...sk,sk->...s", moved[..., mirrored], weight), -1, axis)


def resize(image: Array, shape: tuple[int, int]) -> Array:
    return resize_axis(resize_axis(image, shape[0], 0), shape[1], 1)


def mask_of_difference(first: Pyramid, second: Pyramid) -> Pyramid:
    return [
        [ndimage.uniform_filter(np.minimum(abs(t), abs(r)), 3, mode="constant") for t, r in zip(a, b, strict=True)]
        for a, b in zip(first, second, strict=True)
    ]


def differences(
    test: Pyramid, reference: Pyramid, adaptation: Array, ppd: float, setting: Setting
) -> tuple[Pyramid, Pyramid]:
    """Per plane: what the quality is made of, and what the visibility map is made of."""
    p, q = 10**0.544068, 10**0.49576
    grid = np.logspace(-5, 5, 256)
    local = mask_of_difference(test, reference)
    last = len(test) - 1
    plain: Pyramid = []
    stored: Pyramid = []
    for b, (planes, truths) in enumerate(zip(test, reference, strict=True)):
        norm, shape = 2.0**b, planes[0].shape
        log_luminance = np.clip(resize(np.log10(adaptation.clip(1e-5, 1e5)), shape), -5, 5)
        sensitivity = np.interp(log_luminance, np.log10(grid), csf(np.array(ppd / 2 * 2.0**-b), grid))
        noise = np.ones(shape) if b == last else 1 / sensitivity
        plain.append([])
        for o, (t, r) in enumerate(zip(planes, truths, strict=True)):
            e = np.sign(t - r) * (abs(t - r) / norm) ** p * norm
            across = np.maximum(sum(local[b]) - local[b][o], 0)
            beside = np.zeros(shape)
            if b > 0:
                beside += np.maximum(resize(local[b - 1][o % len(local[b - 1])], shape), 0) / (norm / 2)
            if b < last - 1:
                beside += np.maximum(resize(local[b + 1][o % len(local[b + 1])], shape), 0) / (norm * 2)
            mask = 10**0.189065 * (local[b][o] / noise / norm) ** q
            mask += 10**0.449199 * (across / noise / norm) ** q + 10**1.52512 * (beside / noise) ** q
            total = np.sqrt(noise ** (2 * p) + (norm * mask) ** 2) if setting.masking else noise**p
            plain[-1].append(e / total)
        stored.append([np.sign(d) * (abs(d) / norm) ** (3.5 / p) * norm for d in plain[-1]])
    return plain, stored


def filter_base(pyramids: list[Pyramid], luminances: list[Array], ppd: float) -> None:
    """Contrast sensitivity of the low-pass residual, in place."""
    base = pyramids[1][-1][0]
    frequency = ppd / 2 * 2.0 ** -(len(pyramids[1]) - 1)
    rho = radial_frequency((2 * base.shape[0], 2 * base.shape[1]), frequency * 2 * np.sqrt(2))
    value = base.mean()
    for pyramid, luminance in zip(pyramids, luminances, strict=True):
        pyramid[-1][0] = filter_padded(pyramid[-1][0], csf(rho, np.array(luminance.mean())), value)


def band_errors(plain: Pyramid, changed: Array) -> list[tuple[int, float]]:
    """(band, root of the sum of squares over the count) of every plane."""
    return [
        (b, float(np.sqrt(((d * resize(changed, (d.shape[0], d.shape[1]))) ** 2).sum()) / d.size))
        for b, planes in enumerate(plain)
        for d in planes
    ]


def weigh(frequency: float, table: tuple[list[float], list[float]]) -> float:
    return float(np.interp(frequency, table[0][::-1], table[1][::-1]))


def qualities(errors: list[tuple[int, float]], ppd: float) -> tuple[float, float]:
    """Q of 2.2.1 and Q_MOS of 2.2.0."""
    q, dissimilarity = 100.0, 0.0
    for b, error in errors:
        frequency = ppd / 2 * 2.0**-b
        q -= weigh(frequency, WEIGHT_221) * (np.log(error + 1e-12) - np.log(1e-12))
        dissimilarity += weigh(frequency, WEIGHT_220) * np.log(error + 1e-12) / len(errors)
    return q, 100 / (1 + np.exp(3.455 * (dissimilarity + 0.8886)))


def hdr_vdp2(test: Array, reference: Array, ppd: float, setting: Setting) -> dict[str, float | Array]:
    """One pair, `(H, W, C)` in cd/m2."""
    mean = np.exp(np.log(reference).mean((0, 1)))
    surround = mean if setting.surround is None else np.full(test.shape[-1], setting.surround)
    lights = [eye(image, ppd, surround) if setting.optics else image for image in (test, reference)]
    (jnd_test, l_test), (jnd_reference, l_reference) = (photoreceptors(light, setting) for light in lights)
    pyramids = [build_pyramid(image, setting.taps) for image in (jnd_test, jnd_reference)]
    filter_base(pyramids, [l_test, l_reference], ppd)
    plain, stored = differences(pyramids[0], pyramids[1], (l_test + l_reference) / 2, ppd, setting)
    changed = (abs(test - reference) / reference > 0.001).any(-1).astype(float)
    q, q_mos = qualities(band_errors(plain, changed), ppd)
    visible = abs(reconstruct(stored, setting.taps))
    contrast = visible * visible.sum() / (visible.max() + 1e-12) if setting.spatial_pooling else visible
    p_map = 1 - np.exp(np.log(0.5) * contrast)
    return {"q": q, "q_mos": q_mos, "p_det": p_map.max(), "c_max": contrast.max(), "p_map": p_map}
