"""What a checkpoint adds to a command line: resuming, the method and its arguments."""

import shutil
import signal
from pathlib import Path

import pytest
import torch
from pytorch_lightning.cli import LightningCLI

from hdrgen.camera import SRGB, Gamma
from hdrgen.cli.lightning import HDRCLI
from hdrgen.cli.main import main
from hdrgen.methods import load_method
from tests.cli.toy_runs import CPU, FIT, QUICK, error_of
from tests.toys import OtherToy, ToyMethod

pytestmark = pytest.mark.usefixtures("own_folder")


def build(*arguments: str) -> HDRCLI:
    """The objects of a `test` command, which runs one batch without writing anything."""
    return HDRCLI(["test", "--data.test=ToyScenes", *QUICK, *arguments])


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


def test_best_is_that_of_the_run_which_a_training_went_on_from(trained, tmp_path):
    """The second run has no validation scenes; the third scores better, and names its own."""
    runs = tmp_path / "runs"
    shutil.copytree(trained.folder, runs / "ToyMethod/version_0")
    for epochs, version, val in ((2, 0, "--data.val=null"), (3, 2, "--data.val.count=2")):
        assert main([*FIT, val, f"--trainer.max_epochs={epochs}", "--ckpt_path=last", "-o", str(runs)]) == 0
        cli = build("--ckpt_path=best", f"--trainer.default_root_dir={runs}")
        (best,) = (runs / f"ToyMethod/version_{version}/checkpoints").glob("epoch=*.ckpt")
        assert Path(cli.config.test.ckpt_path) == best


@pytest.mark.parametrize("verb", ["fit", "predict"])
@pytest.mark.parametrize("option", ["--ckpt_path", "--weights"])
@pytest.mark.parametrize("first", [[" ", "a.ckpt"], ["=a.ckpt"]], ids=["space", "equals"])
def test_of_several_checkpoints_none_is_dropped_without_a_word(verb, option, first, capsys):
    """As a shell writes out `--ckpt_path *.ckpt`."""
    words = [option + first[0], "b.ckpt"] if len(first) == 1 else [option, first[1], "b.ckpt"]
    error = error_of([verb, *words, "--data.test", "ProceduralScenes"], capsys)
    assert f"{option}: expected one network, found also b.ckpt; hdrgen {verb} takes one at a time" in error


def test_last_without_a_run_starts_from_scratch_or_is_refused(capsys):
    assert main([*FIT, *QUICK, "--model=ToyMethod", "--ckpt_path=last"]) == 0
    assert "starting from scratch" in capsys.readouterr().err
    assert "no last.ckpt below runs" in error_of(["test", "--ckpt_path=last"], capsys)
    of_another = error_of(["test", "--model=CEVR", "--ckpt_path=best"], capsys)
    assert "no best.ckpt of CEVR below runs" in of_another


def test_interrupted_training(monkeypatch):
    def interrupt(*_) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ToyMethod, "training_step", interrupt)
    handler = signal.getsignal(signal.SIGINT)
    try:
        assert main([*FIT, *QUICK, "--model=ToyMethod"]) == 130
    finally:
        signal.signal(signal.SIGINT, handler)  # Lightning ignores further interrupts while it shuts down


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
