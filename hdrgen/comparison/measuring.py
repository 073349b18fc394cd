"""The numbers of pairs of images: reading, alignment, and the metrics that fit what the files hold."""

import argparse
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hdrgen.commands.compare import ENCODINGS, PPD
from hdrgen.commands.metrics import TAKES, all_metrics
from hdrgen.comparison.pairs import Pair
from hdrgen.errors import InputError, suggest
from hdrgen.io import Image, read_image
from hdrgen.io.arrays import ARRAY_SUFFIX, read_array
from hdrgen.io.colour import BT709, converted, same_colours
from hdrgen.metrics import ALIGNMENTS, ImageMetric, Setting, check_images
from hdrgen.metrics.hdr_vdp2.displays import decode_xyz
from hdrgen.version import __version__

KINDS = {True: "radiance", False: "display values"}
"""What a file holds, by whether it is linear."""


@dataclass(frozen=True)
class Comparison:
    """What was found out about one pair."""

    pair: Pair
    metrics: list[ImageMetric]
    """Those that were measured, in order."""
    values: dict[str, float]
    """By the names of their outputs."""
    settings: dict[str, Any]
    """Every setting, as JSON has it."""


def compare(pairs: Iterable[Pair], options: argparse.Namespace) -> Iterator[Comparison]:
    """Measure one pair after the other.

    Args:
        pairs: Of files.
        options: Of `hdrgen.commands.compare.parser`; `given_ppd` holds the pixels per degree if any were given.

    Raises:
        InputError: Files that cannot be compared, or by these metrics.
    """
    chosen = Choice(options)
    for pair in pairs:
        yield _measured(pair, chosen, options)


