"""What counts as a run, and the message for folders that are none."""

import json
from pathlib import Path

import pytest

from hdrgen.errors import InputError, InputWarning
from hdrgen.reporting.runs import read_runs, short_names
from tests.reporting.synthetic import made_pictures, made_test, made_training


def test_a_test(tmp_path):
    (run,) = read_runs([made_test(tmp_path / "one", scenes=["b", "a", "c"])])
    (test,) = run.tests
    assert (run.name, test.name, run.curves) == ("one", "one", {})
    assert test.scenes == {scene: {"psnr": 25.0, "l1": 0.1, "psnr_mu": 40.0} for scene in "abc"}
    assert [(one.rank, one.scene) for one in test.pictures] == [("worst-1", "b"), ("best-1", "a"), ("worst-2", "c")]


def test_chosen_scenes_come_first(tmp_path):
    folder = made_test(tmp_path / "one", scenes=["a", "b"])
    for at, scene in enumerate("bz", start=1):
        made_pictures(folder / "extremes" / f"chosen-{at}-{scene}", scene)
    pictures = read_runs([folder])[0].tests[0].pictures
    assert [(one.rank, one.scene) for one in pictures] == [("best-1", "b"), ("chosen-2", "z"), ("worst-1", "a")]


def test_a_training_with_its_tests(tmp_path):
    folder = made_training(
        tmp_path / "Toy" / "version_0", {"train/loss": [2.0, 1.0], "val/psnr": ["", 20.0], "test/psnr": ["", 21.0]}
    )
    made_test(folder / "test")
    (run,) = read_runs([folder])
    assert run.curves == {"train/loss": [(0.0, 2.0), (1.0, 1.0)], "val/psnr": [(1.0, 20.0)]}
    assert [test.name for test in run.tests] == ["version_0"]
    made_test(folder / "validate")
    assert [test.name for test in read_runs([folder])[0].tests] == ["version_0 (test)", "version_0 (validate)"]


def test_names_tell_runs_apart():
    assert short_names([Path("a/x/v0"), Path("b/x/v0"), Path("b/x/v1")]) == ["a/x/v0", "b/x/v0", "b/x/v1"]
    assert short_names([Path("a/one"), Path("a/two")]) == ["one", "two"]


def test_no_runs(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.yaml").touch()
    made_training(tmp_path / "runs" / "Toy" / "version_0", {"loss": [1.0]})
    made_test(tmp_path / "twice")
    for folders, message in [
        (["nowhere"], "nowhere: expected the folder of a run, found nothing"),
        (["photos/a.jpg"], "expected the folder of a run, found a file"),
        (["photos"], "with metrics.json of a test, or config.yaml and metrics.csv of a training, found a.jpg$"),
        (["other"], "found config.yaml$"),
        (["empty"], "found an empty folder"),
        (["runs"], "found Toy; did you mean .*version_0?"),
        (["twice", "twice"], "twice: the run is given twice"),
    ]:
        with pytest.raises(InputError, match=message):
            read_runs([tmp_path / folder for folder in folders])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("metrics.json", "{", "expected JSON"),
        ("metrics.json", "[]", "expected an object, found list"),
        ("metrics.json", "{}", "expected numbers by metric and exposure under 'means'; test again"),
        ("metrics.json", json.dumps({"means": {"psnr": {"mean": None}}}), "under 'means'"),
    ],
)
def test_a_test_without_its_numbers_is_none(tmp_path, name, text, message):
    folder = made_test(tmp_path / "broken")
    (folder / name).write_text(text)
    with pytest.raises(InputError, match=f"{name}: .*{message}"):
        read_runs([folder])
    with pytest.warns(InputWarning, match=f"{name}: .*{message}.*; the run is left out"):
        assert [run.name for run in read_runs([folder, made_test(tmp_path / "whole")])] == ["whole"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scene,value\n", "expected columns ev, metric, scene, value, found no ev, metric"),
        ("scene,ev,metric,value\na,1,psnr,much\n", "expected a number, found 'much'"),
    ],
)
def test_scores_of_scenes_that_cannot_be_read_are_left_out(tmp_path, text, message):
    folder = made_test(tmp_path / "broken")
    (folder / "metrics.csv").write_text(text)
    with pytest.warns(InputWarning, match=f"metrics.csv: {message}; left out"):
        (run,) = read_runs([folder])
    assert run.tests[0].means["psnr"]["mean"] == 25.0
    assert run.tests[0].scenes == {}


def test_a_run_that_went_on_from_another_has_its_curves_in_one_piece(tmp_path):
    """Up to where it began: what the other logged after its checkpoint was lost."""
    made_training(tmp_path / "version_0", {"loss": [5.0, 4.0, 3.0]})
    folder = made_training(
        tmp_path / "version_1", {"loss": [2.0]}, config="ckpt_path: runs/Toy/version_0/checkpoints/last.ckpt\n"
    )
    rows = "epoch,step,loss\n1,2,2.5\n1,3,2.0\n"
    (folder / "metrics.csv").write_text(rows)
    newest = made_training(tmp_path / "version_2", {}, config="ckpt_path: version_1/checkpoints/last.ckpt\n")
    (newest / "metrics.csv").write_text("epoch,step,loss\n2,3,1.5\n")
    before, run = read_runs([folder, newest])
    assert before.curves == {"loss": [(0.0, 5.0), (1.0, 4.0), (2.0, 2.5), (3.0, 2.0)]}
    assert run.curves == {"loss": [(0.0, 5.0), (1.0, 4.0), (2.0, 2.5), (3.0, 1.5)]}


@pytest.mark.parametrize(
    "path", ["/checkpoints/last.ckpt", "../checkpoints/x", "version_9/checkpoints/x", "a", 3, "\0"]
)
def test_a_checkpoint_that_is_of_no_run_beside_it_adds_nothing(tmp_path, path):
    made_training(tmp_path / "version_0", {"loss": [5.0]})
    folder = made_training(tmp_path / "runs/version_1", {"loss": [2.0]}, config=f"ckpt_path: {json.dumps(path)}\n")
    (run,) = read_runs([folder])
    assert run.curves == {"loss": [(0.0, 2.0)]}
