"""What test, validate and predict leave behind, through `main`, on a toy method and toy scenes."""

import csv
import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

import hdrgen.cli.lightning
import hdrgen.cli.loggers
from hdrgen.cli.main import main
from hdrgen.io import read_image, write_image
from hdrgen.reporting import read_runs
from tests.cli.toy_runs import CPU, FIT, QUICK, SCENES, error_of

pytestmark = pytest.mark.usefixtures("own_folder")


@pytest.mark.parametrize("verb", ["test", "validate"])
def test_tables(verb, trained, capsys):
    arguments = [verb, f"--ckpt_path={trained.last}", *SCENES, *CPU, "-o", "out"]
    assert main(arguments) == 0
    rows = list(csv.DictReader(Path("out/metrics.csv").read_text().splitlines()))
    assert list(rows[0]) == ["scene", "ev", "metric", "value"]
    assert {row["scene"] for row in rows} == {"toy0", "toy1", "toy2", "toy3"}
    assert {row["ev"] for row in rows if row["metric"] == "psnr"} == {"-1.0", "1.0"}
    summary = json.loads(Path("out/metrics.json").read_text())
    values = [float(row["value"]) for row in rows if row["metric"] == "psnr"]
    assert summary["scenes"] == 4
    assert summary["means"]["psnr"]["mean"] == pytest.approx(np.mean(values))
    assert "means over 4 scenes" in capsys.readouterr().out
    assert yaml.safe_load(Path("out/config.yaml").read_text())["model"]["init_args"]["channels"] == 8
    assert not Path("runs").exists()
    before = Path("out/metrics.csv").stat().st_mtime_ns
    assert "exists already; pass --overwrite, or" in error_of(arguments, capsys)
    assert Path("out/metrics.csv").stat().st_mtime_ns == before
    assert main([*arguments, "--overwrite"]) == 0


def test_tables_go_to_the_run_by_default():
    assert main(["test", "--model=UnchangedInput", "--data.test=ToyScenes", *CPU]) == 0
    assert Path("runs/UnchangedInput/version_0/test/metrics.csv").is_file()


def test_methods_without_weights_need_no_checkpoint(capsys):
    assert main(["test", "--model=LinearGain", "--data.test=ToyScenes", *CPU, "-o", "gain"]) == 0
    assert json.loads(Path("gain/metrics.json").read_text())["scenes"] == 4


def test_predict_writes_everything(trained, photos, capsys):
    assert main(["predict", f"--ckpt_path={trained.last}", "--data.predict", *photos, *CPU, "-o", "out"]) == 0
    expected = {f"a{end}" for end in ("_ev-1.0.png", "_ev+0.0.png", "_ev+1.0.png", ".exr", ".hdr", "_preview.jpg")}
    assert {path.name for path in Path("out/a").iterdir()} == expected
    assert {path.name for path in Path("out").iterdir()} == {"a", "b", "c"}
    assert read_image(Path("out/a/a.exr")).linear
    same = read_image(Path("out/a/a_ev+0.0.png")).pixels
    np.testing.assert_array_equal(same, read_image(photos[0]).pixels)
    told = capsys.readouterr().out.splitlines()
    assert [f"{name}: 6 files in out/{name}" for name in "abc"] == [line for line in told if "files in" in line]


def test_predict_takes_a_folder_and_a_glob(trained, photos):
    folder = str(Path(photos[0]).parent)
    assert main(["predict", f"--ckpt_path={trained.last}", f"--data.predict={folder}", *CPU, "-o", "f"]) == 0
    assert (
        main(["predict", f"--ckpt_path={trained.last}", "--data.predict", f"{folder}/[ab].png", *CPU, "-o", "g"]) == 0
    )
    assert {path.name for path in Path("f").iterdir()} == {"a", "b", "c"}
    assert {path.name for path in Path("g").iterdir()} == {"a", "b"}


def test_predict_is_the_same_whatever_the_batch_size(trained, photos):
    common = ["predict", f"--ckpt_path={trained.last}", "--data.predict", *photos, *CPU]
    for size in (1, 3):
        assert main([*common, f"--data.batch_size={size}", f"--data.eval_batch_size={size}", "-o", f"b{size}"]) == 0
    files = [path.relative_to("b1") for path in Path("b1").rglob("*.*")]
    assert len(files) == 18
    for file in files:
        np.testing.assert_array_equal(read_image("b1" / file).pixels, read_image("b3" / file).pixels)


