"""The trainer verbs through `main`, on a toy method and toy scenes: every trap of LightningCLI that we know of."""

import csv
import json
from pathlib import Path

import pytest
import torch
import yaml
from pytorch_lightning import Trainer
from pytorch_lightning.cli import OptimizerCallable

import hdrgen.cli.lightning
from hdrgen import configs
from hdrgen.cli.arguments import named_method
from hdrgen.cli.lightning import HDRCLI
from hdrgen.cli.main import main
from hdrgen.cli.trainer_options import epoch_in_words
from hdrgen.data import ExposureStackDataModule, ProceduralScenes
from tests.cli.toy_runs import CPU, FIT, QUICK, SCENES, error_of
from tests.toys import ToyMethod

pytestmark = pytest.mark.usefixtures("own_folder")


def build(*arguments: str) -> HDRCLI:
    """The objects of a `test` command, which runs one batch without writing anything."""
    return HDRCLI(["test", "--data.test=ToyScenes", *QUICK, *arguments])


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
    told = capsys.readouterr().out.splitlines()
    assert "checkpoints, log and config in runs/ToyMethod/version_0" in told
    assert "4 scenes to train on, 4 to validate after every epoch" in told


def test_how_often_an_epoch_takes_a_scene_is_told_with_what_an_epoch_is():
    data = ExposureStackDataModule(train=ProceduralScenes(count=7), val=None, samples_per_scene=45)
    told = epoch_in_words(Trainer(logger=False, enable_checkpointing=False, accelerator="cpu"), data)
    assert told == "7 scenes to train on, each 45 times in an epoch"


def test_saved_config_runs_again_to_the_same_weights(trained):
    assert main(["fit", "-c", str(trained.folder / "config.yaml"), "-o", "again"]) == 0
    again = Path("again/ToyMethod/version_0")
    first, second = (torch.load(file, weights_only=True) for file in (trained.last, again / "checkpoints/last.ckpt"))
    assert torch.equal(first["state_dict"]["weight"], second["state_dict"]["weight"])
    assert first["state_dict"]["weight"].ne(0.5).all()
    config = yaml.safe_load((again / "config.yaml").read_text())
    assert config["model"] == trained.config["model"]
    assert config["data"] == trained.config["data"]


BETAS = (0.5, 0.9)


class NamelessDefault(ToyMethod):
    """A method whose optimizer no configuration can name."""

    def __init__(self, optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=0.1, betas=BETAS)) -> None:
        super().__init__(optimizer=optimizer)


def test_a_default_that_no_word_describes_is_left_out_of_the_saved_config(capsys):
    assert main([*FIT, f"--model={__name__}.NamelessDefault"]) == 0
    run = Path("runs/NamelessDefault/version_0")
    assert "optimizer" not in yaml.safe_load((run / "config.yaml").read_text())["model"].get("init_args", {})
    assert main(["fit", "-c", str(run / "config.yaml"), "-o", "again"]) == 0
    assert "lambda" not in capsys.readouterr().err
    again = Path("again/NamelessDefault/version_0/checkpoints/last.ckpt")
    (optimizer,) = torch.load(again, weights_only=True)["optimizer_states"]
    assert optimizer["param_groups"][0]["betas"] == BETAS


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


def test_default_root_dir_holds_the_runs(trained):
    assert main(["fit", "-c", str(trained.folder / "config.yaml"), "--trainer.default_root_dir=third"]) == 0
    assert Path("third/ToyMethod/version_0/config.yaml").is_file()
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


PAPERS = [name for name in configs.names() if f"{name}_small" in configs.names()]


@pytest.mark.parametrize("name", PAPERS)
def test_every_paper_config_makes_its_method(name):
    """At full width a step takes a minute: `test_every_config.py` trains them with tiny networks."""
    elsewhere = [f"--data.{part}=null" for part in ("train", "val", "test")]
    counts = []
    for size in (name, f"{name}_small"):
        with torch.device("meta"):
            cli = HDRCLI(["--config", str(configs.path_of(size)), *elsewhere, *CPU], run=False)
        assert type(cli.model).__name__ == named_method(["-c", name])
        counts.append(sum(parameter.numel() for parameter in cli.model.parameters()))
        assert cli.config_dump["model"]["init_args"]["optimizer"]["class_path"], "no run again by its config.yaml"
        assert "scheduler" in cli.config_dump["model"]["init_args"]
    assert counts[0] > 2 * counts[1], "the paper's network, against the small one"


# -- a checkpoint and the command line: who wins ---------------------------------------------------------------------


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
        (["--model=ToyMethod", "--model.until=3"], "no option --model.until (ToyMethod has --model.channels, "),
        (
            ["--model=UnchangedInput", "--model.until=3"],
            "no option --model.until (UnchangedInput has --model.response)",
        ),
        (["--model.until=3", "--model=ToyMethod"], "no option --model.until: name the method first"),
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
    told = error_of(["fit", *SCENES, "--model=ToyMethod", "--trainer.accelerator=gpu"], capsys)
    assert "expected a device that torch finds on this machine, found --trainer.accelerator gpu, and none" in told
    assert told.rstrip().endswith("pass --trainer.accelerator auto")


def test_a_method_that_does_not_learn_is_not_trained(capsys):
    told = error_of(["fit", *SCENES, "--model=LinearGain"], capsys)
    assert "expected a method that learns, found LinearGain, which has no training step; validate, test and" in told


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


def test_methods_note_the_arguments_that_they_would_note_with_lightning_s_own_check(monkeypatch):
    arguments = ["--config", str(configs.path_of("cevr_small")), "--model.response=hdrgen.camera.SRGB", *CPU]
    ours = HDRCLI(arguments, run=False).model.hparams
    monkeypatch.delattr(HDRCLI, "_dump_config")
    theirs = HDRCLI(arguments, run=False).model.hparams
    assert {"channels", "stack_ev", "response"} <= ours.keys()
    assert str(ours) == str(theirs)


# -- loggers ---------------------------------------------------------------------------------------------------------
