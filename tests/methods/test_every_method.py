"""What every method must do, whatever it is: learn, resume, run in half precision and in two processes."""

import inspect
from pathlib import Path

import pytest
import torch
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.cli import ReduceLROnPlateau
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader

from hdrgen import methods
from hdrgen.data import ExposureStackDataModule, SelectedExposures, collate
from hdrgen.methods import HDRModule
from tests.ddp.processes import run_twice_over
from tests.methods.examples import EXAMPLES, Example, Ramps

every_method = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.method.__name__)
quiet = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False}


class Remember(Callback):
    """Keeps a logged value of every step, and ends the training where it has fallen below a share of the first."""

    def __init__(self, name: str, enough: float) -> None:
        self.name = name
        self.enough = enough
        self.values: list[float] = []

    def on_train_batch_end(self, trainer, *_):
        self.values.append(float(trainer.callback_metrics[self.name]))
        trainer.should_stop = self.values[-1] < self.enough * self.values[0]


def one_batch(model: HDRModule, example: Example):
    data = SelectedExposures(example.data(example.scenes), model.exposures)
    return collate([data[index] for index in range(example.scenes)])


def train(model: HDRModule, batches, **options) -> list[float]:
    remember = Remember(options.pop("loss", "train/loss"), options.pop("enough", 0.0))
    trainer = Trainer(max_epochs=1, callbacks=[remember], enable_checkpointing=False, **quiet, **options)
    trainer.fit(model, DataLoader(batches, batch_size=None))
    return remember.values


def weights(model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def test_every_published_method_has_an_example():
    named = {getattr(methods, name) for name in methods.__all__}
    published = {
        m for m in named if inspect.isclass(m) and issubclass(m, HDRModule) and not m.baseline and m is not HDRModule
    }
    assert {example.method for example in EXAMPLES} == published


@every_method
def test_one_batch_is_learnt(example):
    model = example.model(**example.overfit)
    losses = train(model, [one_batch(model, example)] * example.steps, loss=example.loss, enough=1 / 10)
    assert min(losses) < losses[0] / 10, f"{example.loss} fell from {losses[0]:.4g} to {min(losses):.4g} only"


class Places(Checkpoint):
    """Writes a checkpoint after the first batch, in the middle of its epoch, and at the end of the epoch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_train_batch_end(self, trainer, *_):
        if trainer.current_epoch == 0 and not trainer.is_last_batch:
            trainer.save_checkpoint(self.folder / "batch.ckpt")

    def on_train_epoch_end(self, trainer, *_):
        if trainer.current_epoch == 0:
            trainer.save_checkpoint(self.folder / "epoch.ckpt")


@every_method
@pytest.mark.parametrize(
    ("schedule", "places"),
    [("plateau", ["batch", "epoch"]), pytest.param("cosine", ["batch"], marks=pytest.mark.slow)],
    ids=["plateau", "cosine"],
)
def test_training_is_the_same_each_time_and_goes_on_where_it_was_interrupted(example, schedule, places, tmp_path):
    """In the middle of an epoch, and with a number of steps, for which Lightning goes on in another way."""
    kinds = {
        "plateau": lambda o: ReduceLROnPlateau(o, example.loss, "min", 0.5, 0, threshold=1e9),
        "cosine": lambda o: CosineAnnealingLR(o, 3),
    }

    def fit(ckpt_path=None):
        model = example.model(scheduler=kinds[schedule], interval="epoch" if schedule == "plateau" else "step")
        data = ExposureStackDataModule(train=example.data(), batch_size=2)
        callbacks = [Places(tmp_path)] if ckpt_path is None else []
        trainer = Trainer(
            callbacks=callbacks, enable_checkpointing=ckpt_path is None, max_epochs=2, max_steps=99, **quiet
        )
        trainer.fit(model, data, ckpt_path=ckpt_path)
        return weights(model), [group["lr"] for each in trainer.optimizers for group in each.param_groups]

    straight, rates = fit()
    for place in places:
        resumed, rates_again = fit(tmp_path / f"{place}.ckpt")
        assert torch.equal(resumed, straight), place
        assert rates == rates_again, place
    half = torch.load(tmp_path / "epoch.ckpt", weights_only=True)["state_dict"]
    assert any(not torch.equal(half[name], value) for name, value in example.model().state_dict().items())


@every_method
def test_training_in_bfloat16_stays_near_float32(example):
    def loss(precision):
        model = example.model()
        batch = one_batch(model, example)
        values = train(model, [batch] * 2, precision=precision)
        assert weights(model).isfinite().all()
        return values[0]

    assert loss("bf16-mixed") == pytest.approx(loss("32-true"), rel=0.1)


@every_method
@torch.no_grad()
def test_a_large_photograph_in_tiles_is_the_same_as_whole(example, monkeypatch):
    """Nearly: a tile knows what lies beyond its border by its overlap alone. Large is what is longer than 64 pixels."""
    monkeypatch.setattr("hdrgen.tiling.tiling.CONTEXT", 64)
    torch.manual_seed(0)
    model = example.model().eval()
    model.overlap = 128
    scene = Ramps(1, 352)[0]
    batch = collate([model_input(scene, slice(0, 96))])
    model.tile = "none"
    whole = model.predict_step(batch, 0)
    model.tile = 192
    tiled = model.predict_step(batch, 0)
    for key in ("stack", "hdr"):
        if key in whole:
            scale = 255 if key == "stack" else 1  # predict keeps exposures as codes
            wanted = whole[key].float() / scale
            error = (tiled[key].float() / scale - wanted).abs() / wanted.abs().clamp_min(0.1)
            assert error.mean() < 2e-3
            assert error.max() < 0.05


def model_input(scene, rows):
    """The scene, cut to a strip."""
    return {**scene, "ldr": scene["ldr"][..., rows, :], "hdr": scene["hdr"][..., rows, :]}


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory) -> Path:
    """Train each method for a step in two processes: one start for all of them, since starting takes longest."""
    return run_twice_over("tests.methods.two_processes", tmp_path_factory.mktemp("two"), timeout=450)


@pytest.mark.ddp
@pytest.mark.timeout(500)
@every_method
def test_two_processes_learn_the_same_from_different_scenes(two_processes, example):
    name = example.method.__name__
    first, second = (torch.load(two_processes / f"{name}_{rank}.pt", weights_only=True) for rank in (0, 1))
    assert set(first["scenes"]).isdisjoint(second["scenes"])
    assert torch.equal(first["weights"], second["weights"])
    assert not torch.equal(first["weights"], weights(example.model()))
