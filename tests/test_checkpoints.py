"""Checkpoints are read as data: nothing in them runs."""

import json
import os
import pickle
import time

import pytest
import torch

from hdrgen.checkpoints import find_best, find_last, method_in
from hdrgen.errors import InputError
from hdrgen.nn import read_checkpoint


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, target: str) -> None:
        self.target = target

    def __reduce__(self):
        return os.mkdir, (self.target,)


def checkpoint(class_path: str = "hdrgen.methods.LinearGain", **arguments):
    return {"state_dict": {}, "hyper_parameters": {"_class_path": class_path, "_instantiator": "x", **arguments}}


def test_method_and_its_arguments():
    assert method_in(checkpoint(gamma=2.4), "x.ckpt") == {
        "class_path": "hdrgen.methods.LinearGain",
        "init_args": {"gamma": 2.4},
    }


def test_checkpoint_of_a_notebook_names_its_class_elsewhere():
    made = {"state_dict": {}, "hyper_parameters": {"gamma": 2.4}, "hdrgen": {"class_path": "hdrgen.methods.LinearGain"}}
    assert method_in(made, "x.ckpt")["class_path"] == "hdrgen.methods.LinearGain"


def save_pickle(content, path):
    path.write_bytes(pickle.dumps(content, protocol=2))


@pytest.mark.parametrize("save", [torch.save, save_pickle])
def test_code_is_refused_and_not_run(save, tmp_path):
    path = tmp_path / "evil.ckpt"
    save({"state_dict": {}, "callbacks": Evil(str(tmp_path / "owned"))}, path)
    with pytest.raises(InputError, match="refused: it asks to run") as caught:
        read_checkpoint(path)
    assert not (tmp_path / "owned").exists()
    assert "mkdir" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", bytes(range(256)) * 40])
def test_damaged_file(content, tmp_path):
    path = tmp_path / "x.ckpt"
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged or none"):
        read_checkpoint(path)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
def test_truncated_file(share, tmp_path):
    path = tmp_path / "x.ckpt"
    torch.save({"state_dict": {"weight": torch.randn(100, 100)}}, path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(InputError, match="damaged or none"):
        read_checkpoint(path)


def test_missing_file_folder_and_foreign_content(tmp_path):
    with pytest.raises(InputError, match="found nothing"):
        read_checkpoint(tmp_path / "none.ckpt")
    with pytest.raises(InputError, match="found a folder"):
        read_checkpoint(tmp_path)
    torch.save([1, 2], tmp_path / "list.ckpt")
    with pytest.raises(InputError, match="no state_dict"):
        read_checkpoint(tmp_path / "list.ckpt")


@pytest.mark.parametrize(
    "made",
    [
        checkpoint("os.path.Method"),
        checkpoint("subprocess.Popen"),
        checkpoint("antigravity.Method"),
    ],
)
def test_names_do_not_import_modules(made):
    with pytest.raises(InputError, match=r"not part of hdrgen|refused"):
        method_in(made, "x.ckpt")


def test_a_method_that_the_user_names_is_taken():
    made = checkpoint("my.lab.Method", net={"class_path": "my.nets.Net"})
    assert method_in(made, "x.ckpt", vouched="my.lab.Method")["class_path"] == "my.lab.Method"
    with pytest.raises(InputError, match="refused"):
        method_in(checkpoint("my.lab.Method", net={"class_path": "other.Net"}), "x.ckpt", vouched="my.lab.Method")


def test_nested_names_do_not_import_modules():
    nested = {"class_path": "antigravity.Adam", "init_args": {}}
    with pytest.raises(InputError, match=r"refused: its arguments name antigravity\.Adam"):
        method_in(checkpoint(optimizers=[nested]), "x.ckpt")
    nested = {"class_path": "torch.optim.Adam", "init_args": {"lr": 1}}
    assert method_in(checkpoint(optimizer=nested), "x.ckpt")["init_args"]["optimizer"] == nested


def test_checkpoint_without_a_method():
    with pytest.raises(InputError, match="does not say which method"):
        method_in({"state_dict": {}}, "x.ckpt")


def test_newest_last_and_its_best(tmp_path):
    for age, name in ((100, "old"), (0, "new")):
        folder = tmp_path / name / "checkpoints"
        folder.mkdir(parents=True)
        best = {"ModelCheckpoint": {"best_model_path": f"/elsewhere/{name}/best.ckpt"}}
        torch.save({**checkpoint(f"hdrgen.methods.{name.title()}"), "callbacks": best}, folder / "last.ckpt")
        os.utime(folder / "last.ckpt", (time.time() - age,) * 2)
    last = find_last(tmp_path)
    assert last == tmp_path / "new/checkpoints/last.ckpt"
    assert find_last(tmp_path, "Old") == tmp_path / "old/checkpoints/last.ckpt"
    assert find_last(tmp_path, "Other") is None
    assert find_last(tmp_path / "nothing") is None
    with pytest.raises(InputError, match="is gone"):
        find_best(last)
    (last.parent / "best.ckpt").touch()
    assert find_best(last) == last.parent / "best.ckpt"


def test_no_best_without_scores(tmp_path):
    torch.save({"state_dict": {}, "callbacks": {"ModelCheckpoint": {"best_model_path": ""}}}, tmp_path / "last.ckpt")
    with pytest.raises(InputError, match="no validation scores"):
        find_best(tmp_path / "last.ckpt")


def test_weights_of_others_in_safetensors_have_no_arguments(tmp_path):
    torch_files = pytest.importorskip("safetensors.torch")
    path = tmp_path / "model.safetensors"
    torch_files.save_file({"weight": torch.arange(3.0)}, path)
    for place in (path, tmp_path):
        found = read_checkpoint(place)
        assert found["state_dict"]["weight"].tolist() == [0, 1, 2]
        assert found["hyper_parameters"] == {}
    about = {"class_path": "some.Method", "init_args": {"channels": 8}}
    torch_files.save_file({"weight": torch.zeros(1)}, path, {"hdrgen": json.dumps(about)})
    assert read_checkpoint(path)["hyper_parameters"] == {"channels": 8, "_class_path": "some.Method"}
    torch_files.save_file({"weight": torch.zeros(1)}, path, {"hdrgen": '{"init_args": 3}'})
    with pytest.raises(InputError, match=r"model\.safetensors is damaged or none"):
        read_checkpoint(path)
