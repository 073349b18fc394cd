"""The trainer verbs through `main`, on a toy method and toy scenes: every trap of LightningCLI that we know of."""

import csv
import json
import os
import signal
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
import yaml
from pytorch_lightning.cli import LightningCLI

import hdrgen.cli.lightning
from hdrgen import configs
from hdrgen.camera import SRGB, Gamma
from hdrgen.cli.arguments import named_method
from hdrgen.cli.lightning import HDRCLI
from hdrgen.cli.main import main
from hdrgen.io import read_image, write_image
from hdrgen.methods import load_method
from tests.toys import OtherToy, ToyMethod

CPU = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false"]
SCENES = ["--data.train=ToyScenes", "--data.val=ToyScenes", "--data.test=ToyScenes", "--data.batch_size=2"]
FIT = ["fit", *SCENES, *CPU, "--trainer.max_epochs=1", "--trainer.log_every_n_steps=1"]
QUICK = [*CPU, "--trainer.fast_dev_run=true"]


class Run(NamedTuple):
    folder: Path
    last: Path

    @property
    def config(self) -> dict:
        return yaml.safe_load((self.folder / "config.yaml").read_text())


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Run:
    """One finished run of `ToyMethod` with 8 channels."""
    folder = tmp_path_factory.mktemp("trained")
    assert main([*FIT, "--model=ToyMethod", "--model.channels=8", "-o", str(folder / "runs")]) == 0
    run = folder / "runs/ToyMethod/version_0"
    return Run(run, run / "checkpoints/last.ckpt")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def photos(tmp_path) -> list[str]:
    noise = np.random.default_rng(0)
    return [str(write_image(tmp_path / f"{name}.png", noise.random((20, 30, 3)))) for name in "abc"]


def build(*arguments: str) -> HDRCLI:
    """The objects of a `test` command, which runs one batch without writing anything."""
    return HDRCLI(["test", "--data.test=ToyScenes", *QUICK, *arguments])


def error_of(arguments: list[str], capsys) -> str:
    """The line that a command fails with."""
    capsys.readouterr()
    assert main(arguments) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("hdrgen: error:")]
    assert len(lines) == 1
    return lines[0]


# -- fit -------------------------------------------------------------------------------------------------------------


def test_fit_leaves_config_checkpoints_log_and_pictures(trained):
    assert {path.name for path in trained.folder.iterdir()} >= {"config.yaml", "metrics.csv", "checkpoints", "grids"}
    assert {path.name for path in trained.last.parent.iterdir()} >= {"last.ckpt"}
    assert len(list(trained.last.parent.glob("epoch=000-psnr=*.ckpt"))) == 1
    assert len(list((trained.folder / "grids").glob("val-epoch000-toy?.png"))) == 4
    columns = next(csv.reader((trained.folder / "metrics.csv").open()))
    assert {"val/psnr", "train/loss"} <= set(columns)


def test_fit_notes_versions_and_commit(trained):
    software = json.loads((trained.folder / "software.json").read_text())
    assert {"hdrgen", "commit", "python", "packages"} <= set(software)
    assert software["packages"]["torch"] == torch.__version__


def test_fit_says_where_the_run_is(capsys):
    assert main([*FIT, "--model=ToyMethod"]) == 0
    assert "checkpoints, log and config in runs/ToyMethod/version_0" in capsys.readouterr().out.splitlines()


def test_saved_config_runs_again_to_the_same_weights(trained):
    assert main(["fit", "-c", str(trained.folder / "config.yaml"), "-o", "again"]) == 0
    again = Path("again/ToyMethod/version_0")
    first, second = (torch.load(file, weights_only=True) for file in (trained.last, again / "checkpoints/last.ckpt"))
    assert torch.equal(first["state_dict"]["weight"], second["state_dict"]["weight"])
    assert first["state_dict"]["weight"].ne(0.5).all()
    config = yaml.safe_load((again / "config.yaml").read_text())
    assert config["model"] == trained.config["model"]
    assert config["data"] == trained.config["data"]


