import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import pytorch_lightning as pl
import tifffile
import torch

from hdrgen.data import Augmentation, ExposureStackDataModule, RandomPair, WholeStack
from hdrgen.errors import InputError
from hdrgen.io import write_image
from tests.data.stacks import CountingStacks
from tests.ddp.processes import run_apart


class Recorder(pl.LightningModule):
    """Keeps every batch it is shown."""

    def __init__(self, exposures=None):
        super().__init__()
        if exposures is not None:
            self.exposures = exposures
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.seen = []

    def training_step(self, batch, index):
        self.seen.append((self.current_epoch, batch))
        return self.weight * batch["ldr"].mean()

    def validation_step(self, batch, index):
        self.seen.append(("val", batch))

    def test_step(self, batch, index):
        self.seen.append(("test", batch))

    def predict_step(self, batch, index):
        self.seen.append(("predict", batch))
        return batch["ldr"].mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


def trainer(**arguments):
    quiet = {
        "logger": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "enable_checkpointing": False,
    }
    return pl.Trainer(accelerator="cpu", num_sanity_val_steps=0, **(quiet | arguments))


def fit(data, epochs=2, exposures=None, **arguments):
    model = Recorder(exposures)
    trainer(max_epochs=epochs, **arguments).fit(model, data)
    return model.seen


def by_scene(seen):
    return {
        (epoch, scene): image
        for epoch, batch in seen
        for scene, image in zip(batch["scene"], batch["ldr"], strict=True)
    }


def test_training_reads_what_the_method_asks_for_and_validation_the_whole_stack():
    train, val = CountingStacks(), CountingStacks(2)
    seen = fit(ExposureStackDataModule(train, val, batch_size=3), epochs=1, exposures=RandomPair())
    assert {batch["ldr"].shape[1] for epoch, batch in seen if epoch == 0} == {2}
    assert {batch["ldr"].shape[1] for epoch, batch in seen if epoch == "val"} == {5}
    assert all(len(frames) == 2 for _, frames in train.loaded)


def test_a_method_without_selection_gets_the_whole_stack():
    seen = fit(ExposureStackDataModule(CountingStacks()), epochs=1)
    assert seen[0][1]["ldr"].shape[1] == 5
    assert fit(ExposureStackDataModule(CountingStacks()), 1, WholeStack())[0][1]["ldr"].shape[1] == 5


def test_samples_are_the_same_whatever_workers_and_batches():
    def run(**arguments):
        return by_scene(fit(ExposureStackDataModule(CountingStacks(), seed=3, **arguments), exposures=RandomPair()))

    base = run(batch_size=2)
    assert len(base) == 12
    for other in (run(batch_size=3), run(batch_size=2, num_workers=2)):
        assert base.keys() == other.keys()
        assert all(torch.equal(base[key], other[key]) for key in base)


def test_an_epoch_of_several_pairs_a_scene_draws_what_as_many_epochs_of_one_would():
    def drawn(epochs, pairs):
        arguments = {"batch_size": 1, "seed": 3, "augmentation": Augmentation(None), "samples_per_scene": pairs}
        seen = fit(ExposureStackDataModule(CountingStacks(), **arguments), epochs, RandomPair())
        return [(*batch["scene"], *batch["ev"].flatten().tolist()) for _, batch in seen], [b["ldr"] for _, b in seen]

    (once, _), (thrice, images) = drawn(3, 1), drawn(1, 3)
    assert len(thrice) == 18
    assert sorted(once) == sorted(thrice)
    assert once != thrice  # one order for all of them
    assert len({image.sum().item() for image in images}) == 18  # each moved in its own way


@pytest.mark.parametrize("workers", [0, 1])
def test_resuming_goes_on_with_the_next_epoch(tmp_path, workers):
    def data():
        return ExposureStackDataModule(CountingStacks(), batch_size=2, num_workers=workers)

    straight = fit(data(), epochs=3)
    checkpoint = pl.callbacks.ModelCheckpoint(tmp_path, save_last=True)
    first = Recorder()
    trainer(max_epochs=2, enable_checkpointing=True, callbacks=[checkpoint]).fit(first, data())
    second = Recorder()
    trainer(max_epochs=3).fit(second, data(), ckpt_path=tmp_path / "last.ckpt", weights_only=True)
    resumed = by_scene(first.seen + second.seen)
    assert resumed.keys() == by_scene(straight).keys()
    assert all(torch.equal(image, resumed[key]) for key, image in by_scene(straight).items())


@pytest.mark.parametrize(("batch_size", "sizes"), [(4, [4]), (5, [5]), (6, [6]), (7, [6])])
def test_a_last_smaller_batch_is_left_out_unless_it_is_all_there_is(batch_size, sizes):
    seen = fit(ExposureStackDataModule(CountingStacks(6), batch_size=batch_size), epochs=1)
    assert [len(batch["scene"]) for _, batch in seen] == sizes


