"""The commands by which the READMEs train on data sets of their own layout, at sizes that train in seconds."""

import shlex

import numpy as np
import pytest

from hdrgen.cli.main import main
from hdrgen.io import write_image
from tests.pages import ROOT, commands

SIDE = 32


def drtmo(folder):
    for image in range(20):
        for index, letter in enumerate("abcdefghi"):
            name = f"image{image}_0_0_0_gamma+1.4/{letter}.png"
            write_image(
                folder / "training_data/Train/Bracketed_images" / name, np.full((SIDE, SIDE, 3), 20 * index, np.uint8)
            )


def sice(folder):
    for scene in range(1, 6):
        for number in (1, 2, 3):
            write_image(folder / f"Dataset_Part1/{scene}/{number}.JPG", np.full((SIDE, SIDE, 3), 60 * number, np.uint8))
        write_image(folder.with_name("SICE_merged") / f"{scene}.exr", np.ones((SIDE, SIDE, 3), np.float32))
    (folder / "best_index.txt").write_text("".join(f"{scene}_1_3.png" for scene in range(1, 6)))


SHRUNK = {
    "multi_exposure": (
        drtmo,
        "--model.encoder_channels [2,2] --model.exposure_channels [2,2] --data.augmentation.crop 16",
    ),
    "adaptive_itm": (
        sice,
        "--model.channels [4,4] --model.discriminator_channels [2,2] --model.global_channels 8 --model.global_size 32"
        " --model.fusion_channels 4 --data.train.square 32 --data.val.square 32 --data.augmentation.crop 32",
    ),
}


@pytest.mark.parametrize("method", SHRUNK)
def test_the_command_for_the_papers_data_finds_its_scenes_and_trains(method, tmp_path, monkeypatch):
    make, smaller = SHRUNK[method]
    (words,) = [
        words
        for words in commands(ROOT / f"hdrgen/methods/{method}/README.md")
        if words[1:4] == ["fit", "--config", method]
    ]
    make(tmp_path / words[words.index("--data.train.root") + 1])
    monkeypatch.chdir(tmp_path)
    quick = "--model.perceptual_weight 0 --data.num_workers 0 --trainer.fast_dev_run 1"
    assert main([*words[1:], *shlex.split(smaller), *shlex.split(quick)]) == 0