def test_output_wins_over_a_config_after_it(trained):
    assert main(["fit", "-o", "again", "-c", str(trained.folder / "config.yaml")]) == 0
    assert Path("again/ToyMethod/version_0/config.yaml").is_file()
    assert not Path("runs").exists()


def test_config_never_replaces_an_earlier_one(trained):
    assert main([*FIT, "--model=ToyMethod", "-o", "x", "--trainer.logger.version=5"]) == 0
    assert main([*FIT, "--model=ToyMethod", "-o", "x", "--trainer.logger.version=5", "--seed_everything=7"]) == 0
    saved = [
        yaml.safe_load(Path(f"x/ToyMethod/version_5/{name}").read_text()) for name in ("config.yaml", "config-v1.yaml")
    ]
    assert [config["seed_everything"] for config in saved] == [0, 7]


def test_fit_without_validation_data_keeps_the_last_checkpoint():
    arguments = [*CPU, "--trainer.max_epochs=1", "--data.train=ToyScenes", "--model=ToyMethod"]
    assert main(["fit", *arguments]) == 0
    assert Path("runs/ToyMethod/version_0/checkpoints/last.ckpt").is_file()


def test_fit_without_logger_keeps_config_beside_checkpoints():
    assert main([*FIT, "--model=ToyMethod", "--trainer.logger=false", "--trainer.default_root_dir=root"]) == 0
    assert Path("root/config.yaml").is_file()
    assert Path("root/checkpoints/last.ckpt").is_file()


def test_default_root_dir_holds_the_runs():
    assert main([*FIT, "--model=ToyMethod", "--trainer.default_root_dir=root"]) == 0
    assert Path("root/ToyMethod/version_0/checkpoints/last.ckpt").is_file()
    assert not Path("runs").exists()


def test_checkpoint_group_and_appended_callbacks():
    appended = ["--trainer.callbacks+=EarlyStopping", "--trainer.callbacks.monitor=val/l1"]
    appended += ["--trainer.callbacks+=LearningRateMonitor", "--trainer.logger=CSVLogger"]
    cli = HDRCLI([*FIT, *QUICK, "--model=ToyMethod", "--checkpoint.save_top_k=3", *appended])
    settings = cli.config.fit
    assert settings.checkpoint.save_top_k == 3
    assert settings.checkpoint.save_last is False  # LastCheckpoint does it
    assert [item.class_path.rpartition(".")[2] for item in settings.trainer.callbacks[:2]] == [
        "EarlyStopping",
        "LearningRateMonitor",
    ]


LIGHT = [name for name in configs.names() if name.endswith("_small") or named_method(["-c", name]) is None]


@pytest.mark.parametrize("name", LIGHT)
def test_every_light_config_trains_and_tests(name):
    kind = [f"--data.{part}=ProceduralScenes" for part in ("train", "val", "test")]
    size = [f"--data.{part}.{key}" for part in ("train", "val", "test") for key in ("count=2", "size=64")]
    data = [*kind, *size, "--data.num_workers=0", "--data.batch_size=2", "--data.augmentation=null"]
    method = [] if named_method(["-c", name]) else ["-c", "multi_exposure_small"]  # an overlay needs one below it
    for verb in ("fit", "test"):
        assert main([verb, *method, "--config", name, *data, *QUICK]) == 0


@pytest.mark.parametrize("name", [name for name in configs.names() if name not in LIGHT])
def test_every_paper_config_makes_its_method(name):
    """At full width a step takes a minute, and an ability to train is tested with the small ones."""
    elsewhere = [f"--data.{part}=null" for part in ("train", "val", "test")]
    with torch.device("meta"):
        cli = HDRCLI(["--config", str(configs.path_of(name)), *elsewhere, *CPU], run=False)
    assert type(cli.model).__name__ == named_method(["-c", name])
    assert sum(parameter.numel() for parameter in cli.model.parameters()) > 3e6


def test_resume_with_last(trained):
    runs = trained.folder.parents[1]
    assert main([*FIT, "--trainer.max_epochs=2", "--ckpt_path=last", "-o", str(runs)]) == 0
    resumed = torch.load(runs / "ToyMethod/version_1/checkpoints/last.ckpt", weights_only=True)
    assert (resumed["epoch"], resumed["global_step"]) == (1, 4)
    assert resumed["hyper_parameters"]["channels"] == 8