def test_augmentation_touches_training_only():
    augmentation = Augmentation(crop=8)
    data = ExposureStackDataModule(CountingStacks(), CountingStacks(1), batch_size=2, augmentation=augmentation)
    seen = fit(data, epochs=1)
    shapes = {("val" if epoch == "val" else "train"): batch["hdr"].shape[-2:] for epoch, batch in seen}
    assert shapes == {"train": (8, 8), "val": (12, 16)}
    plain = fit(ExposureStackDataModule(CountingStacks(), batch_size=2), epochs=1)
    assert not torch.equal(plain[0][1]["hdr"][..., :8, :8], seen[0][1]["hdr"])
    again = fit(ExposureStackDataModule(CountingStacks(), batch_size=2, augmentation=augmentation), epochs=1)
    assert torch.equal(again[0][1]["hdr"], seen[0][1]["hdr"])


def test_radiance_is_moved_with_its_exposures():
    """Flips alone, which change no value: the exposure of the reference is still its radiance, cut at white."""
    data = ExposureStackDataModule(CountingStacks(), batch_size=6, augmentation=Augmentation(8, rotate=0, shift=0))
    ((_, batch),) = fit(data, epochs=1)
    torch.testing.assert_close(batch["ldr"][:, 2], batch["hdr"].clamp(0, 1))


def test_training_images_that_a_network_cannot_take():
    model = Recorder()
    model.multiple = 8
    with pytest.raises(InputError, match=r"divide by 8, .* found 16 x 12 \(scene scene_.* crop=8 or less") as caught:
        trainer(max_epochs=1).fit(model, ExposureStackDataModule(CountingStacks(), batch_size=2))
    assert caught.value.argument == "augmentation.crop"
    augmentation = Augmentation(crop=8)
    trainer(max_epochs=1).fit(model, ExposureStackDataModule(CountingStacks(), augmentation=augmentation))
    assert {batch["ldr"].shape[-2:] for _, batch in model.seen} == {(8, 8)}


def test_corrupt_scene_stops_the_run_with_its_name():
    with pytest.raises(InputError, match="scene_3"):
        fit(ExposureStackDataModule(CountingStacks(bad=(3,))))


@pytest.mark.parametrize("workers", [0, 2])
def test_skipped_scenes_are_counted_each_epoch(workers):
    data = ExposureStackDataModule(CountingStacks(bad=(3,)), batch_size=2, num_workers=workers, on_error="skip")
    with pytest.warns(UserWarning, match="skipped 1 unreadable scenes in epoch") as caught:
        seen = fit(data)
    messages = [str(warning.message) for warning in caught if "unreadable" in str(warning.message)]
    assert messages == [f"skipped 1 unreadable scenes in epoch {epoch}: scene_3" for epoch in (0, 1)]
    assert {scene for _, scene in by_scene(seen)} == {f"scene_{index}" for index in (0, 1, 2, 4, 5)}


@pytest.mark.parametrize(("count", "told"), [(10, "scene_9"), (12, "scene_9 and 2 more")])
def test_no_more_than_ten_scenes_are_listed(count, told):
    data = ExposureStackDataModule(CountingStacks(count + 1, bad=range(count)), batch_size=1, on_error="skip")
    listed = ", ".join(f"scene_{index}" for index in range(9))
    with pytest.warns(UserWarning, match=f"skipped {count} unreadable scenes in epoch 0: {listed}, {told}$"):
        fit(data, epochs=1)


def test_black_and_infinite_pixels_of_radiance_are_replaced_on_request(tmp_path):
    radiance = np.ones((8, 8, 3), np.float32)
    radiance[2, 3] = np.inf
    tifffile.imwrite(tmp_path / "a.tif", radiance, photometric="rgb")
    with pytest.raises(InputError, match=r"a\.tif"):
        trainer().predict(Recorder(), ExposureStackDataModule(predict=str(tmp_path / "a.tif")))
    model = Recorder()
    trainer().predict(model, ExposureStackDataModule(predict=str(tmp_path / "a.tif"), clean=True))
    assert model.seen[0][1]["ldr"].isfinite().all()


def test_workers_live_as_long_as_the_loader():
    for workers in (0, 1):
        data = ExposureStackDataModule(CountingStacks(), batch_size=2, num_workers=workers)
        data.trainer = trainer(max_epochs=1)
        data.trainer.strategy.connect(Recorder())
        assert data.train_dataloader().persistent_workers == (workers > 0)


def test_evaluation_never_skips():
    data = ExposureStackDataModule(test=CountingStacks(bad=(1,)), on_error="skip")
    with pytest.raises(InputError, match="scene_1"):
        trainer().test(Recorder(), data)