def test_predict_overwrites_nothing_unasked(trained, photos, capsys):
    arguments = ["predict", f"--ckpt_path={trained.last}", "--data.predict", *photos, *CPU, "-o", "out"]
    Path("out/b").mkdir(parents=True)
    Path("out/b/mine.txt").write_text("precious")
    assert "out/b holds results already" in error_of(arguments, capsys)
    assert [str(path) for path in Path("out").rglob("*.*")] == ["out/b/mine.txt"]  # told before any work
    assert main([*arguments, "--overwrite"]) == 0
    assert Path("out/b/mine.txt").read_text() == "precious"
    assert Path("out/b/b.exr").is_file()


@pytest.mark.parametrize("photo", ["none.jpg", "folder", "broken.png"])
def test_predict_of_bad_photographs(photo, trained, capsys):
    Path("folder").mkdir()
    Path("broken.png").write_bytes(b"\x89PNG\r\n\x1a\n not really")
    told = error_of(["predict", f"--ckpt_path={trained.last}", "--data.predict", photo, *CPU, "-o", "out"], capsys)
    assert photo in told
    assert not Path("out").exists()


def test_predict_goes_on_after_a_corrupt_photograph(trained, photos, capsys):
    Path(photos[1]).write_bytes(Path(photos[1]).read_bytes()[:100])
    Path("empty.jpg").touch()
    arguments = ["predict", f"--ckpt_path={trained.last}", "--data.predict", "empty.jpg", *photos, *CPU, "-o", "out"]
    assert main(arguments) == 2
    assert {path.name: len(list(path.iterdir())) for path in Path("out").iterdir()} == {"a": 6, "c": 6}
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[2].partition(": ")[2].partition(":")[0] for line in lines[:-1]] == ["left out"] * 2
    assert lines[-1] == "hdrgen: error: 2 of 4 photographs cannot be read and were left out: b, empty"


@pytest.mark.parametrize("verb", hdrgen.cli.lightning.VERBS)
def test_only_the_data_that_a_verb_uses_must_be_there(verb, trained, photos, capsys):
    used = {"fit": ["train", "val"], "validate": ["val"], "test": ["test"], "predict": []}[verb]
    parts = ["train", "val", "test"]
    gone = [f"--data.{p}={'ToyScenes' if p in used else 'ExposureStackFolder'}" for p in parts]
    gone += [f"--data.{p}.root=gone" for p in parts if p not in used]
    arguments = [verb, f"--ckpt_path={trained.last}", *gone, "--data.predict", *photos, *CPU, "--trainer.max_epochs=1"]
    assert main([*arguments, "-o", "out"]) == 0
    for part in used:
        told = error_of([*arguments, f"--data.{part}=ExposureStackFolder", f"--data.{part}.root=nowhere"], capsys)
        assert "nowhere: expected" in told


def test_the_config_of_a_run_names_all_its_data(trained):
    assert {trained.config["data"][part]["class_path"] for part in ("train", "val", "test")} == {"tests.toys.ToyScenes"}


@pytest.mark.parametrize(("method", "warned"), [("ToyMethod", True), ("UnchangedInput", False)])
def test_random_weights_are_told(method, warned, photos, capsys):
    assert main(["predict", f"--model={method}", "--data.predict", *photos, *CPU, "-o", "out"]) == 0
    assert ("hdrgen: warning: ToyMethod has random weights" in capsys.readouterr().err) is warned