@pytest.mark.parametrize("asked", ["last", "best"])
def test_newest_run_by_name(asked, trained):
    runs = trained.folder.parents[1]
    assert build(f"--ckpt_path={asked}", f"--trainer.default_root_dir={runs}").model.channels == 8


def test_last_without_a_run_starts_from_scratch_or_is_refused(capsys):
    assert main([*FIT, *QUICK, "--model=ToyMethod", "--ckpt_path=last"]) == 0
    assert "starting from scratch" in capsys.readouterr().err
    assert "no last.ckpt below runs" in error_of(["test", "--ckpt_path=last"], capsys)


def test_interrupted_training(monkeypatch):
    def interrupt(*_) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ToyMethod, "training_step", interrupt)
    handler = signal.getsignal(signal.SIGINT)
    try:
        assert main([*FIT, *QUICK, "--model=ToyMethod"]) == 130
    finally:
        signal.signal(signal.SIGINT, handler)  # Lightning ignores further interrupts while it shuts down


# -- a checkpoint and the command line: who wins ---------------------------------------------------------------------


def test_lightning_still_has_the_method_that_we_override():
    assert "_parse_ckpt_path" in vars(LightningCLI)
    assert "_parse_ckpt_path" in LightningCLI.__init__.__code__.co_names


def test_checkpoint_alone_is_enough(trained):
    model = build(f"--ckpt_path={trained.last}").model
    assert type(model) is ToyMethod
    assert model.channels == 8
    assert model.weight.ne(0.5).all()


def test_a_response_is_kept_in_the_checkpoint():
    arguments = ["--model.channels=[4,4]", "--model.adversarial_weight=0", "--model.response=Gamma"]
    data = ["--data.train=MovingScenes", "--trainer.max_steps=1"]
    assert main(["fit", "--model=HDRGAN", *arguments, "--model.response.gamma=1.8", *data, *CPU]) == 0
    last = Path("runs/HDRGAN/version_0/checkpoints/last.ckpt")
    for model in (build(f"--ckpt_path={last}").model, load_method(last)):
        assert (model.response.name, type(model.response)) == ("gamma 1.8", Gamma)
    typed = build(f"--ckpt_path={last}", "--model.response=SRGB").model
    assert type(typed.response) is SRGB


def test_dotted_flags_win_over_the_checkpoint(trained):
    model = build(f"--ckpt_path={trained.last}", "--model.stack_ev=[-3, 0]").model
    assert (model.channels, model.stack_ev) == (8, (-3.0, 0.0))


def test_same_method_named_keeps_what_was_typed(trained, capsys):
    model = build("--model=ToyMethod", "--model.strength=0.1", f"--ckpt_path={trained.last}").model
    assert (model.hparams.strength, model.channels) == (0.1, 8)
    arguments = ["test", "--data.test=ToyScenes", *QUICK, "--model=ToyMethod", "--model.channels=32"]
    assert "does not fit" in error_of([*arguments, f"--ckpt_path={trained.last}"], capsys)


def test_optimizer_typed_wins_when_resuming(trained):
    cli = HDRCLI([*FIT, *QUICK, f"--ckpt_path={trained.last}", "--model.optimizer=SGD", "--model.optimizer.lr=0.9"])
    assert cli.config.fit.model.init_args.optimizer.class_path.endswith("SGD")
    assert cli.config.fit.model.init_args.optimizer.init_args.lr == 0.9


def test_another_method_named_carries_nothing_over(trained):
    assert main(["test", "--data.test=ToyScenes", *QUICK, "--model=OtherToy", "--model.channels=8"]) == 0
    cli = build("--model=OtherToy", "--model.channels=8", f"--ckpt_path={trained.last}")
    assert type(cli.model) is OtherToy
    assert cli.model.stack_ev == (-1.0, 0.0, 1.0)


def test_config_counts_as_typed(trained):
    Path("mine.yaml").write_text("model:\n  class_path: ToyMethod\n  init_args:\n    strength: 0.25\n")
    model = build("-c", "mine.yaml", f"--ckpt_path={trained.last}").model
    assert (model.hparams.strength, model.channels) == (0.25, 8)


