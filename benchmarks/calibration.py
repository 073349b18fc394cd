"""Debevec calibration and merge beside OpenCV and colour-hdri: accuracy and time on the same stack, in the same run.

Run ``python -m benchmarks.calibration`` (see ``--help``). Both sides of a comparison are timed alternately, so that
other work on the machine hits both; medians are shown. OpenMP threads wait passively unless OMP_WAIT_POLICY says
otherwise: on a busy machine, spinning ones wait for a processor at every barrier, which is all that one would measure.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import argparse
import math
import statistics
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from benchmarks.shared.environment import commit, processor
from benchmarks.shared.timing import median_seconds
from hdrgen.camera import CameraResponse, Sigmoid, calibrate_debevec, emor_curve, expose, quantise
from hdrgen.fusion import debevec_hat, merge_debevec
from hdrgen.tonemap import mu_law

EV = torch.arange(-3, 4) * math.log2(2.5)  # seven exposures, each 2.5 times the last
FULL_WELL, READ_NOISE = 20000.0, 4.0  # electrons
CODES = slice(8, 248)


def generated_scene(seed: int, size: int) -> Tensor:
    """Radiance of many octaves with small lights, about fifteen stops; 1 is what EV 0 shows as white. (3, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    log_radiance = torch.zeros(3, size, size)
    for octave in range(2, 9):
        grid = torch.randn(1, 1, 2**octave, 2**octave, generator=generator)
        tint = 0.25 * torch.randn(1, 3, 2**octave, 2**octave, generator=generator)
        layer = torch.nn.functional.interpolate(grid + tint, size=(size, size), mode="bicubic")[0]
        log_radiance += 1.6 * 0.6 ** (octave - 2) * layer
    axis = torch.linspace(0, 1, size)
    for _ in range(6):
        y, x, spread = torch.rand(3, generator=generator).tolist()
        distance = (axis[:, None] - y) ** 2 + (axis - x) ** 2
        log_radiance += 4 * torch.exp(-distance / (2 * (0.01 + 0.03 * spread) ** 2))
    radiance = log_radiance.exp()
    # The shortest exposure just holds all but the brightest thousandth.
    return radiance / _percentile(radiance, 0.999) * 2 ** -float(EV[0])


def photographed(radiance: Tensor, response: CameraResponse, seed: int) -> Tensor:
    """Seven noisy 8-bit exposures, (7, 3, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    electrons = torch.poisson(expose(radiance, EV).clamp_max(4) * FULL_WELL, generator=generator)
    electrons += READ_NOISE * torch.randn(electrons.shape, generator=generator)
    return quantise(response(electrons / FULL_WELL), 8)


def log_response_rmse(irradiance: Tensor, truth: CameraResponse) -> list[float]:
    """RMSE of ln f^-1 over codes 8 to 247, for each channel, after removing the median difference."""
    expected = truth.inverse(torch.linspace(0, 1, 256, dtype=torch.float64)).log()
    error = (irradiance.double().log() - expected)[..., CODES]
    return [float(x) for x in (error - error.median(-1, keepdim=True).values).square().mean(-1).sqrt()]


def scaled_psnr_mu(result: Tensor, truth: Tensor) -> float:
    """PSNR after the mu-law (5000), the peak at 99.9 % of the truth, at the best of 81 common scales."""
    peak = _percentile(truth, 0.999)
    target = mu_law((truth / peak).clamp(0, 1))
    start = float((truth.median() / result.median()).log())
    errors = [
        float((mu_law((result * math.exp(start + offset) / peak).clamp(0, 1)) - target).square().mean())
        for offset in torch.linspace(-0.2, 0.2, 81).tolist()
    ]
    return -10 * math.log10(min(errors))


class OpenCV:
    """OpenCV's calibration and merge at their defaults."""

    def __init__(self, stack: Tensor) -> None:
        codes = (stack * 255).round().byte().permute(0, 2, 3, 1).numpy()
        self.images = [np.ascontiguousarray(frame) for frame in codes]
        self.times = EV.exp2().numpy()

    def calibrate(self) -> Tensor:
        """Exposure of every code, (3, 256)."""
        return torch.from_numpy(cv2.createCalibrateDebevec().process(self.images, self.times)[:, 0].T)

    def calibrate_and_merge(self) -> Tensor:
        """Radiance, (3, H, W)."""
        curve = cv2.createCalibrateDebevec().process(self.images, self.times)
        return torch.from_numpy(cv2.createMergeDebevec().process(self.images, self.times, curve)).permute(2, 0, 1)


def colour_merge(stack: Tensor, truth: CameraResponse) -> Callable[[], Tensor]:
    """colour-hdri's merge with the true response, which it is given."""
    warnings.filterwarnings("ignore", module="colour")
    from colour_hdri import Image, ImageStack, Metadata, image_stack_to_HDRI  # slow to import

    table = truth.inverse(torch.linspace(0, 1, 256, dtype=torch.float64)).numpy()
    curves = np.stack([table] * 3, axis=-1)
    frames = [frame.permute(1, 2, 0).double().numpy() for frame in stack]

    def merge() -> Tensor:
        images = ImageStack()
        for frame, stops in zip(frames, EV.tolist(), strict=True):
            metadata = Metadata(f_number=1.0, exposure_time=2.0**stops, iso=100.0)
            images.append(Image(data=frame.copy(), metadata=metadata))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.from_numpy(image_stack_to_HDRI(images, camera_response_functions=curves)).permute(2, 0, 1)

    return merge


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a markdown table."""
    options = _options(arguments)
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    truth: CameraResponse = emor_curve([-0.6, 0.25], options.emor) if options.emor.is_file() else Sigmoid()
    radiance = options.scene(options.seed, options.size) if options.radiance is None else _loaded(options.radiance)
    stack = photographed(radiance, truth, options.seed + 1)
    print(_machine(options.threads))
    stops = math.log2(_percentile(radiance, 0.999) / _percentile(radiance, 0.001))
    shape = "x".join(str(size) for size in stack.shape)
    print(f"stack {shape}, {stops:.1f} stops between the 0.1 and 99.9 percentiles, response {truth.name}\n")
    print("| what | hdrgen | OpenCV | colour-hdri | bar | met |\n|---|---|---|---|---|---|")
    with torch.no_grad():
        for row in (*_calibration_rows(stack, truth, options.repeats), *_merge_rows(stack, radiance, truth, options)):
            print("| " + " | ".join(row) + " |", flush=True)


def _calibration_rows(stack: Tensor, truth: CameraResponse, repeats: int) -> list[tuple[str, ...]]:
    opencv = OpenCV(stack)
    batch = stack.expand(16, *stack.shape).contiguous()
    times = median_seconds({"ours": lambda: calibrate_debevec(stack, EV), "theirs": opencv.calibrate}, repeats)
    ours, theirs = times["ours"], times["theirs"]
    # On their own: OpenCV's threads go on spinning for a while, on the processors of whatever comes next.
    batches = {
        "sixteen": lambda: calibrate_debevec(batch, EV),
        "eight": lambda: [calibrate_debevec(single, EV) for single in batch[:8]],
    }
    times = median_seconds(batches, repeats)
    sixteen, eight = times["sixteen"], times["eight"]
    errors = log_response_rmse(calibrate_debevec(stack, EV).irradiance, truth)
    their_errors = log_response_rmse(opencv.calibrate(), truth)
    worst, mean = max(errors) <= max(their_errors), statistics.mean(errors) <= statistics.mean(their_errors)
    return [
        (
            "calibration",
            _ms(ours),
            _ms(theirs),
            "",
            ">= 10 x faster",
            f"{_met(theirs >= 10 * ours)} {theirs / ours:.1f} x",
        ),
        ("log-response RMSE (R, G, B)", _three(errors), _three(their_errors), "", "no worse", _met(worst and mean)),
        ("16 stacks in one call", _ms(sixteen), "", "", f"< 8 calls ({_ms(eight)})", _met(sixteen < eight)),
    ]


def _merge_rows(
    stack: Tensor, radiance: Tensor, truth: CameraResponse, options: argparse.Namespace
) -> list[tuple[str, ...]]:
    merges = {
        "hdrgen": lambda: merge_debevec(stack, EV, calibrate_debevec(stack, EV)),
        "OpenCV": OpenCV(stack).calibrate_and_merge,
        "colour-hdri": colour_merge(stack, truth),
    }
    times = list(median_seconds(merges, options.repeats).values())
    quality = [scaled_psnr_mu(merge(), radiance) for merge in merges.values()]
    hat = scaled_psnr_mu(merge_debevec(stack, EV, calibrate_debevec(stack, EV), weight=debevec_hat), radiance)
    faster = times[0] < min(times[1:])
    return [
        ("calibrate + merge", *(_ms(t) for t in times), "below both", _met(faster)),
        (
            "PSNR-mu [dB] (colour-hdri is given the true response)",
            *(f"{q:.2f}" for q in quality),
            ">= the better",
            _met(quality[0] >= max(quality[1:])),
        ),
        ("PSNR-mu [dB], Debevec's weights (debevec_hat)", f"{hat:.2f}", "", "", "", ""),
    ]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=512, help="side of the generated scene in pixels")
    parser.add_argument("--seed", type=int, default=0, help="of scene and noise")
    parser.add_argument("--repeats", type=int, default=9, help="timed runs of each call")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch and OpenCV")
    parser.add_argument("--radiance", type=Path, help="an .hdr or .exr to photograph instead of the generated scene")
    default = Path(__file__).resolve().parents[2] / "shared" / "data" / "crf" / "emor.txt"
    parser.add_argument("--emor", type=Path, default=default, help="EMoR text; without it the response is a sigmoid")
    parser.set_defaults(scene=generated_scene)
    return parser.parse_args(arguments)


def _loaded(path: Path) -> Tensor:
    from hdrgen.io import read_image

    radiance = torch.from_numpy(read_image(path).as_float()).permute(2, 0, 1).clamp_min(0).contiguous()
    return radiance / _percentile(radiance, 0.999) * 2 ** -float(EV[0])


def _machine(threads: int) -> str:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{processor()}, {os.cpu_count()} CPUs, load {load}; "
        f"torch {torch.__version__}, OpenCV {cv2.__version__}, {threads} threads; commit {commit()}"
    )


def _percentile(values: Tensor, share: float) -> float:
    return float(np.quantile(values.numpy(), share))


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms"


def _three(errors: Sequence[float]) -> str:
    return ", ".join(f"{error:.4f}" for error in errors)


def _met(condition: bool) -> str:
    return "yes" if condition else "NO"


if __name__ == "__main__":
    main()
