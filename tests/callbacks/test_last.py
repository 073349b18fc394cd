import sys
from pathlib import Path

import pytest
import torch

import tests.toys  # noqa: F401  # ToyMethod and ToyScenes become known by name
from hdrgen.callbacks.last import WholeFiles
from hdrgen.cli.main import main
from hdrgen.errors import InputError
from tests.full_disk import file_size_limit


def test_last_is_the_newest_epoch_even_when_an_earlier_one_was_better(tmp_path, monkeypatch):
    """With a rate of 5 every epoch throws the network further off, so that the first epoch stays the best."""
    monkeypatch.chdir(tmp_path)
    scenes = [f"--data.{part}=ToyScenes" for part in ("train", "val")]
    arguments = ["--model=ToyMethod", "--model.optimizer.lr=5", "--trainer.max_epochs=3", "--trainer.accelerator=cpu"]
    assert main(["fit", *arguments, *scenes, "-o", "runs"]) == 0
    (last,) = Path("runs").rglob("last.ckpt")
    assert torch.load(last, weights_only=True)["epoch"] == 2
    assert [path.name[:9] for path in last.parent.glob("epoch=*.ckpt")] != []


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
@pytest.mark.parametrize("limit", [0, 1000, 300_000])
def test_a_full_disk_leaves_the_checkpoint_before(limit, tmp_path):
    WholeFiles().save_checkpoint({"epoch": 1}, tmp_path / "run/last.ckpt")
    with (
        file_size_limit(limit),
        pytest.raises(
            InputError, match=r"last\.ckpt: cannot be written \(File too large\); check folder and free space"
        ),
    ):
        WholeFiles().save_checkpoint({"state_dict": {"w": torch.ones(100_000)}}, str(tmp_path / "run/last.ckpt"))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["last.ckpt"]
    assert torch.load(tmp_path / "run/last.ckpt", weights_only=True) == {"epoch": 1}


def test_a_run_writes_whole_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written = []
    save = WholeFiles.save_checkpoint

    def noted(self, checkpoint, path, storage_options=None) -> None:
        written.append(path)
        save(self, checkpoint, path, storage_options)

    monkeypatch.setattr(WholeFiles, "save_checkpoint", noted)
    scenes = [f"--data.{part}=ToyScenes" for part in ("train", "val")]
    assert main(["fit", "--model=ToyMethod", "--trainer.max_epochs=1", "--trainer.accelerator=cpu", *scenes]) == 0
    assert sorted(Path(path).name[:5] for path in written) == ["epoch", "last."]
    assert len(list(Path("runs").rglob("*.ckpt"))) == 2