def test_neither_method_nor_checkpoint(capsys):
    assert "no method: pass --config" in error_of(["test", "--data.test=ToyScenes"], capsys)


def test_weights_only_cannot_be_switched_off(trained):
    assert build(f"--ckpt_path={trained.last}", "--weights_only=false").config.test.weights_only is True


@pytest.mark.parametrize("named", [[], ["--model=ToyMethod"]])
def test_malicious_checkpoint(named, capsys):
    class Evil:
        def __reduce__(self):
            return Path.mkdir, (Path("owned"),)

    torch.save({"state_dict": {}, "x": Evil()}, "evil.ckpt")
    told = error_of(["test", "--data.test=ToyScenes", *QUICK, *named, "--ckpt_path=evil.ckpt"], capsys)
    assert "evil.ckpt refused" in told
    assert not Path("owned").exists()


# -- names, spelling, configs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["--model=ToyMethd"], "no method 'ToyMethd'; did you mean ToyMethod?"),
        (["--model=ToyMethod", "--data.train=ToyScene"], "no class 'ToyScene'; did you mean ToyScenes?"),
        (["--model=ToyMethod", "--trainer.acelerator=cpu"], "did you mean --trainer.accelerator"),
        (["--model=ToyMethod", "--trainer.max_step=3"], "did you mean --trainer.max_steps"),  # no abbreviations
        (["--model=ToyMethod", "--model.chanels=3"], "no option --model.chanels; did you mean --model.channels"),
        (["--model=ToyMethod", "--data.train=ToyScenes", "--data.train.conut=3"], "did you mean --data.train.count"),
        (
            ["--model=ToyMethod", "--data.train=ToyScenes", "--data.train.size=x"],
            "--data.train.size: expected int, found x",
        ),
        (["--model=ToyMethod", "--data.on_error=skp"], "--data.on_error: expected one of 'raise', 'skip', found skp"),
        (["--model=ToyMethod", "--trainer.logger=Wandb"], "no class 'Wandb'; did you mean WandbLogger?"),
        (["--model=ToyMethod", "--trainer.logger=csv"], "no class 'csv'"),
        (["--model=ToyMethod", "--trainer.accelerator=cpuu"], "invalid accelerator name"),
        (["--model=ToyMethod", "--data.predict"], "--data.predict: expected a value, found none"),
        (["--model=ToyMethod", "--data.train=ExposureStackFolder"], "needs --data.train.root"),
        (["--model=ToyMethod", "--data.train=ExposureStackFolder", "--data.train.root=nowhere"], "nowhere: expected"),
        (["--model=ToyMethod", "--data.train=ProceduralScenes", "--data.train.count=-1"], "found count=-1"),
        (
            ["--model=ToyMethod", "--data.train=ToyScenes", "--data.batch_size=0"],
            "found 0; pass --data.batch_size 1 or more",
        ),
        (["--model=ToyMethod", "--trainer.max_epochs=abc"], "--trainer.max_epochs: expected int, found abc"),
        (["-c", "multi_exposur"], "did you mean multi_exposure"),
        (["--model=ToyMethod", "--ckpt_path=none.ckpt"], "found nothing at none.ckpt"),
        (["--model=ToyMethod"], "expected data for this stage, found none; pass --data.train SCENES"),
        (["--model=ToyMethod", *SCENES, "--model.optimizer=SGD", "--model.optimizer.lr=-1"], "learning rate: -1"),
        (["--model=ToyMethod", "--writer.radiance=[png]"], "--writer.radiance: expected one of 'exr', 'hdr', 'tif'"),
        (
            ["--model=ToyMethod", "--data.num_workers=-1"],
            "found -1; pass --data.num_workers 0",
        ),
        (["--model=ToyMethod", "--model.stack_ev=[0]"], "at least two different exposures in stack_ev, found [0.0]"),
        (["--model=ToyMethod", "--writer.exposures=exr"], "--writer.exposures: expected one of 'png', 'jpg'"),
    ],
)
def test_mistakes_are_told_in_one_line(typed, told, capsys):
    assert told in error_of(["fit", *QUICK, *typed], capsys)


