"""HDR-VDP 2.2: time of a pair of images, beside a plain NumPy model of the same; and how near the release's numbers.

The jobs are timed alternately in the same run, so that other work on the machine hits all; medians are shown. The
original takes 3 to 6 s for a pair of 512 x 512 under Octave on such a machine. With `--references FOLDER`, a folder of
pairs and of the release's numbers for them (`references.json`), the largest differences over all rows are added.
"""

import argparse
import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.shared.environment import print_environment
from benchmarks.shared.timing import median_seconds
from hdrgen.metrics import hdr_vdp2
from tests.metrics import hdr_vdp2_oracle as oracle
from tests.metrics.test_hdr_vdp2 import setting
from tests.metrics.test_hdr_vdp2_release import judge

PPD = 32.45


def invented_pairs(count: int, size: int) -> tuple[Tensor, Tensor]:
    """Clouds of light over five orders of magnitude around 50 cd/m2 and the same with 5 % noise; tests, references."""
    generator = torch.Generator().manual_seed(0)
    clouds = sum(
        F.interpolate(torch.randn(count, 3, side, side, generator=generator), size=(size, size), mode="bicubic") / n
        for n, side in enumerate((4, 16, 64, size), start=1)
    )
    references = 50 * torch.exp(1.2 * torch.as_tensor(clouds))
    noise = torch.randn(references.shape, generator=generator)
    return (references * (1 + 0.05 * noise)).clamp_min(0), references


def gradient(test: Tensor, reference: Tensor) -> Tensor:
    """Of Q by the test image."""
    test = test.detach().requires_grad_()
    return torch.autograd.grad(hdr_vdp2(test, reference, PPD).q.sum(), test)[0]


def numpy_pair(test: Tensor, reference: Tensor) -> None:
    """The plain model, float64."""
    images = [image[0].permute(1, 2, 0).double().numpy() for image in (test, reference)]
    oracle.hdr_vdp2(*images, PPD, setting())


def jobs(test: Tensor, reference: Tensor) -> dict[str, tuple[int, Callable[[], object]]]:
    """What is timed, with the number of pairs in it."""
    one, other = test[:1], reference[:1]
    count = len(test)
    timed: dict[str, tuple[int, Callable[[], object]]] = {
        "one pair, float32": (1, lambda: hdr_vdp2(one, other, PPD)),
        f"{count} pairs one by one, float32": (
            count,
            lambda: [hdr_vdp2(*pair, PPD) for pair in zip(test.split(1), reference.split(1), strict=True)],
        ),
        f"{count} pairs in a batch, float32": (count, lambda: hdr_vdp2(test, reference, PPD)),
        "one pair, float64": (1, lambda: hdr_vdp2(one.double(), other.double(), PPD)),
        "one pair and the gradient of Q, float32": (1, lambda: gradient(one, other)),
    }
    if test.device.type == "cpu":
        timed["plain NumPy and SciPy, float64"] = (1, lambda: numpy_pair(one, other))
    return timed


def print_times(device: str, size: int, count: int, repeats: int) -> None:
    """A row for each job: median milliseconds of the call and of each pair."""
    test, reference = (image.to(device) for image in invented_pairs(count, size))
    work_by_name = jobs(test, reference)
    times = median_seconds({name: work for name, (_, work) in work_by_name.items()}, repeats)
    print(f"\n| {size} x {size} pixels on {device} | ms | ms per pair |\n|---|---|---|")
    for name, (pairs, _) in work_by_name.items():
        milliseconds = 1000 * times[name]
        print(f"| {name} | {milliseconds:.1f} | {milliseconds / pairs:.1f} |")


def print_differences(folder: Path) -> None:
    """The largest differences from the release over all its rows."""
    rows = json.loads((folder / "references.json").read_text())["results"]
    print(
        f"\n| {len(rows)} rows of the release | largest error of Q | of C_max, relative | of Q_MOS 2.2.0 |\n"
        "|---|---|---|---|"
    )
    for dtype in (torch.float64, torch.float32):
        results = [(row, judge(folder, row, dtype)) for row in rows]
        q = max(abs(result.q.item() - row["Q"]) for row, result in results)
        c = max(abs(result.c_max.item() - row["C_max"]) / max(row["C_max"], 1e-12) for row, result in results)
        mos = max(abs(result.q_mos_220.item() - row["v220"]["Q_MOS"]) for row, result in results if "v220" in row)
        print(f"| {str(dtype).removeprefix('torch.')} | {q:.2g} | {c:.2g} | {mos:.2g} |", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512, help="height and width in pixels (%(default)s)")
    parser.add_argument("--count", type=int, default=8, help="pairs in a batch (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="calls of each, alternately (%(default)s)")
    parser.add_argument("--references", type=Path, help="folder of the release's numbers, see above")
    options = parser.parse_args()
    print_environment()
    for device in ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]:
        print_times(device, options.size, options.count, options.repeats)
    print(f"\npeak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    if options.references is not None:
        print_differences(options.references)
    return 0


if __name__ == "__main__":
    sys.exit(main())