@pytest.fixture
def photographs(tmp_path):
    generator = np.random.default_rng(0)
    for name, shape in (("a.png", (9, 12, 3)), ("b.png", (7, 5, 3)), ("c.jpg", (8, 8, 3))):
        write_image(tmp_path / name, generator.random(shape, np.float32))
    return tmp_path


@pytest.mark.parametrize("workers", [0, 1])
def test_photographs_of_any_size_are_predicted_one_by_one(photographs, workers):
    data = ExposureStackDataModule(predict=str(photographs), batch_size=4, eval_batch_size=4, num_workers=workers)
    model = Recorder()
    assert len(trainer().predict(model, data)) == 3
    batches = [batch for _, batch in model.seen]
    assert [batch["scene"] for batch in batches] == [["a"], ["b"], ["c"]]
    assert [tuple(batch["ldr"].shape[-2:]) for batch in batches] == [(9, 12), (7, 5), (8, 8)]
    assert batches[0]["path"] == [str(photographs / "a.png")]


@pytest.mark.parametrize("workers", [0, 1])
def test_photographs_that_cannot_be_read_are_left_out(photographs, workers):
    for name in ("bb.png", "d.png"):
        (photographs / name).write_bytes((photographs / "a.png").read_bytes()[:40])
    data = ExposureStackDataModule(predict=str(photographs), num_workers=workers)
    model = Recorder()
    with pytest.warns(UserWarning, match="left out") as caught:
        trainer().predict(model, data)
    assert [batch["scene"] for _, batch in model.seen] == [["a"], ["b"], ["c"]]
    told = [str(warning.message) for warning in caught if "left out" in str(warning.message)]
    assert [line.partition(".png:")[0] for line in told] == [
        f"left out: scene {name}: {photographs / name}" for name in ("bb", "d")
    ]
    with pytest.raises(InputError, match="2 of 5 photographs cannot be read and were left out: bb, d"):
        data.check_predicted()


def test_the_only_photograph_stops_the_run(photographs):
    (photographs / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(InputError, match=r"a\.png: truncated"):
        trainer().predict(Recorder(), ExposureStackDataModule(predict=str(photographs / "a.png")))


def test_mixed_sizes_in_an_evaluation_batch_are_named():
    data = ExposureStackDataModule(test=CountingStacks(2, sizes=[(4, 4), (5, 5)]), eval_batch_size=2)
    with pytest.raises(InputError, match="scene_1: 5 frames of 5 x 5"):
        trainer().test(Recorder(), data)


@pytest.mark.parametrize("stage", ["fit", "validate", "test", "predict"])
def test_missing_data_names_the_argument(stage):
    argument = {"fit": "train", "validate": "val"}.get(stage, stage)
    with pytest.raises(InputError, match=f"pass {argument}=[A-Z]+$") as caught:
        getattr(trainer(max_epochs=1), stage)(Recorder(), ExposureStackDataModule())
    assert caught.value.argument == f"data.{argument}"


@pytest.mark.parametrize(("name", "value"), [("batch_size", 0), ("eval_batch_size", 0), ("num_workers", -1)])
def test_numbers_that_are_too_small_name_the_argument(name, value):
    with pytest.raises(InputError, match=f"found {value}; pass {name}=") as caught:
        ExposureStackDataModule(**{name: value})
    assert caught.value.argument == name


@pytest.mark.ddp
@pytest.mark.timeout(180)
def test_two_processes_share_the_scenes(photographs):
    script = Path(__file__).with_name("ddp_run.py")
    run_apart([str(script), str(photographs), str(photographs / "*.png")], photographs, timeout=170)
    ranks = [json.loads((photographs / f"rank{rank}.json").read_text()) for rank in range(2)]

    def scenes(stage, epoch=None):
        return [[s for g, e, s, _ in seen if g == stage and epoch in (None, e)] for seen in ranks]

    for epoch in (0, 1):
        first, second = ({scene for batch in share for scene in batch} for share in scenes("fit", epoch))
        assert len(first) == len(second) == 3
        assert not first & second
    assert scenes("fit", 0) != scenes("fit", 1)
    assert [len(share) for share in scenes("validate", 0)] == [2, 2]
    for stage, epoch, count in (("validate", 2, 3), ("test", None, 3), ("predict", None, 2)):
        together = [scene for share in scenes(stage, epoch) for batch in share for scene in batch]
        assert len(together) == len(set(together)) == count


def test_fewer_scenes_than_processes_cannot_be_evaluated():
    data = ExposureStackDataModule(test=CountingStacks(1), predict=None)
    data.trainer = SimpleNamespace(world_size=2)
    with pytest.raises(InputError, match=r"one scene for each of 2 processes, found 1; pass devices=1$") as caught:
        data.test_dataloader()
    assert caught.value.argument == "trainer.devices"
