"""Merging large photographs beside OpenCV: time, peak memory and PSNR-mu, each in a process of its own, in one run.

Frames are generated: radiance with detail at every scale over twelve stops, photographed with noise through gamma 2.2.
Reading the files is outside the times; the frames as they lie in memory are part of the peak memory, for both. With
--files, the whole command `hdrgen merge`, files to file; with --opencv, that beside a script that does the same.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.shared.large_frames import CHECKED, EV, GAMMA, make_frames


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=6000, help="of the photographs (%(default)s)")
    parser.add_argument("--height", type=int, default=4000, help="of the photographs (%(default)s)")
    parser.add_argument("--files", action="store_true", help="measure the command `hdrgen merge` on files instead")
    parser.add_argument("--opencv", action="store_true", help="the same beside OpenCV, each as a whole process")
    parser.add_argument("--only", choices=JOBS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        measure(options.only, options.folder)
        return 0
    from benchmarks import merge_files
    from benchmarks.shared.environment import print_environment

    print_environment()
    if options.files or options.opencv:
        (merge_files.run_beside_opencv if options.opencv else merge_files.run)(options.height, options.width)
        return 0
    with tempfile.TemporaryDirectory(prefix="hdrgen-photographs-") as name:
        make_frames(Path(name), options.height, options.width)
        print(f"{len(EV)} frames of {options.width} x {options.height}, 8 bits\n")
        print("| work | seconds | processor seconds | peak memory | PSNR-mu |\n|---|---|---|---|---|")
        for job in JOBS:
            command = [sys.executable, "-m", "benchmarks.merge_photographs", "--only", job, "--folder", name]
            cost = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            quality = f"{cost['psnr']:.2f} dB" if "psnr" in cost else "-"
            times = f"{cost['seconds']:.2f} | {cost['processor']:.2f}"
            print(f"| {job} | {times} | {cost['memory']:.2f} GiB | {quality} |", flush=True)
    return 0


def known_response(frames: list[np.ndarray]) -> np.ndarray:
    """Ours, with the camera's true curve."""
    from hdrgen.camera import Gamma
    from hdrgen.fusion import merge_photographs

    return merge_photographs(frames, EV, Gamma(GAMMA))


def opencv_known_response(frames: list[np.ndarray]) -> np.ndarray:
    """MergeDebevec with the camera's true curve."""
    import cv2

    table = np.repeat((np.maximum(np.arange(256), 0.5) / 255.0)[:, None, None] ** GAMMA, 3, axis=2)
    times = np.exp2(np.array(EV, np.float32))
    return np.asarray(cv2.createMergeDebevec().process(frames, times, table.astype(np.float32)))


def everything(frames: list[np.ndarray]) -> np.ndarray:
    """Alignment (turns and perspective, too), calibration and merge."""
    from hdrgen.fusion import align_photographs

    alignments = align_photographs(frames, len(frames) // 2)
    return calibrated(frames, [alignment.matrix for alignment in alignments])


def calibrated(frames: list[np.ndarray], matrices: list[np.ndarray]) -> np.ndarray:
    """Calibration, and a merge of the frames moved like that."""
    import torch

    from hdrgen.camera import calibrate_debevec
    from hdrgen.fusion import aligned, debevec_hat, merge_photographs

    step = max(1, int((frames[0][..., 0].size / 2**17) ** 0.5))
    small = torch.stack([torch.from_numpy(frame[::step, ::step] / np.float32(255)) for frame in frames])
    response = calibrate_debevec(small.permute(0, 3, 1, 2), torch.tensor(EV))
    return merge_photographs(aligned(frames, matrices), EV, response, weight=debevec_hat)


def everything_resampled(frames: list[np.ndarray]) -> np.ndarray:
    """The same, but every frame is resampled but the reference, as hand-held ones are; the result is out of focus."""
    from hdrgen.fusion import align_photographs

    middle = len(frames) // 2
    align_photographs(frames, middle)
    matrices = [np.eye(3) for _ in frames]
    for index, matrix in enumerate(matrices):
        matrix[:2, 2] = 0 if index == middle else (0.3 + index, 0.6 - index)
    return calibrated(frames, matrices)


def opencv_everything(frames: list[np.ndarray]) -> np.ndarray:
    """AlignMTB, CalibrateDebevec and MergeDebevec."""
    import cv2

    times = np.exp2(np.array(EV, np.float32))
    moved: list[Any] = [np.empty_like(frame) for frame in frames]
    cv2.createAlignMTB().process(frames, moved, times, np.empty(0))
    response = cv2.createCalibrateDebevec().process(moved, times)
    return np.asarray(cv2.createMergeDebevec().process(moved, times, response))


JOBS: dict[str, Callable[[list[np.ndarray]], np.ndarray]] = {
    "OpenCV MergeDebevec, known response": opencv_known_response,
    "hdrgen, known response": known_response,
    "OpenCV AlignMTB, CalibrateDebevec, MergeDebevec": opencv_everything,
    "hdrgen, alignment, calibration, merge": everything,
    "hdrgen, the same, all frames but one resampled": everything_resampled,
}


def measure(job: str, folder: Path) -> None:
    """Do one of the jobs and print what it took, as JSON."""
    if "OpenCV" in job:
        import cv2  # noqa: F401 (imports are no part of the times, and of the memory of those who need them only)
    else:
        import hdrgen.fusion  # noqa: F401

    frames = [np.load(folder / f"{index}.npy") for index in range(len(EV))]
    start, used = time.perf_counter(), time.process_time()
    radiance = JOBS[job](frames)
    cost = {"seconds": time.perf_counter() - start, "processor": time.process_time() - used}
    cost["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # KiB on Linux
    if radiance.shape == frames[0].shape:
        cost["psnr"] = quality(radiance, np.load(folder / "truth.npy"))
    print(json.dumps(cost))


def quality(radiance: np.ndarray, truth: np.ndarray) -> float:
    """PSNR-mu on some of the pixels, after the best scale for them."""
    import torch

    from hdrgen.metrics import match_scale, psnr_mu

    ours, true = (torch.from_numpy(np.ascontiguousarray(x)).permute(2, 0, 1)[None] for x in (radiance, truth))
    ours = ours[..., ::CHECKED, ::CHECKED]
    return float(psnr_mu(match_scale(ours, true), true, beyond_peak="clip"))  # as docs/results.md


if __name__ == "__main__":
    sys.exit(main())
