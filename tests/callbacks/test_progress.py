"""Lines in a log file instead of a bar that is drawn again and again."""

import sys

import pytest
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import ProgressBar, RichProgressBar, TQDMProgressBar
from pytorch_lightning.trainer.connectors import callback_connector
from torch.utils.data import DataLoader

from hdrgen.callbacks import PlainProgress
from hdrgen.data import ExposureStackDataModule, SelectedExposures, collate
from tests.toys import ToyMethod, ToyScenes


class OwnBar(TQDMProgressBar):
    """Somebody's choice."""


@pytest.fixture(params=[TQDMProgressBar, RichProgressBar])
def bar(request, monkeypatch) -> type[ProgressBar]:
    """Lightning's own bar, without and with the package rich."""
    if request.param is RichProgressBar:
        pytest.importorskip("rich")
    monkeypatch.setattr(callback_connector, "_RICH_AVAILABLE", request.param is RichProgressBar)
    return request.param


def run(seconds: float, *callbacks, **options) -> Trainer:
    options = {"accelerator": "cpu", "max_epochs": 1, "logger": False, "enable_checkpointing": False, **options}
    trainer = Trainer(callbacks=[PlainProgress(seconds), *callbacks], enable_model_summary=False, **options)
    data = ExposureStackDataModule(train=ToyScenes(), val=ToyScenes(2), test=ToyScenes(3), batch_size=2)
    trainer.fit(ToyMethod(), data)
    trainer.test(ToyMethod(), data, verbose=False)
    return trainer


def test_lines_where_stdout_is_no_terminal(bar, capsys):
    run(seconds=0)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(",")[0] for line in lines if line.startswith("epoch")] == [
        "epoch 0 (0 to go): batch 1 of 2",
        "epoch 0 (0 to go): batch 2 of 2",
    ]
    assert [line.partition(",")[0] for line in lines if line.startswith("validate")] == [
        "validate: batch 1 of 2",
        "validate: batch 2 of 2",
    ]
    assert [line.partition(",")[0] for line in lines if line.startswith("test: ")][-1] == "test: batch 3 of 3"


@pytest.mark.parametrize(("seconds", "options"), [(1000, {}), (0, {"enable_progress_bar": False})])
def test_silence(seconds, options, capsys):
    run(seconds, **options)
    assert "batch" not in capsys.readouterr().out


def test_a_bar_on_a_terminal(bar, monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    run(seconds=0)
    shown = capsys.readouterr().out
    assert "batch 1 of" not in shown
    assert ("Epoch 0: 100%" if bar is TQDMProgressBar else "Epoch 0/0") in shown


def predict(seconds: float) -> None:
    """A photograph in tiles."""
    model = ToyMethod()
    model.overlap, model.tile = 4, 8
    quiet = {"accelerator": "cpu", "logger": False, "enable_checkpointing": False, "enable_model_summary": False}
    trainer = Trainer(callbacks=[PlainProgress(seconds)], **quiet)
    scenes = DataLoader(SelectedExposures(ToyScenes(1)), collate_fn=collate)
    trainer.predict(model, scenes, return_predictions=False)


def test_tiles_are_told(bar, capsys):
    predict(seconds=0)
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("toy0: ")]
    assert len(told) > 3
    assert told[-1] == "toy0: 100%"
    assert [float(line[6:-1]) for line in told] == sorted(float(line[6:-1]) for line in told)


def test_tiles_are_told_in_the_bar_on_a_terminal(bar, monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    predict(seconds=0)
    assert "toy0: 100%" in capsys.readouterr().out


def test_a_chosen_bar_stays(capsys):
    trainer = run(0, OwnBar())
    assert trainer.progress_bar_callback.is_enabled
    assert "Epoch 0: 100%" in capsys.readouterr().out


def test_epochs_to_go_and_the_time_left(bar, monkeypatch, capsys):
    """Each look at the clock is a minute after the one before."""
    clock = iter(range(0, 10**6, 60))
    monkeypatch.setattr("hdrgen.callbacks.progress.time.monotonic", lambda: float(next(clock)))
    run(seconds=0, max_epochs=3)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    assert [line.partition(":")[0] for line in lines[::2]] == [
        "epoch 0 (2 to go)",
        "epoch 1 (1 to go)",
        "epoch 2 (0 to go)",
    ]
    assert all(line.endswith(" min left") for line in lines[:-1])
    assert "left" not in lines[-1]
