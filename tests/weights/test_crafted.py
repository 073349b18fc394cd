"""Weights that were made to do harm, by every way in: one line each, nothing imported, opened, touched or taken."""

import socket
import sys
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import hdrgen
from hdrgen.cli.main import main
from hdrgen.errors import InputError
from hdrgen.methods import HDRGAN, MultiExposureGeneration, load_method, without_files
from hdrgen.weights import find_best, find_last, full_name, read_weights
from tests.weights import crafted

CPU = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.logger=false"]
VERBS = {
    "predict": ["predict", "--data.predict=.", *CPU, "-o=out", "--ckpt_path"],
    "fit": ["fit", "--data.train=MovingScenes", *CPU, "--ckpt_path"],
    "export": ["export", "-o=out", "--formats=safetensors", "--ckpt_path"],
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """The current folder, from which `outsider` can be imported; no connection can be opened from it."""

    def refused(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    crafted.plant(tmp_path)
    yield tmp_path
    sys.modules.pop("outsider", None)


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in HDRGAN(channels=[6, 8], adversarial_weight=0).state_dict().items()}


def told(use: Callable[[Path], object], path: Path) -> str:
    """What is told of a file that is refused, in one line; empty where its harmless part is used."""
    began, before, message = time.monotonic(), sorted(path.parent.rglob("*")), ""
    try:
        use(path)
    except InputError as error:
        message = str(error)
        assert message.isprintable()
    assert "outsider" not in sys.modules
    assert sorted(path.parent.rglob("*")) == before
    assert time.monotonic() - began < 5
    return message


def test_arguments_are_plain_data(folder):
    for name, changed in crafted.arguments(folder):
        assert told(load_method, crafted.write(folder / "evil.ckpt", {}, changed)), name


def test_arguments_of_exported_weights_are_plain_data(folder):
    pytest.importorskip("safetensors")
    for name, changed in crafted.arguments(folder):
        if not any(isinstance(value, dict) and 1 in value for value in changed.values()):  # JSON has no such names
            path = crafted.write_exported(folder / "evil.safetensors", {}, crafted.exported(changed))
            assert told(load_method, path), name
    for name, note in crafted.notes():
        assert told(load_method, crafted.write_exported(folder / "evil.safetensors", {}, note)), name


def test_sizes_are_bounded(folder):
    for name, changed in crafted.sizes():
        assert told(load_method, crafted.write(folder / "evil.ckpt", {}, changed)), name


def test_what_a_method_counts_is_bounded_before_it_is_made(folder):
    """Not only weights: lists of widths or rates that are made before them would take memory and time, too."""
    for name, changed in crafted.counts():
        assert told(load_method, crafted.write(folder / "evil.ckpt", {}, changed)), name


def test_entries_are_what_lightning_writes(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch, about sparse tensors
        forms = list(crafted.entries())
    for _, changed in forms:
        path = crafted.write(folder / "last.ckpt", {}, changed, entry=True)
        told(load_method, path)
        told(lambda path: find_last(path.parent, "HDRGAN"), path)
        assert told(find_best, path)


def test_paths_of_weights_stay_text(folder, state):
    for address in crafted.ADDRESSES[::5]:
        path = crafted.write(folder / "good.ckpt", state, {"initial_weights": address})
        assert told(load_method, path) == ""
        assert load_method(path).initial_weights == address


@pytest.mark.parametrize(
    ("verb", "changed"),
    [
        ("predict", {"response": "data:,class_path: outsider.Curve"}),
        ("fit", {"optimizer": "simplecache::file://outsider.yaml"}),
        ("export", {"response": {"class_path": "hdrgen.camera.Sigmoid", "init_args": {"n": crafted.CURVE}}}),
        ("predict", {"channels": [8] * 120}),
        ("export", {"_class_path": "outsider.Curve"}),
    ],
)
@pytest.mark.parametrize("suffix", [".ckpt", ".safetensors"])
def test_verbs_refuse_in_one_line(verb, changed, suffix, folder, state, capsys):
    if suffix == ".ckpt":
        crafted.write(folder / "evil.ckpt", state, changed)
    else:
        crafted.write_exported(folder / "evil.safetensors", state, crafted.exported(changed))
    assert main([*VERBS[verb], f"evil{suffix}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"evil{suffix}" in line
    assert "outsider" not in sys.modules


def test_an_address_is_text_for_the_parser_too(folder, state):
    """Of all that jsonargparse might fetch, import or read, a path of weights may be in a good checkpoint."""
    hdrgen.write("photo.png", np.full((64, 64, 3), 0.5, np.float32))
    (folder / "exposures.csv").write_text("file,ev\nphoto.png,0\n")
    for text in ("simplecache::http://127.0.0.1:9/x", crafted.SPEC):
        crafted.write(folder / "good.ckpt", state, {"initial_weights": text})
        main([*VERBS["predict"], "good.ckpt"])
        assert "outsider" not in sys.modules


@pytest.mark.parametrize(
    "changed",
    [
        {"callbacks": [3]},
        {"callbacks": {"LastCheckpoint": 3}},
        {"loops": {"fit_loop": {"epoch_progress": 3}}},
        {"optimizer_states": [{}]},
        {"optimizer_states": [], "lr_schedulers": [{"milestones": 3}]},
        {"pytorch-lightning_version": "new"},
        {"loops": {"fit_loop": {"epoch_progress": {"total": {"ready": 10**18}}}}},
        {"loops": {"fit_loop": {"epoch_loop.batch_progress": {"current": {"completed": -1}}}}},
    ],
)
def test_a_training_does_not_go_on_from_odd_states(changed, folder, state, capsys):
    crafted.write(folder / "evil.ckpt", state, changed, entry=True)
    assert main([*VERBS["fit"], "evil.ckpt", "--trainer.max_epochs=1", "--trainer.limit_train_batches=1"]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("hdrgen:")]
    assert len(errors) == 1


@pytest.mark.parametrize("changed", [{"exp_avg": torch.zeros(3)}, {"step": "x"}])
def test_an_optimizer_does_not_go_on_from_odd_states(changed, folder, state, capsys):
    method = HDRGAN(channels=[6, 8], adversarial_weight=0)
    optimizer = torch.optim.Adam(method.parameters(), lr=1e-4)
    optimizer.state = {
        each: {"step": torch.tensor(1.0), "exp_avg": torch.zeros_like(each), "exp_avg_sq": torch.zeros_like(each)}
        | changed
        for each in method.parameters()
    }
    states = {"optimizer_states": [optimizer.state_dict()], "lr_schedulers": []}
    crafted.write(folder / "evil.ckpt", state, states, entry=True)
    limits = ["--trainer.max_epochs=1", "--trainer.limit_train_batches=1"]
    assert main([*VERBS["fit"], "evil.ckpt", *limits]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("hdrgen:")]
    assert "states" in line


def test_compressed_weights_are_refused(folder, state):
    """Of a file of zeros, compressed ones would be a thousandth."""
    path = crafted.write(folder / "whole.ckpt", state, {})
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile("evil.ckpt", "w", zipfile.ZIP_DEFLATED) as packed:
        for member in whole.infolist():
            packed.writestr(member.filename, whole.read(member))
    assert "damaged or not a checkpoint" in told(load_method, folder / "evil.ckpt")
    with pytest.raises(InputError, match="cannot be read as VGG weights"):
        read_weights(folder / "evil.ckpt", "VGG")


def test_a_training_that_goes_on_opens_no_file_that_its_checkpoint_names(folder, state, capsys):
    """Not even to find that it is not there; it fails later, for the states that this checkpoint lacks."""
    crafted.write(folder / "good.ckpt", state, {"initial_weights": "../secret.ckpt"})
    assert main([*VERBS["fit"], "good.ckpt", "--trainer.max_epochs=1", "--trainer.limit_train_batches=1"]) == 2
    assert "secret" not in capsys.readouterr().err


def test_files_are_left_out_of_what_a_checkpoint_says():
    given = {"perceptual_weights": "../secret.pth", "initial_weights": "../secret.ckpt", "perceptual_weight": 0.1}
    method = {"class_path": full_name(MultiExposureGeneration), "init_args": given}
    kept, left_out = without_files(method)
    assert kept["init_args"] == {"perceptual_weight": 0.1}
    assert left_out == {"perceptual_weights": "../secret.pth", "initial_weights": "../secret.ckpt"}


def test_files_are_left_out_of_a_method_that_takes_over_the_arguments_of_another():
    class Taught(MultiExposureGeneration):
        pass

    method = {"class_path": full_name(Taught), "init_args": {"perceptual_weights": "../secret.pth", "epsilon": 0.1}}
    assert without_files(method) == (
        method | {"init_args": {"epsilon": 0.1}},
        {"perceptual_weights": "../secret.pth"},
    )


def test_lightnings_own_way_to_load_is_refused(folder):
    with pytest.raises(InputError, match=r"load any\.ckpt as data by hdrgen\.load\('any\.ckpt'\)\.method"):
        HDRGAN.load_from_checkpoint("any.ckpt")