class Choice:
    """The metrics asked for, made once and only if an image needs them.

    Args:
        options: Of the command line.

    Raises:
        InputError: If there is no metric of one of the names, or one lacks what it needs.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.explicit = options.metrics is not None
        self.encoding: str = options.encoding
        known = all_metrics()
        names = options.metrics if self.explicit else [name for name, metric in known.items() if not metric.needs]
        outputs = {output: name for name, metric in known.items() for output in metric.outputs}
        if not names:
            raise InputError(f"expected names of metrics, found none; choose among {', '.join(known)}")
        for name in names:
            if name not in known and name not in outputs:
                raise InputError(f"no metric {name!r}{suggest(name, known)} (metrics: {', '.join(known)})")
        parameters = _parameters(options)
        chosen = dict.fromkeys(name if name in known else outputs[name] for name in names)
        self.metrics = {name: known[name](**parameters.get(name, {})) for name in chosen}

    def of(self, linear: bool, path: Path) -> dict[str, ImageMetric]:
        """Those for radiance, or for display values; all, if they were asked for by name.

        Raises:
            InputError: If one asked for does not take what the file holds, or none does.
        """
        fit = {name: one for name, one in self.metrics.items() if (one.domain != "display") == linear}
        unfit = [name for name in self.metrics if name not in fit]
        if unfit and (self.explicit or not fit):
            wanted = TAKES[self.metrics[unfit[0]].domain]
            found = (
                "radiance: tone-map it first" if linear else "display values (for hdr_vdp2: --encoding sRGB-display)"
            )
            raise InputError(f"{unfit[0]} takes {wanted}, but {path} holds {found}, or choose other --metrics")
        if "hdr_vdp2" in unfit and self.encoding != ENCODINGS[0]:  # by default it is left out of display values
            kind = KINDS[self.metrics["hdr_vdp2"].domain != "display"]
            raise InputError(f"--encoding {self.encoding} is for {kind}, but {path} holds {KINDS[linear]}")
        return fit


def _parameters(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """What the command line sets of each metric."""
    mu, pu21 = {"mu": options.mu}, {"crf_correction": options.crf_correction}
    return {
        "psnr_mu": mu,
        "ssim_mu": mu,
        "pu21_psnr": pu21,
        "pu21_ssim": pu21,
        "hdr_vdp2": {"ppd": options.given_ppd or PPD, "encoding": options.encoding},
        "cvvdp": {"ppd": options.given_ppd},
        "lpips": {"network": options.lpips_network, "weights": options.lpips_weights},
    }


def _measured(pair: Pair, chosen: Choice, options: argparse.Namespace) -> Comparison:
    reference, test = (_read(path, options.clean) for path in pair)
    if reference.linear != test.linear:
        raise InputError(
            f"{pair.test}: expected {KINDS[reference.linear]} like {pair.reference}, found {KINDS[test.linear]}"
        )
    metrics = chosen.of(reference.linear, pair.test)
    colours = options.encoding == ENCODINGS[0]
    target, image = (_tensor(one, options.dtype, colours) for one in (reference, test))
    image = check_images(
        image, target, [f"{pair.test} against {pair.reference}"], "radiance" if reference.linear else "display"
    )
    if reference.linear:
        image, target = ALIGNMENTS[options.align_scale](image, target)
    elif options.align_scale != "none":
        raise InputError(f"--align-scale {options.align_scale} is for radiance, but {pair.test} holds display values")
    _warn_of_relative_radiance(metrics, target, options.luminance, pair.reference)
    values = _values(metrics, image, target, chosen.explicit, options)
    measured = [one for one in metrics.values() if one.outputs[0] in values]
    return Comparison(pair, measured, values, _settings(measured, reference.linear, options))


def _warn_of_relative_radiance(metrics: dict[str, ImageMetric], target: Tensor, luminance: float, path: Path) -> None:
    absolute = [name for name, metric in metrics.items() if metric.domain == "luminance"]
    brightest = target.max().item() * luminance
    if absolute and brightest <= 1:
        warnings.warn(
            f"{', '.join(absolute)} take cd/m2, and the brightest value of {path} is {brightest:.2g}: if the file is"
            " relative, give the cd/m2 of its value 1 with --luminance",
            stacklevel=2,
        )


def _values(
    metrics: dict[str, ImageMetric], image: Tensor, target: Tensor, explicit: bool, options: argparse.Namespace
) -> dict[str, float]:
    values: dict[str, float] = {}
    pair = image, target
    # All metrics but HDR-VDP, which is told, take BT.709; its gamut cuts what it cannot hold.
    bt709 = [decode_xyz(one).clamp_min(0) for one in pair] if options.encoding == "XYZ" else pair
    for name, metric in metrics.items():
        scale = options.luminance if metric.domain == "luminance" else 1.0
        found, wanted = pair if name == "hdr_vdp2" else bt709
        try:
            with torch.no_grad():
                numbers = metric.measure(found * scale, wanted * scale)
        except InputError as error:  # such as an image too small for it
            if explicit:
                raise
            warnings.warn(f"{name} left out: {error}", stacklevel=2)
            continue
        values |= {output: numbers[output].item() for output in metric.outputs}
    return values


def _read(path: Path, clean: bool) -> Image:
    return read_array(path, clean=clean) if path.suffix.lower() == ARRAY_SUFFIX else read_image(path, clean=clean)


def _tensor(image: Image, dtype: str, to_bt709: bool) -> Tensor:
    """`(1, 3, H, W)` of display values in [0, 1], or of radiance, in BT.709 where the file says what else it is in."""
    pixels = image.pixels if image.linear else image.as_float()
    named = image.chromaticities
    if image.linear and to_bt709 and named is not None and not same_colours(named, BT709.chromaticities):
        pixels = converted(pixels, named, BT709.chromaticities)
    numbers: Any = np.ascontiguousarray(pixels.astype(dtype))
    return torch.from_numpy(numbers).movedim(-1, 0)[None]


def _settings(metrics: Sequence[ImageMetric], linear: bool, options: argparse.Namespace) -> dict[str, Any]:
    """What was done to the images, as JSON has it; display values are neither aligned nor scaled."""
    parameters: dict[str, dict[str, Setting]] = {metric.name(): metric.settings() for metric in metrics}
    return {
        "images": "radiance" if linear else "display values",
        "align_scale": options.align_scale if linear else None,
        "luminance": options.luminance if linear else None,
        "encoding": options.encoding if linear else None,
        "dtype": options.dtype,
        "clean": options.clean,
        "metrics": parameters,
        "versions": {"hdrgen": __version__, "torch": torch.__version__},
    }
