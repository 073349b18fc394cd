"""Trainings that go on, that have no validation, and that fail before they begin."""

from pathlib import Path

import pytest

from hdrgen.cli.main import main
from tests.cli.toy_runs import FIT, error_of
from tests.toys import ToyMethod

pytestmark = pytest.mark.usefixtures("own_folder")
UNVALIDATED = [*FIT, "--data.val=null", "--model=ToyMethod"]


def test_last_is_that_of_the_run_whose_configuration_is_given(caplog):
    for _ in range(2):
        assert main([*FIT, "--model=ToyMethod"]) == 0
    config = "runs/ToyMethod/version_0/config.yaml"
    assert main(["fit", "--config", config, "--ckpt_path", "last", "--trainer.max_epochs=1"]) == 0
    assert "Restored all states from the checkpoint at runs/ToyMethod/version_0/checkpoints/last.ckpt" in caplog.text


def test_a_training_without_validation_keeps_a_checkpoint_and_says_one_line(capsys):
    assert main([*UNVALIDATED, "--trainer.max_epochs=2"]) == 0
    told = capsys.readouterr()
    assert "no validation: the checkpoint that is kept is the newest" in told.out
    assert "warning" not in told.err
    names = {path.name for path in Path("runs/ToyMethod/version_0/checkpoints").iterdir()}
    assert names == {"last.ckpt"}
    assert "had no validation scores; take" in error_of(["test", "--data.test=ToyScenes", "--ckpt_path=best"], capsys)


def test_a_training_that_fails_before_its_first_step_leaves_no_folder(monkeypatch):
    def fails(*_):
        raise MemoryError

    monkeypatch.setattr(ToyMethod, "training_step", fails)
    assert main(UNVALIDATED) == 2
    assert not Path("runs").exists()
    notes = Path("runs/ToyMethod/version_0/notes.txt")
    notes.parent.mkdir(parents=True)
    notes.touch()
    assert main([*UNVALIDATED, "--trainer.logger.init_args.version=0"]) == 2
    assert notes.exists()  # whatever was there before stays


def test_of_a_training_that_fails_later_all_is_there(monkeypatch):
    step = ToyMethod.training_step

    def fails(self, batch, batch_idx):
        if batch_idx:
            raise MemoryError
        return step(self, batch, batch_idx)

    monkeypatch.setattr(ToyMethod, "training_step", fails)
    assert main(UNVALIDATED) == 2
    assert Path("runs/ToyMethod/version_0/config.yaml").is_file()


def test_the_summary_of_a_network_has_no_operations_that_nobody_counted(capsys):
    typed = [word for word in UNVALIDATED if "summary" not in word]
    assert main([*typed, "--trainer.max_steps=1"]) == 0
    told = capsys.readouterr()
    assert "7 parameters, of which 4 are not trained" in told.out
    assert "flops" not in (told.out + told.err).lower()