def test_trained_weights_need_no_warning(trained, photos, capsys):
    assert main(["predict", f"--ckpt_path={trained.last}", "--data.predict", *photos, *CPU, "-o", "out"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("output", ["taken", "taken/below", "closed"])
def test_an_output_that_cannot_be_is_told_before_any_work(output, trained, photos, monkeypatch, capsys):
    Path("taken").write_text("a file")
    Path("closed").mkdir()
    if output == "closed":  # to root no folder is
        access = os.access
        monkeypatch.setattr(
            os, "access", lambda path, *mode, **more: Path(path).name != "closed" and access(path, *mode)
        )
    told = error_of(["predict", f"--ckpt_path={trained.last}", "--data.predict", *photos, *CPU, "-o", output], capsys)
    assert f"{output.partition('/')[0]}: expected a folder to write to" in told
    assert not any(Path("closed").iterdir())


def test_wandb_offline(monkeypatch):
    wandb = pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_DIR", "runs")
    try:
        assert main([*FIT, "--model=ToyMethod", "--trainer.logger=WandbLogger", "--trainer.logger.offline=true"]) == 0
    finally:
        wandb.finish()
    (last,) = Path("runs").rglob("last.ckpt")
    run = last.parents[1]
    assert run.parent == Path("runs/hdrgen")
    assert (run / "config.yaml").is_file()
    assert len(list((run / "grids").glob("*.png"))) == 4
    assert list(Path("runs/wandb").glob("offline-run-*/*.wandb"))
    assert len(list(Path("runs/wandb").glob("offline-run-*/files/media/images/**/*.png"))) == 4
    try:
        assert main(["fit", f"--config={run}/config.yaml", "--ckpt_path=last", "--trainer.max_epochs=2"]) == 0
    finally:
        wandb.finish()
    assert list(Path("runs").rglob("last.ckpt")) == [last]
    assert {path.name.rpartition("-")[2] for path in Path("runs/wandb").glob("offline-run-*")} == {run.name}
    for _ in range(300):  # W&B writes in a process of its own, which on a busy machine may not be done yet
        (read,) = read_runs([run])
        if len(read.curves["train/loss"]) == 4:
            break
        time.sleep(0.2)
    assert [step for step, _ in read.curves["train/loss"]] == [0, 1, 2, 3]
    assert [step for step, _ in read.curves["val/psnr"]] == [1, 3]


def test_tensorboard():
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    assert main([*FIT, "--model=ToyMethod", "--trainer.logger=TensorBoardLogger"]) == 0
    run = Path("runs/ToyMethod/version_0")
    assert (run / "config.yaml").is_file()
    events = accumulator.EventAccumulator(str(run)).Reload().Tags()
    assert "val/toy0" in events["images"]
    assert "val/psnr" in events["scalars"]
    assert main(["fit", f"--config={run}/config.yaml", "--ckpt_path=last", "--trainer.max_epochs=2"]) == 0
    assert list(Path("runs").rglob("last.ckpt")) == [run / "checkpoints/last.ckpt"]
    events = accumulator.EventAccumulator(str(run)).Reload()
    assert [event.step for event in events.Scalars("train/loss")] == [0, 1, 2, 3]


@pytest.mark.parametrize(("logger", "package"), [("WandbLogger", "wandb"), ("TensorBoardLogger", "tensorboard")])
def test_logger_that_is_not_installed(logger, package, monkeypatch, capsys):
    monkeypatch.setattr(hdrgen.cli.loggers, "find_spec", lambda name: None)
    told = error_of([*FIT, *QUICK, "--model=ToyMethod", f"--trainer.logger={logger}"], capsys)
    assert f"pip install 'hdrgen[{package}]'" in told


@pytest.mark.parametrize("tile", ["300", "none", "auto"])
def test_tiles_reach_the_method(tile, trained, tmp_path):
    """Of a photograph larger than a tile; the prediction stays what it is."""
    photo = write_image(tmp_path / "large.png", np.random.default_rng(1).random((40, 700, 3)))
    for folder, chosen in (("whole", "none"), ("tiled", tile)):
        predict = ["predict", *CPU, f"--ckpt_path={trained.last}", f"--data.predict=[{photo}]", f"--tile={chosen}"]
        assert main([*predict, "-o", folder]) == 0
    whole, made = (read_image(Path(folder) / "large/large.exr").pixels for folder in ("whole", "tiled"))
    np.testing.assert_allclose(made, whole, rtol=1e-3, atol=1e-4)


def test_tiles_that_cannot_be(trained, photos, capsys):
    predict = ["predict", *CPU, f"--ckpt_path={trained.last}", f"--data.predict=[{photos[0]}]", "-o", "out"]
    assert main([*predict, "--tile=banana"]) == 2
    assert "expected one of 'auto', 'none'" in capsys.readouterr().err
    assert main([*predict, "--tile=64"]) == 2  # however small the first photograph is
    assert "pixels, found 64; pass " in capsys.readouterr().err
    assert not Path("out").exists()
