"""NaN in a training stops it at its batch, and the last good checkpoint stays."""

from pathlib import Path

import pytest
import torch
from pytorch_lightning import Trainer

import tests.toys
from hdrgen.callbacks.last import WholeFiles
from hdrgen.callbacks.not_finite import EVERY, PATIENCE, NotFinite
from hdrgen.cli.main import main
from hdrgen.data import ExposureStackDataModule
from hdrgen.errors import InputError
from tests.methods.examples import EXAMPLES, Example

FIT = ["fit", "--model=ToyMethod", "--data.train=ToyScenes", "--data.batch_size=1", "--trainer.accelerator=cpu"]
QUIET = ["--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false", "-o", "runs"]


def trainer(**options) -> Trainer:
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "logger": False}
    return Trainer(accelerator="cpu", enable_checkpointing=False, callbacks=[NotFinite()], **quiet | options)


def poisoned(monkeypatch, batches, value: float = float("nan")) -> None:
    """Make the loss of `ToyMethod` bad at these batches, counted over all epochs; its weights are left alone."""
    step, count = tests.toys.ToyMethod.training_step, iter(range(10_000))

    def training_step(self, batch, batch_idx):
        loss = step(self, batch, batch_idx)
        if next(count) in batches:
            self.log("train/loss", loss.detach() * value)
        return loss

    monkeypatch.setattr(tests.toys.ToyMethod, "training_step", training_step)


def test_a_training_stops_at_the_batch_and_keeps_the_checkpoint(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    poisoned(monkeypatch, {6})  # four batches are an epoch
    assert main([*FIT, *QUIET, "--trainer.max_epochs=3"]) == 2
    (last,) = Path("runs").rglob("last.ckpt")
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("hdrgen: error")]
    assert told == [
        "hdrgen: error: epoch 1, batch 2: expected a finite loss of ToyMethod, found NaN or infinity in train/loss;"
        f" lower the learning rate and go on with --ckpt_path {last}, which holds the last whole epoch"
    ]
    assert torch.load(last, weights_only=True)["epoch"] == 0


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.method.__name__)
def test_every_method_stops_when_its_weights_are_nan(example: Example):
    method = example.model()
    with torch.no_grad():
        for parameter in method.parameters():
            parameter.fill_(float("nan"))
    data = ExposureStackDataModule(train=example.data(), batch_size=2)
    with pytest.raises(InputError, match=rf"epoch 0, batch 0: expected a finite loss of {example.method.__name__}"):
        trainer(max_steps=4).fit(method, data)


def test_a_loss_that_is_not_logged_is_seen_too(monkeypatch):
    monkeypatch.setattr(
        tests.toys.ToyMethod, "training_step", lambda self, batch, index: self.weight.sum() * float("inf")
    )
    with pytest.raises(InputError, match=r"batch 0: .* in loss;"):
        trainer(max_epochs=1).fit(tests.toys.ToyMethod(), ExposureStackDataModule(train=tests.toys.ToyScenes()))


@pytest.mark.parametrize(("bad", "stops"), [(PATIENCE - 1, False), (PATIENCE, True)])
def test_half_precision_may_skip_some_steps_in_a_row(bad, stops, monkeypatch):
    poisoned(monkeypatch, range(3, 3 + bad), float("inf"))
    run = trainer(max_epochs=1)
    run.precision_plugin.scaler = object()
    monkeypatch.setattr(type(run.precision_plugin), "state_dict", lambda self: {}, raising=False)
    data = ExposureStackDataModule(train=tests.toys.ToyScenes(count=20), batch_size=1)
    if not stops:
        return run.fit(tests.toys.ToyMethod(), data)
    with pytest.raises(InputError, match="epoch 0, batch 3: "):
        run.fit(tests.toys.ToyMethod(), data)


def test_a_device_that_is_looked_at_now_and_then_tells_the_right_batch(monkeypatch):
    poisoned(monkeypatch, {2})
    monkeypatch.setitem(EVERY, "cpu", 50)
    data = ExposureStackDataModule(train=tests.toys.ToyScenes(count=9), batch_size=1)
    with pytest.raises(InputError, match=r"epoch 0, batch 2: .* in train/loss;"):  # looked at after batch 8, the last
        trainer(max_epochs=1).fit(tests.toys.ToyMethod(), data)


def test_no_checkpoint_takes_weights_that_are_not_finite(tmp_path):
    good, path = {"state_dict": {"a": torch.ones(3), "steps": torch.tensor(3)}}, tmp_path / "last.ckpt"
    WholeFiles().save_checkpoint(good, path)
    for value in (float("nan"), float("inf")):
        bad = {"state_dict": {"a": torch.ones(3), "b": torch.tensor([1, value])}, "global_step": 7}
        with pytest.raises(InputError, match=r"1 tensors are NaN or infinite at step 7 \(the first is b\)"):
            WholeFiles().save_checkpoint(bad, path)
    assert torch.load(path, weights_only=True)["state_dict"]["a"].tolist() == [1, 1, 1]
