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


KEY = "ModelCheckpoint{'monitor': 'val/psnr', 'mode': '%s', 'every_n_train_steps': 0}"


def resumed(folder, own, earlier, mode="max", path="../../version_0/checkpoints/old.ckpt"):
    """A run that went on from another, both with a best checkpoint of the given scores."""
    for version, name in (("version_0", "old"), ("version_1", "new")):
        (folder / version / "checkpoints").mkdir(parents=True)
        (folder / version / "checkpoints" / f"{name}.ckpt").touch()
    last = folder / "version_1/checkpoints/last.ckpt"
    state = {"best_model_path": "/x/new.ckpt" if own else "", "best_model_score": own and torch.tensor(own)}
    noted = {"path": path, "score": earlier, "judged": "'val/psnr' " + mode}
    torch.save({"state_dict": {}, "callbacks": {KEY % mode: state}, "hdrgen": {"earlier_best": noted}}, last)
    return last


@pytest.mark.parametrize(
    ("own", "earlier", "mode", "name"),
    [(30.0, 31.0, "max", "old"), (32.0, 31.0, "max", "new"), (0.3, 0.4, "min", "new"), (None, 31.0, "max", "old")],
)
def test_the_best_of_a_training_may_lie_in_the_run_that_it_went_on_from(own, earlier, mode, name, tmp_path):
    last = resumed(tmp_path, own, earlier, mode)
    assert find_best(last).stem == name
    (tmp_path / "version_0/checkpoints/old.ckpt").unlink()
    if own:
        assert find_best(last).stem == "new"


def test_a_run_elsewhere_is_not_believed(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/old.ckpt").touch()
    assert find_best(resumed(tmp_path / "runs", 30.0, 31.0, path="../../../other/old.ckpt")).stem == "new"
