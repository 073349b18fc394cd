"""The numbers of pairs of images: reading, alignment, and the metrics that fit what the files hold."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hdrgen.comparison.choices import ENCODINGS, PPD, ComparisonSettings
from hdrgen.comparison.matching import Pair
from hdrgen.errors import InputError, InputWarning, suggest
from hdrgen.io import ARRAY_SUFFIX, BT709, Image, converted, read_array, read_image, same_colours
from hdrgen.metrics import (
    ALIGNMENTS,
    DOMAINS,
    ImageMetric,
    Setting,
    all_metrics,
    check_images,
    decode_xyz,
    metric_named,
)
from hdrgen.plugins import plugins
from hdrgen.version import __version__

DIM = 50.0
"""cd/m2 up to which the brightest value of an image is hardly absolute: no display is so dim."""
VDP_BYTES, OTHER_BYTES = 125, 60
"""For each pixel of a pair at the peak, in float32, with hdr_vdp2 and without; measured on 24 megapixels."""
KINDS = {True: "radiance", False: "display values"}
"""What a file holds, by whether it is linear."""


@dataclass(frozen=True)
class Comparison:
    """The numbers of one pair.

    Attributes:
        pair: The files.
        metrics: Those that were measured, in order.
        values: By the names of their outputs.
        settings: Everything that the numbers depend on, as JSON has it.
    """

    pair: Pair
    metrics: list[ImageMetric]
    values: dict[str, float]
    settings: dict[str, Any]


def compare_pairs(pairs: Iterable[Pair], settings: ComparisonSettings) -> Iterator[Comparison]:
    """Measure one pair after the other.

    Raises:
        InputError: Files that cannot be compared, or by these metrics.
    """
    chosen = ChosenMetrics(settings)
    for pair in pairs:
        yield _measured(pair, chosen, settings)


class ChosenMetrics:
    """The metrics that the settings ask for, made once.

    Args:
        settings: Of the comparison.

    Raises:
        InputError: There is no metric of one of the names, or one lacks what it needs.
    """

    def __init__(self, settings: ComparisonSettings) -> None:
        self.by_name = settings.metrics is not None
        self.encoding = settings.encoding
        known = all_metrics()
        usual = [name for name, metric in known.items() if not metric.needs]
        names = usual if settings.metrics is None else settings.metrics
        outputs = {output: name for name, metric in known.items() for output in metric.outputs}
        if not names:
            raise InputError(f"expected names of metrics, found none; choose among {', '.join(known)}", "metrics")
        for name in names:
            if name in known or name in outputs:
                continue
            found = metric_named(name)  # of another package, which is imported when it is asked for
            if found is None:
                there = [*known, *(plugin.name for plugin in plugins("metrics") if plugin.name not in known)]
                raise InputError(f"no metric {name!r}{suggest(name, there)} (metrics: {', '.join(there)})", "metrics")
            known[name] = found
        parameters = _parameters(settings)
        chosen = dict.fromkeys(name if name in known else outputs[name] for name in names)
        self.metrics = {name: known[name](**parameters.get(name, {})) for name in chosen}
        self.bytes_each = VDP_BYTES if "hdr_vdp2" in self.metrics else OTHER_BYTES

    def that_take(self, linear: bool, path: Path) -> dict[str, ImageMetric]:
        """Those for radiance (`linear`), or for display values; all must fit if they were asked for by name.

        Raises:
            InputError: One that was asked for does not take what the file holds, or none does.
        """
        fit = {name: one for name, one in self.metrics.items() if (one.domain != "display") == linear}
        unfit = [name for name in self.metrics if name not in fit]
        if unfit and (self.by_name or not fit):
            takes = DOMAINS[self.metrics[unfit[0]].domain]
            holds = "radiance: tone-map it" if linear else "display values (for hdr_vdp2: encoding='sRGB-display')"
            argument = "metrics" if linear else "encoding"
            raise InputError(f"{unfit[0]} takes {takes}, but {path} holds {holds}, or choose other metrics", argument)
        if "hdr_vdp2" in unfit and self.encoding != ENCODINGS[0]:  # by default it is left out of display values
            kind = KINDS[self.metrics["hdr_vdp2"].domain != "display"]
            raise InputError(f"encoding={self.encoding!r} is for {kind}, but {path} holds {KINDS[linear]}", "encoding")
        return fit


def _parameters(settings: ComparisonSettings) -> dict[str, dict[str, Any]]:
    """What the settings say of each metric."""
    mu, pu21 = {"mu": settings.mu}, {"crf_correction": settings.crf_correction}
    return {
        "psnr_mu": mu,
        "ssim_mu": mu,
        "pu21_psnr": pu21,
        "pu21_ssim": pu21,
        "hdr_vdp2": {"ppd": settings.ppd or PPD, "encoding": settings.encoding},
        "cvvdp": {"ppd": settings.ppd},
        "lpips": {"network": settings.lpips_network, "weights": settings.lpips_weights},
    }


def _measured(pair: Pair, chosen: ChosenMetrics, settings: ComparisonSettings) -> Comparison:
    reference = read_pixels(pair.reference, settings.clean, chosen.bytes_each * np.dtype(settings.dtype).itemsize / 4)
    test = read_pixels(pair.test, settings.clean)
    if reference.linear != test.linear:
        raise InputError(
            f"{pair.test}: expected {KINDS[reference.linear]} like {pair.reference}, found {KINDS[test.linear]}"
        )
    metrics = chosen.that_take(reference.linear, pair.test)
    to_bt709 = settings.encoding == ENCODINGS[0]
    linear = reference.linear
    target, image = (tensor_of(one, settings.dtype, to_bt709) for one in (reference, test))
    del reference, test  # half a gigabyte for two photographs of 24 megapixels
    image = check_images(image, target, [f"{pair.test} against {pair.reference}"], "radiance" if linear else "display")
    if linear:
        image, target = ALIGNMENTS[settings.align_scale](image, target)
    elif settings.align_scale != "none":
        raise InputError(
            f"align_scale={settings.align_scale!r} is for radiance, but {pair.test} holds display values", "align_scale"
        )
    _warn_of_relative_radiance(metrics, target, settings.luminance, pair.reference)
    values = _values(metrics, image, target, chosen.by_name, settings)
    measured = [one for one in metrics.values() if one.outputs[0] in values]
    return Comparison(pair, measured, values, _record_of(settings, measured, linear))


def _warn_of_relative_radiance(metrics: dict[str, ImageMetric], target: Tensor, luminance: float, path: Path) -> None:
    absolute = [name for name, metric in metrics.items() if metric.domain == "luminance"]
    brightest = target.max().item() * luminance
    usual = luminance == ComparisonSettings().luminance
    if absolute and brightest <= (DIM if usual else 1):
        text = (
            f"{', '.join(absolute)} take cd/m2, and the brightest value of {path} is {brightest:.2g}, taken as"
            f" {brightest:.2g} cd/m2: if the file is relative, pass luminance=CD_M2, that of its value 1"
        )
        warnings.warn(InputWarning(text, "luminance"), stacklevel=2)


def _values(
    metrics: dict[str, ImageMetric], image: Tensor, target: Tensor, by_name: bool, settings: ComparisonSettings
) -> dict[str, float]:
    values: dict[str, float] = {}
    pair = image, target
    # HDR-VDP knows the encoding; all others take BT.709, whose gamut cuts what it cannot hold.
    bt709 = [decode_xyz(one).clamp_min(0) for one in pair] if settings.encoding == "XYZ" else pair
    for name, metric in metrics.items():
        scale = settings.luminance if metric.domain == "luminance" else 1.0
        test, truth = pair if name == "hdr_vdp2" else bt709
        try:
            with torch.no_grad():
                scaled = [test, truth] if scale == 1 else [test * scale, truth * scale]
                numbers = metric.measure(*scaled)
        except InputError as error:  # such as an image too small for it
            if by_name:
                raise
            warnings.warn(InputWarning(f"{name} left out: {error}", error.argument), stacklevel=2)
            continue
        values |= {output: numbers[output].item() for output in metric.outputs}
    return values


def read_pixels(path: Path, clean: bool = False, working_bytes: float = 0) -> Image:
    """An image file, or an array that NumPy wrote.

    Raises:
        InputError: It cannot be read, or with the working bytes of each pixel is more than memory holds; without
            `clean`, values that radiance cannot have.
    """
    read = read_array if path.suffix.lower() == ARRAY_SUFFIX else read_image
    return read(path, clean=clean, working_bytes=working_bytes)


def tensor_of(image: Image, dtype: str, to_bt709: bool = True) -> Tensor:
    """`(1, 3, H, W)` of display values in [0, 1], or of radiance, in BT.709 where the file says what else it is in."""
    pixels = image.pixels if image.linear else image.as_float()
    colours = image.chromaticities
    if image.linear and to_bt709 and colours is not None and not same_colours(colours, BT709.chromaticities):
        pixels = converted(pixels, colours, BT709.chromaticities)
    planes: Any = np.ascontiguousarray(np.moveaxis(pixels, -1, 0).astype(dtype, copy=False))
    return torch.from_numpy(planes)[None]


def _record_of(settings: ComparisonSettings, metrics: Sequence[ImageMetric], linear: bool) -> dict[str, Any]:
    """Everything that the numbers depend on, as JSON has it; display values are neither aligned nor scaled."""
    parameters: dict[str, dict[str, Setting]] = {metric.name(): metric.settings() for metric in metrics}
    return {
        "images": "radiance" if linear else "display values",
        "align_scale": settings.align_scale if linear else None,
        "luminance": settings.luminance if linear else None,
        "encoding": settings.encoding if linear else None,
        "dtype": settings.dtype,
        "clean": settings.clean,
        "metrics": parameters,
        "versions": {"hdrgen": __version__, "torch": torch.__version__},
    }
