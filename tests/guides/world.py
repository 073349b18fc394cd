"""What a reader of the documentation has in the folder in which the commands are typed."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import scipy.io

import hdrgen
from hdrgen.cli.main import main
from hdrgen.io import Exposure, write_image
from tests.commands.brackets import write_bracket
from tests.data.datasets.trees import vds
from tests.guides.table import LESS, SHORT, fits

SIDE = (48, 64)
TOY = ["--data.train=ProceduralScenes", "--data.train.size=32", "--data.train.count=2"]
VALIDATED = ["--data.val=ProceduralScenes", "--data.val.size=32", "--data.val.count=1"]


def furnish(folder: Path) -> None:
    """Photographs, brackets, panoramas, a training, what other programs made: all tiny, in the current folder."""
    noise = np.random.default_rng(0)
    for name in ("photo", "holiday/a", "scans/b"):
        write_image(f"{name}.jpg", noise.random((16, 24, 3), np.float32))
    for name in ("bracket", "photographs/one", "photographs/two", "set1", "set2", "set3", "set4"):
        write_bracket(folder / name, side=SIDE)
    scene = noise.random((*SIDE, 3)) ** 3
    for number, ev in enumerate((-4, -2, 0, 2, 4)):
        pixels = (np.clip(scene * 2.0**ev, 0, 1) ** (1 / 2.2)).astype(np.float32)
        exposure = Exposure(time=2.0**ev / 60, fnumber=4.0, iso=100)
        write_image(f"card/IMG_{100 + number:04}.jpg", pixels, exposure=exposure)
    for name in ("HDRI/train", "HDRI/val", "HDRI/test", "my_hdr_images", "other_hdr_images"):
        write_image(f"{name}/venice.exr", (noise.random((32, 64, 3)) ** 4 * 20 + 0.01).astype(np.float32))
    for name in ("truth", "result", "TRUTHS/a", "TRUTHS/b", "RESULTS/a", "RESULTS/b", "room_learned"):
        write_image(f"{name}.exr", (noise.random((*SIDE, 3)) + 0.01).astype(np.float32))
    grid = np.linspace(0, 1, 64)
    scipy.io.savemat(
        "dorf.mat", {"I": np.stack([grid] * 5), "B": np.stack([grid ** (1 / (2 + k / 5)) for k in range(5)])}
    )
    vds(folder / "VDS", "test", count=1, size=32)
    vds(folder / "VDS", "train", count=1, size=32)
    assert main(["fit", "--config=multi_exposure_small", *TOY, *VALIDATED, *SHORT, *LESS["fit"], "--output=first"]) == 0
    shutil.copytree("first/MultiExposureGeneration/version_0", "RUN")
    shutil.copy("RUN/checkpoints/last.ckpt", "last.ckpt")
    Path("hdrgen-cache").mkdir()  # in the home of the reader
    Path("hdrgen-cache/CACHEDIR.TAG").touch()


def _results_of_another_program() -> None:
    """An image for each photograph that `hdrgen scenes` wrote: `theirs`."""
    for photograph in Path("inputs/photographs").iterdir():
        write_image(f"theirs/{photograph.stem}.exr", hdrgen.read(photograph).as_float() ** 2.2 + 1e-3)


def _tests() -> None:
    """Results of tests where a page takes them from pages before."""
    for name in (
        "quickstart/test/network",
        "quickstart/test/linear_gain",
        "results/cevr",
        "results/baseline",
        "sweep/0",
    ):
        if not Path(name).exists():
            shutil.copytree("results_gain", name)
    if not Path("runs/CEVR/version_3").exists():
        shutil.copytree("RUN", "runs/CEVR/version_3")


BEFORE: dict[str, Callable[[], None]] = {
    "test --results theirs **": _results_of_another_program,
    "report quickstart/* **": _tests,
    "report runs/CEVR/version_3 **": _tests,
    "leaderboard sweep **": _tests,
}
"""What a reader has done between two commands."""


def prepare(words: Sequence[str]) -> None:
    """Do what a command supposes."""
    for pattern, do in BEFORE.items():
        if fits(words, pattern):
            do()
