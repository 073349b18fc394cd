"""Samples per second of processor time that each kind of data gives: training samples, one core, after a first epoch.

What needs files makes them: panoramas, a folder of JPEG photographs, scenes in Kalantari's layout. `--save` keeps the
numbers, `--before` puts those of an earlier commit, measured on the same machine, beside them: copy this file into the
`benchmarks` of a checkout of it and run it there.
"""

import argparse
import inspect
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks.shared.environment import print_environment
from hdrgen.data import (
    ExposureStackDataModule,
    ExposureStackFolder,
    Kalantari,
    MovingScenes,
    ProceduralScenes,
    RandomPair,
    RenderedStacks,
    SelectedExposures,
    ThreeExposures,
    WholeStack,
    bracket_camera,
)
from hdrgen.io import write_image

CASES: dict[str, Callable[[Path], SelectedExposures]] = {
    "RenderedStacks 256, pair": lambda root: _pairs(RenderedStacks(str(root / "hdri"), size=256)),
    "RenderedStacks 384, pair": lambda root: _pairs(RenderedStacks(str(root / "hdri"), size=384)),
    "RenderedStacks 512, pair": lambda root: _pairs(RenderedStacks(str(root / "hdri"), size=512)),
    "RenderedStacks 256, nine": lambda root: SelectedExposures(
        RenderedStacks(str(root / "hdri"), size=256), WholeStack(), train=True
    ),
    "ProceduralScenes 64, pair": lambda root: _pairs(ProceduralScenes(8, 64)),
    "ProceduralScenes 256, pair": lambda root: _pairs(ProceduralScenes(8, 256)),
    "ProceduralScenes 512, pair": lambda root: _pairs(ProceduralScenes(4, 512)),
    "MovingScenes 256, three": lambda root: SelectedExposures(
        MovingScenes(ProceduralScenes(8, 256, camera=bracket_camera())), ThreeExposures(), train=True
    ),
    "Kalantari 1500 x 1000, crop 512, three": lambda root: SelectedExposures(
        Kalantari(str(root / "kalantari")), ThreeExposures(), train=True, crop=512
    ),
    "JPEG of 24 megapixels, crop 256, pair": lambda root: SelectedExposures(
        ExposureStackFolder(str(root / "photographs")), RandomPair(), train=True, crop=256
    ),
}


def _pairs(scenes: RenderedStacks | ProceduralScenes) -> SelectedExposures:
    return SelectedExposures(scenes, RandomPair(), train=True)


def write_data(root: Path) -> None:
    """Panoramas of 1024 x 512, two scenes of Kalantari's size, a bracket of 24 megapixels."""
    generator = np.random.default_rng(0)
    for name in "abcdefgh":
        write_image(root / "hdri" / f"{name}.hdr", _scene(generator, 512, 1024))
    for name in ("one", "two"):
        folder, radiance = root / "kalantari" / "Training" / name, _scene(generator, 1000, 1500)
        write_image(folder / "HDRImg.hdr", radiance)
        (folder / "exposure.txt").write_text("-2\n0\n2\n")
        for index, ev in enumerate((-2, 0, 2)):
            write_image(folder / f"{index}.tif", (radiance * 2.0**ev).clip(0, 1) ** np.float32(1 / 2.2), bits=16)
    radiance = _scene(generator, 4000, 6000)
    for ev in (-2, -1, 0, 1, 2):
        display = (radiance * 2.0**ev).clip(0, 1) ** np.float32(1 / 2.2)
        write_image(root / "photographs" / "one" / f"{ev}.jpg", display)
    rows = [f"{ev}.jpg,{ev}" for ev in (-2, -1, 0, 1, 2)]
    (root / "photographs" / "one" / "exposures.csv").write_text("\n".join(["file,ev", *rows]) + "\n")


def _scene(generator: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Smooth radiance of several stops with a little noise."""
    coarse = torch.from_numpy(generator.normal(size=(1, 3, 12, 24)).astype(np.float32))
    smooth = torch.nn.functional.interpolate(coarse, [height, width], mode="bicubic")[0].permute(1, 2, 0).numpy()
    return np.exp2(2 * smooth - 2 + 0.05 * generator.standard_normal((height, width, 1), np.float32)).astype(np.float32)


def rate(samples: SelectedExposures, epochs: int) -> Iterator[float]:
    """Samples per processor second of each epoch."""
    for epoch in range(epochs):
        start = time.process_time()
        for index in range(len(samples)):
            samples[epoch, index]
        yield len(samples) / (time.process_time() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=8, help="after the first (%(default)s); the median counts")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--save", type=Path, help="file for the numbers")
    parser.add_argument("--before", type=Path, help="numbers of an earlier commit")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print_environment()
    before = json.loads(options.before.read_text()) if options.before else {}
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_data(root)
        print("| samples per second and core | before | first epoch | later epochs | ratio |\n|---|---|---|---|---|")
        for name, case in CASES.items():
            if options.only not in name:
                continue
            samples = case(root)
            if "cache" in inspect.signature(ExposureStackDataModule).parameters:
                ExposureStackDataModule(train=samples.dataset, cache=str(root / "cache"))
            first, *later = rate(samples, options.epochs + 1)
            found[name] = [first, statistics.median(later)]
            old = before.get(name, [0.0, 0.0])[1]
            ratio = f"{found[name][1] / old:.1f}" if old else "-"
            print(f"| {name} | {old:.2f} | {first:.2f} | {found[name][1]:.1f} | {ratio} |", flush=True)
    if options.save:
        options.save.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
