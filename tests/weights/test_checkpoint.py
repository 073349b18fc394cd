"""Checkpoints are read as data: nothing in them runs."""

import json
import os
import pickle

import pytest
import torch

from hdrgen.errors import InputError
from hdrgen.weights import read_checkpoint


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, target: str) -> None:
        self.target = target

    def __reduce__(self):
        return os.mkdir, (self.target,)


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
    with pytest.raises(InputError, match="damaged or not a checkpoint"):
        read_checkpoint(path)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
def test_truncated_file(share, tmp_path):
    path = tmp_path / "x.ckpt"
    torch.save({"state_dict": {"weight": torch.randn(100, 100)}}, path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(InputError, match="damaged or not a checkpoint"):
        read_checkpoint(path)


def test_missing_file_folder_and_foreign_content(tmp_path):
    with pytest.raises(InputError, match="found nothing"):
        read_checkpoint(tmp_path / "none.ckpt")
    with pytest.raises(InputError, match="found a folder"):
        read_checkpoint(tmp_path)
    torch.save([1, 2], tmp_path / "list.ckpt")
    with pytest.raises(InputError, match="no state_dict"):
        read_checkpoint(tmp_path / "list.ckpt")


def test_weights_of_others_in_safetensors_have_no_arguments(tmp_path):
    torch_files = pytest.importorskip("safetensors.torch")
    path = tmp_path / "model.safetensors"
    torch_files.save_file({"weight": torch.arange(3.0)}, path)
    for place in (path, tmp_path):
        checkpoint = read_checkpoint(place)
        assert checkpoint["state_dict"]["weight"].tolist() == [0, 1, 2]
        assert checkpoint["hyper_parameters"] == {}
    about = {"class_path": "some.Method", "init_args": {"channels": 8}}
    torch_files.save_file({"weight": torch.zeros(1)}, path, {"hdrgen": json.dumps(about)})
    assert read_checkpoint(path)["hyper_parameters"] == {"channels": 8, "_class_path": "some.Method"}
    torch_files.save_file({"weight": torch.zeros(1)}, path, {"hdrgen": '{"init_args": 3}'})
    with pytest.raises(InputError, match=r"model\.safetensors is damaged or not a checkpoint"):
        read_checkpoint(path)
