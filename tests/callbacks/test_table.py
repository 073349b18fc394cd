"""Scores to tables."""

import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrgen.callbacks.table import MetricsTable, render, write
from hdrgen.methods import PlainMerge
from hdrgen.metrics import Score, deviations, means, unique


def score(scene: str, ev: float | None, metric: str, value: float) -> Score:
    return {"scene": scene, "ev": ev, "metric": metric, "value": value}


SCORES = [
    score("b", 1.0, "psnr", 30.0),
    score("a", -1.0, "psnr", 20.0),
    score("a", 1.0, "psnr", 10.0),
    score("a", None, "psnr_mu", 40.0),
]


def test_means_by_exposure_and_overall():
    assert means(SCORES) == {"psnr": {"-1.0": 20.0, "1.0": 20.0, "mean": 22.5}, "psnr_mu": {"mean": 40.0}}


def test_scene_scored_twice_counts_once():
    repeated = [*SCORES, score("b", 1.0, "psnr", 30.0)]
    assert unique(repeated) == unique(SCORES)
    assert [item["scene"] for item in unique(SCORES)] == ["a", "a", "a", "b"]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([-1.0, 0.5, None]), st.floats(0, 100)), min_size=1))
def test_mean_lies_between_the_scores(rows):
    scores = unique([score(scene, ev, "psnr", value) for scene, ev, value in rows])
    values = [item["value"] for item in scores]
    mean = means(scores)["psnr"]["mean"]
    assert min(values) <= mean or math.isclose(min(values), mean)
    assert mean <= max(values) or math.isclose(mean, max(values))


def test_text_has_a_row_for_each_exposure_and_each_number_of_the_hdr_image():
    lines = [line.split() for line in render(SCORES, "quick").splitlines()]
    assert lines == [
        ["means", "over", "2", "scenes,", "protocol", "quick"],
        ["EV", "psnr"],
        ["-1", "20.00"],
        ["+1", "20.00"],
        ["mean", "22.50"],
        ["std", "7.50"],
        ["HDR", "mean", "std"],
        ["psnr_mu", "40.00", "0.0000"],
    ]


def test_files(tmp_path: Path):
    write(tmp_path / "new", SCORES, {"method": "Toy", "ckpt_path": "a.ckpt"}, {"name": "quick"})
    assert (tmp_path / "new/metrics.csv").read_text().splitlines()[:2] == ["scene,ev,metric,value", "b,1.0,psnr,30.0"]
    content = json.loads((tmp_path / "new/metrics.json").read_text())
    assert content["scenes"] == 2
    assert content["means"] == means(SCORES)
    assert content["deviations"]["psnr"] == {"-1.0": 0.0, "1.0": 10.0, "mean": 7.5}
    assert (content["protocol"], content["method"], content["ckpt_path"]) == ({"name": "quick"}, "Toy", "a.ckpt")
    assert content["software"]["packages"]["torch"]
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"metrics.csv", "metrics.json"}


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([-1.0, 0.5]), st.floats(0, 100)), min_size=1))
def test_deviations_are_numpy_s_over_scenes(rows):
    scores = unique([score(scene, ev, "psnr", value) for scene, ev, value in rows])
    values = [np.mean([s["value"] for s in scores if s["scene"] == name]) for name in {s["scene"] for s in scores}]
    assert deviations(scores)["psnr"]["mean"] == pytest.approx(np.std(values), abs=1e-9)


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_unbounded_values_are_written(value, tmp_path):
    write(tmp_path, [score("a", 1.0, "psnr", value)], {}, {})
    assert str(value) in (tmp_path / "metrics.csv").read_text()


def test_exposures_of_unknown_value_are_rows_too(tmp_path):
    scores = [score("a", -math.inf, "psnr", 20.0), score("a", math.inf, "psnr", 30.0), score("a", 1.0, "psnr", 25.0)]
    rows = [line.split()[0] for line in render(unique(scores), "quick").splitlines()[2:]]
    assert rows == ["down", "+1", "up", "mean", "std"]
    write(tmp_path, scores, {}, {})
    assert json.loads((tmp_path / "metrics.json").read_text())["means"]["psnr"]["-inf"] == 20


def test_nothing_to_score_is_said(capsys):
    trainer = SimpleNamespace(is_global_zero=True, progress_bar_callback=None, state=SimpleNamespace(fn="test"))
    MetricsTable().on_test_epoch_end(trainer, PlainMerge())
    assert capsys.readouterr().out == (
        "nothing to score: the scenes have no HDR truth, nor exposures that PlainMerge generates and"
        " protocol quick asks for\n"
    )
