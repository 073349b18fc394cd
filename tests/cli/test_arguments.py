"""Argument conveniences in front of the parsers."""

import json

import pytest

from hdrgen import configs
from hdrgen.cli.arguments import named_method, prepare, value_of, without
from hdrgen.errors import InputError


@pytest.mark.parametrize("option", ["--config", "-c"])
def test_packaged_config_by_name(option, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    packaged = str(configs.path_of("multi_exposure_small"))
    assert prepare([option, "multi_exposure_small", "--seed_everything", "1"]) == [
        option,
        packaged,
        "--seed_everything",
        "1",
    ]
    assert prepare(["--config=multi_exposure_small"]) == ["--config", packaged]


def test_a_file_wins_over_a_packaged_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "multi_exposure_small").write_text("seed_everything: 3\n")
    assert prepare(["-c", "multi_exposure_small"]) == ["-c", "multi_exposure_small"]


def test_several_configs_keep_their_order(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("seed_everything: 3\n")
    prepared = prepare(["-c", "multi_exposure_small", "-c", str(mine), "--model.x=1"])
    assert prepared == ["-c", str(configs.path_of("multi_exposure_small")), "-c", str(mine), "--model.x=1"]


@pytest.mark.parametrize(
    "typed", ["experiments/cevr/rendered.yaml", "experiments/cevr/rendered", "cevr/rendered", "slurm"]
)
def test_an_experiment_by_name_from_anywhere(typed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "slurm" if typed == "slurm" else "cevr/rendered"
    assert prepare(["-c", typed]) == ["-c", str(configs.experiments_folder() / f"{name}.yaml")]


def test_the_experiments_of_a_wheel_come_before_a_folder_beside_it(tmp_path, monkeypatch):
    monkeypatch.setattr(configs, "folder", lambda: tmp_path / "hdrgen/configs")
    beside, packaged = tmp_path / "experiments", tmp_path / "hdrgen/configs/experiments"
    for folder, name in ((beside, "theirs"), (packaged, "ours")):
        assert configs.experiments_folder() == beside
        folder.mkdir(parents=True)
        (folder / f"{name}.yaml").write_text("seed_everything: 3\n")
    assert configs.experiment_names() == ["ours"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("multi_exposure_smal", "multi_exposure_small"),
        ("cevr/renderd", "cevr/rendered"),
        ("experiments/cevr/renderd", "experiments/cevr/rendered"),
    ],
)
def test_unknown_config(typed, meant):
    with pytest.raises(InputError, match=f"did you mean {meant}"):
        prepare(["-c", typed])


@pytest.mark.parametrize(
    "typed",
    [
        ["--data.predict", "a.jpg", "b c.jpg", "-o", "out"],
        ["--data.predict=a.jpg", "b c.jpg", "-o", "out"],
    ],
)
def test_several_files_become_one_list(typed):
    option, *rest = prepare(typed)
    assert json.loads(option.removeprefix("--data.predict=")) == ["a.jpg", "b c.jpg"]
    assert rest == ["-o", "out", "--output=out"]


def test_a_list_stays_as_it_is():
    assert prepare(["--data.predict", '["a.jpg"]']) == ["--data.predict", '["a.jpg"]']


def test_negative_numbers_are_values():
    typed = ["--model.strength", "-0.5", "--model.stack_ev", "[-1, 1]"]
    assert prepare(typed) == typed


def test_values_and_removal():
    typed = ["-o", "a", "--output=b", "--ckpt_path=x", "--overwrite"]
    assert value_of(typed, "-o", "--output") == "b"
    assert value_of(typed, "--missing") is None
    assert without(typed, "--ckpt_path") == ["-o", "a", "--output=b", "--overwrite"]


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ([], None),
        (["--model.channels", "3"], None),
        (["--model=LinearGain"], "LinearGain"),
        (["--model.class_path", "LinearGain"], "LinearGain"),
        (["-c", "multi_exposure_small"], "MultiExposureGeneration"),
        (["-c", "multi_exposure_small", "--model", "LinearGain"], "LinearGain"),
    ],
)
def test_named_method(typed, named):
    assert named_method(typed) == named


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("model: LinearGain\n", "LinearGain"),
        ("model:\n  init_args:\n    gamma: 2\n", None),
        ("data:\n  batch_size: 1\n", None),
    ],
)
def test_method_named_in_a_config(content, named, tmp_path):
    (tmp_path / "my.yaml").write_text(content)
    assert named_method(["-c", str(tmp_path / "my.yaml")]) == named


def test_config_that_is_no_yaml(tmp_path):
    (tmp_path / "my.yaml").write_text("a: [1\n")
    with pytest.raises(InputError, match=r"my\.yaml"):
        named_method(["-c", str(tmp_path / "my.yaml")])
