"""Which checkpoint is the newest, and which the best of its run."""

import os
import time

import pytest
import torch

from hdrgen.errors import InputError
from hdrgen.weights import find_best, find_last


def test_newest_last_and_its_best(tmp_path):
    for age, name in ((100, "old"), (0, "new")):
        folder = tmp_path / name / "checkpoints"
        folder.mkdir(parents=True)
        best = {"ModelCheckpoint": {"best_model_path": f"/elsewhere/{name}/best.ckpt"}}
        torch.save(
            {
                "state_dict": {},
                "hyper_parameters": {"_class_path": f"hdrgen.methods.{name.title()}"},
                "callbacks": best,
            },
            folder / "last.ckpt",
        )
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
