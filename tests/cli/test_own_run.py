"""A training that goes on with its own configuration and last checkpoint does so in its own folder."""

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from jsonargparse import Namespace, dict_to_namespace
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.loggers import CSVLogger

from hdrgen.callbacks import go_on as go_on_with
from hdrgen.callbacks import run_folder
from hdrgen.cli.loggers import own_run
from hdrgen.cli.main import main
from tests.cli.toy_runs import FIT

pytestmark = pytest.mark.usefixtures("own_folder")
THREE = [*FIT, "--model=ToyMethod", "--trainer.max_epochs=3", "--data.val.count=1"]


PLACES = ["01-batch", "02-batch", "06-killed"]
"""Of a checkpoint: after a batch, before a validation. Of a kill: in the second epoch."""


class Kills(Callback):
    """Copies a run's folder as a kill would leave it, and writes checkpoints within epochs."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self.count = 0

    def on_train_batch_start(self, trainer: Trainer, *_: Any) -> None:
        run = run_folder(trainer)
        if run is not None and (run / "checkpoints/last.ckpt").is_file():
            shutil.copytree(run, self._name("killed"))

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        trainer.save_checkpoint(self._name("batch.ckpt"))

    def on_validation_end(self, trainer: Trainer, *_: Any) -> None:
        if not trainer.sanity_checking:
            trainer.save_checkpoint(self._name("validation.ckpt"))

    def _name(self, place: str) -> Path:
        self.count += 1
        return self.folder / f"{self.count:02d}-{place}"


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """Three epochs of two batches, and beside the run what kills left of it."""
    folder = tmp_path_factory.mktemp("whole")
    kills = [f"--trainer.callbacks+={__name__}.Kills", f"--trainer.callbacks.folder={folder}"]
    assert main([*THREE, *kills, "-o", str(folder / "runs")]) == 0
    run = folder / "runs/ToyMethod/version_0"
    (run / "config.yaml").write_text(without_kills(run / "config.yaml"))
    return run


def without_kills(config: Path) -> str:
    settings = yaml.safe_load(config.read_text())
    settings["trainer"]["callbacks"] = []
    return yaml.safe_dump(settings)


def rows(run: Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def weights(run: Path) -> Any:
    return torch.load(run / "checkpoints/last.ckpt", weights_only=True)["state_dict"]["weight"].flatten().tolist()


def go_on(run: Path, *more: str, checkpoint: str = "last") -> int:
    return main(["fit", "--config", str(run / "config.yaml"), "--ckpt_path", checkpoint, *more])


def killed_run(whole: Path, place: str) -> Path:
    """A run as a kill left it: at the start of a batch, or with a checkpoint from within an epoch as its last."""
    found = next(iter(sorted(whole.parents[2].glob(f"{place}*"))))
    run = Path("elsewhere/ToyMethod/version_3")
    shutil.copytree(found if found.is_dir() else whole, run)
    if found.is_file():
        shutil.copy(found, run / "checkpoints/last.ckpt")
    (run / "config.yaml").write_text((whole / "config.yaml").read_text())
    return run


def taken(run: Path, *typed: str, checkpoint: str = "last.ckpt", **logger: Any) -> bool:
    """Whether a command line makes a training go on in its own folder."""
    how = {"class_path": "pytorch_lightning.loggers.CSVLogger", "init_args": {"save_dir": "runs"}} | logger
    settings = Namespace({"ckpt_path": str(run / "checkpoints" / checkpoint), "trainer.logger": dict_to_namespace(how)})
    return own_run(["fit", f"--config={run}/config.yaml", *typed], settings) is not None


@pytest.mark.parametrize("place", PLACES)
def test_a_killed_training_goes_on_with_its_curves_in_one_piece(place, whole):
    run = killed_run(whole, place)
    assert go_on(run) == 0
    assert rows(run) == rows(whole)
    assert weights(run) == weights(whole)
    assert [path.name for path in run.parent.iterdir()] == ["version_3"]
    names = {path.name for path in run.iterdir()} - {"grids"}
    assert names == {"config.yaml", "software.json", "hparams.yaml", "metrics.csv", "checkpoints"}


def test_what_is_changed_is_noted_beside_the_first_configuration(whole, capsys):
    run = Path("runs/ToyMethod/version_0")
    shutil.copytree(whole, run)
    before = (run / "config.yaml").read_text()
    for _ in range(2):
        assert go_on(run, "--trainer.max_epochs=4") == 0
    assert [row["step"] for row in rows(run)][-3:] == ["6", "7", "7"]
    assert (run / "config.yaml").read_text() == before
    assert yaml.safe_load((run / "config-v1.yaml").read_text())["trainer"]["max_epochs"] == 4
    assert not (run / "config-v2.yaml").exists()
    out = capsys.readouterr().out
    assert f"goes on in {run}, whose log is kept up to step 5" in out
    assert f"{run.resolve() / 'config-v1.yaml'} says how it is now" in out


def test_another_checkpoint_or_another_place_is_another_run(whole):
    assert taken(whole)
    (best,) = (whole / "checkpoints").glob("epoch=*.ckpt")
    assert not taken(whole, checkpoint=best.name)
    for typed in ("-o=runs", "--output=runs", "--trainer.default_root_dir=runs", "--trainer.logger.save_dir=x"):
        assert not taken(whole, typed)
    assert not taken(whole, class_path="WandbLogger", init_args={"project": "hdrgen"})
    assert not taken(whole, class_path="mine.Logger")
    other = shutil.copytree(whole, "version_0")
    assert not taken(Path(other), checkpoint=str(whole / "checkpoints/last.ckpt"))
    assert taken(Path(other))


@pytest.mark.parametrize("part", ["1", "0.12", "0.125,", "0.125,2,3,4"])
def test_a_row_that_was_not_finished_is_left_out(tmp_path, part):
    logger = CSVLogger(tmp_path, "ToyMethod", "version_0")
    log = tmp_path / "ToyMethod/version_0/metrics.csv"
    log.parent.mkdir(parents=True)
    log.write_text(f"loss,step\n0.5,0\n0.25,1\n{part}")
    go_on_with([logger], 2)
    logger.log_metrics({"loss": 0.125}, 3)
    logger.save()
    assert log.read_text().splitlines() == ["loss,step", "0.5,0", "0.25,1", "0.125,3"]


def test_going_on_with_a_log_deletes_nothing(tmp_path):
    """Lightning does as soon as a logger is used, and rows would be gone if the training failed at once."""
    logger = CSVLogger(tmp_path, "ToyMethod", "version_0")
    (tmp_path / "ToyMethod/version_0").mkdir(parents=True)
    log = tmp_path / "ToyMethod/version_0/metrics.csv"
    log.write_text("step,train/loss\n0,0.5\n1,0.25\n")
    go_on_with([logger], 0)
    logger.save()
    assert log.read_text().splitlines() == ["step,train/loss", "0,0.5", "1,0.25"]
    logger.log_metrics({"val/psnr": 30.0}, 1)
    logger.save()
    assert log.read_text().splitlines() == ["step,train/loss,val/psnr", "0,0.5,", "1,,30.0"]
