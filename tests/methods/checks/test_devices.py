"""Whole training steps that never wait for their device: as Lightning runs them, with its logging and our callbacks.

Tensors of the device `meta` have no values: whoever looks at one, or copies it to the CPU, fails; on a GPU the same
would wait for it. `test_quick_training.py` asks the same of the `training_step` of every method, alone.
"""

import contextlib
from types import SimpleNamespace

import pytest
import torch
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.accelerators import CPUAccelerator
from pytorch_lightning.loops import fit_loop
from pytorch_lightning.strategies import SingleDeviceStrategy
from pytorch_lightning.trainer.connectors.logger_connector import _LoggerConnector
from pytorch_lightning.trainer.connectors.logger_connector.result import _ResultCollection
from torch.utils.data import DataLoader

from hdrgen.callbacks import NotFinite
from hdrgen.methods import HDRGAN, DeepSynthHDRI, MultiExposureGeneration, SingleHDR, quick_training
from tests.methods.examples import EXAMPLES
from tests.methods.test_every_method import one_batch, quiet

METHODS = (MultiExposureGeneration, HDRGAN, DeepSynthHDRI, SingleHDR)
"""One optimizer, two, several updates in a step, and losses that are not logged each time."""


class NoChecks(CPUAccelerator):
    def setup_device(self, device):
        """Any device."""


class OnMeta(SingleDeviceStrategy):
    def __init__(self):
        super().__init__(torch.device("meta"), NoChecks())

    def teardown(self):
        """Weights stay where they are."""


class Enough(Exception):
    """What was to be seen has been."""


class Ends(Callback):
    """Ends the training after its second batch, before anybody reads what was logged."""

    def on_train_batch_end(self, trainer, method, outputs, batch, batch_idx):
        if batch_idx == 1:
            assert {parameter.device.type for parameter in method.parameters()} == {"meta"}
            raise Enough


@pytest.fixture
def meta(monkeypatch):
    """What Lightning itself does with numbers before the first and after the last step."""
    monkeypatch.setattr(fit_loop, "has_len_all_ranks", lambda *_: True)
    monkeypatch.setattr(_ResultCollection, "cpu", lambda self: self)
    monkeypatch.setattr(_LoggerConnector, "teardown", lambda self: None)
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: contextlib.nullcontext())  # there is none for this device


@pytest.mark.parametrize("method", METHODS)
def test_no_step_waits_for_its_device(method, meta):
    example = next(each for each in EXAMPLES if each.method is method)
    model = example.model()
    options = {name: value for name, value in quiet.items() if name != "accelerator"}
    trainer = Trainer(
        max_epochs=1, callbacks=[NotFinite(), Ends()], strategy=OnMeta(), enable_checkpointing=False, **options
    )
    with pytest.raises(Enough):
        trainer.fit(model, DataLoader([one_batch(model, example)] * 3, batch_size=None))


def test_a_step_that_looks_at_its_loss_is_found(meta, monkeypatch):
    example = EXAMPLES[0]
    model, step = example.model(), example.method.training_step

    def looks(self, batch, index):
        loss = step(self, batch, index)
        assert loss.item() >= 0
        return loss

    monkeypatch.setattr(example.method, "training_step", looks)
    trainer = Trainer(
        max_epochs=1, strategy=OnMeta(), enable_checkpointing=False, logger=False, enable_progress_bar=False
    )
    with pytest.raises(RuntimeError, match="item"):
        trainer.fit(model, DataLoader([one_batch(model, example)] * 3, batch_size=None))


def test_a_bar_shows_the_loss_of_a_gpu_now_and_then(monkeypatch):
    example = next(each for each in EXAMPLES if each.method is MultiExposureGeneration)
    model, shown = example.model(), []
    monkeypatch.setattr(MultiExposureGeneration, "device", SimpleNamespace(type="elsewhere"), raising=False)
    monkeypatch.setattr(quick_training, "SHOWN", 2)

    class Look(Callback):
        def on_train_batch_end(self, trainer, *_):
            shown.append(trainer.progress_bar_metrics.get("train/loss"))

    trainer = Trainer(max_epochs=1, callbacks=[Look()], enable_checkpointing=False, **quiet)
    trainer.fit(model, DataLoader([one_batch(model, example)] * 4, batch_size=None))
    assert shown[:2] == [None, None]
    assert isinstance(shown[2], float)
    assert shown[3] == shown[2]
