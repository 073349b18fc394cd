from pathlib import Path

import torch

import tests.toys  # noqa: F401  # ToyMethod and ToyScenes become known by name
from hdrgen.cli import main


def test_last_is_the_newest_epoch_even_when_an_earlier_one_was_better(tmp_path, monkeypatch):
    """With a rate of 5 every epoch throws the network further off, so that the first epoch stays the best."""
    monkeypatch.chdir(tmp_path)
    scenes = [f"--data.{part}=ToyScenes" for part in ("train", "val")]
    arguments = ["--model=ToyMethod", "--model.optimizer.lr=5", "--trainer.max_epochs=3", "--trainer.accelerator=cpu"]
    assert main(["fit", *arguments, *scenes, "-o", "runs"]) == 0
    (last,) = Path("runs").rglob("last.ckpt")
    assert torch.load(last, weights_only=True)["epoch"] == 2
    assert [path.name[:9] for path in last.parent.glob("epoch=*.ckpt")] != []