def test_hardware_that_is_not_there(capsys):
    if torch.cuda.is_available():
        pytest.skip("this machine has an accelerator")
    assert "gpu" in error_of(["fit", *SCENES, "--model=ToyMethod", "--trainer.accelerator=gpu"], capsys)


def test_a_programmers_error_in_a_constructor_keeps_its_traceback():
    with pytest.raises(ValueError, match="of ours"):
        main(["test", "--model=UnchangedInput", "--data.test=tests.toys.Faulty", *QUICK])


def test_a_misspelt_key_of_a_config(capsys):
    Path("typo.yaml").write_text("trainer:\n  max_epoch: 3\n")
    told = error_of(["fit", "--model=ToyMethod", "-c", "typo.yaml"], capsys)
    assert "no option --trainer.max_epoch" in told
    assert "did you mean --trainer.max_epochs" in told


@pytest.mark.parametrize(("content", "found"), [("", "found nothing"), ("- a\n", "found ['a']"), ("3", "found 3")])
def test_a_config_without_settings(content, found, capsys):
    Path("none.yaml").write_text(content)
    assert f"expected settings in none.yaml, `key: value` in each line, {found}" in error_of(
        ["fit", "-c", "none.yaml"], capsys
    )


def test_several_configs_and_flags_win_from_left_to_right():
    Path("method.yaml").write_text("model:\n  class_path: ToyMethod\n  init_args: {channels: 5, strength: 0.1}\n")
    Path("overlay.yaml").write_text("model:\n  init_args: {channels: 77}\n")
    model = build("-c", "method.yaml", "--config=overlay.yaml", "--model.strength=0.3").model
    assert (model.channels, model.hparams.strength) == (77, 0.3)


def test_print_config(capsys):
    assert main(["fit", "--model=ToyMethod", "--model.channels=3", "--print_config=skip_default"]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["model"]["init_args"]["channels"] == 3


@pytest.mark.parametrize("verb", hdrgen.cli.lightning.VERBS)
def test_help(verb, capsys):
    assert main([verb, "--help"]) == 0
    shown = capsys.readouterr().out
    for option in ("--output", "--overwrite", "--checkpoint.monitor", "--data.batch_size", "MultiExposureGeneration"):
        assert option in shown


def test_help_of_a_method(capsys):
    assert main(["fit", "--model.help=ToyMethod"]) == 0
    assert "--model.channels" in capsys.readouterr().out


def test_defaults():
    cli = HDRCLI([*FIT, *QUICK, "--model=ToyMethod"])
    settings = cli.config.fit
    assert settings.seed_everything == 0
    assert (settings.checkpoint.monitor, settings.checkpoint.mode) == ("val/psnr", "max")
    assert settings.trainer.logger.class_path.endswith("CSVLogger")
    assert build("--model=ToyMethod").config.test.trainer.devices == 1


def test_objects_for_a_notebook():
    cli = HDRCLI(["--model=ToyMethod", *SCENES, *CPU], run=False)
    assert isinstance(cli.model, ToyMethod)
    assert cli.datamodule.batch_size == 2
    cli.trainer.fast_dev_run = True


# -- test and validate -----------------------------------------------------------------------------------------------


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


# -- predict ---------------------------------------------------------------------------------------------------------


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


# -- loggers ---------------------------------------------------------------------------------------------------------


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


def test_tensorboard():
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    assert main([*FIT, "--model=ToyMethod", "--trainer.logger=TensorBoardLogger"]) == 0
    run = Path("runs/ToyMethod/version_0")
    assert (run / "config.yaml").is_file()
    events = accumulator.EventAccumulator(str(run)).Reload().Tags()
    assert "val/toy0" in events["images"]
    assert "val/psnr" in events["scalars"]


@pytest.mark.parametrize(("logger", "package"), [("WandbLogger", "wandb"), ("TensorBoardLogger", "tensorboard")])
def test_logger_that_is_not_installed(logger, package, monkeypatch, capsys):
    monkeypatch.setattr(hdrgen.cli.lightning, "find_spec", lambda name: None)
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
