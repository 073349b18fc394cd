"""Pictures of the worst and best scenes."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from hdrgen.callbacks import Extremes
from hdrgen.callbacks.extremes import heat
from hdrgen.callbacks.grid import GAP, LABEL_HEIGHT
from hdrgen.errors import InputError
from hdrgen.io import read_image
from hdrgen.metrics import EvaluationProtocol, PSNRMu, load_protocol

HEIGHT = 24


def method(protocol=None):
    return SimpleNamespace(protocol=lambda stage: protocol or load_protocol("quick"))


def trainer(rank=0):
    absent = dict.fromkeys(("logger", "progress_bar_callback"))
    return SimpleNamespace(is_global_zero=rank == 0, loggers=[], state=SimpleNamespace(fn=None), **absent)


def evaluation(scene, value, metric="psnr_mu", maps=None, truth=True):
    ldr = torch.rand(1, 3, 3, 16, 24)
    made = {
        "scene": [scene],
        "scores": [{"scene": scene, "ev": None, "metric": metric, "value": value}],
        "batch": {"ldr": ldr, "ref": torch.tensor([1])},
        "stack": ldr[:, :2],
        "truth": ldr[:, :2],
        "ev": torch.tensor([[-1.0, 1.0]]),
        "hdr": torch.full((1, 3, 16, 24), 2.0),
        "maps": maps or {},
    }
    return made | ({"true_hdr": torch.full((1, 3, 16, 24), 1.0)} if truth else {})


def run(callback, evaluations, protocol=None):
    callback.on_test_epoch_start(trainer(), method(protocol))
    for index, each in enumerate(evaluations):
        callback.on_test_batch_end(trainer(), method(protocol), each, each["batch"], index)
    callback.on_test_epoch_end(trainer(), method(protocol))


def names(folder):
    found = sorted(path.stem for path in (folder / "extremes").glob("*.png"))
    assert found == sorted(path.name for path in (folder / "extremes").iterdir() if path.is_dir())
    return found


def test_worst_and_best(tmp_path):
    values = {"a": 30.0, "b": 10.0, "c": 20.0, "d": 50.0, "e": 40.0}
    callback = Extremes(str(tmp_path), count=2, height=HEIGHT)
    run(callback, [evaluation(*item) for item in values.items()])
    assert names(tmp_path) == ["best-1-d", "best-2-e", "worst-1-b", "worst-2-c"]


def test_lower_is_better_for_some(tmp_path):
    run(Extremes(str(tmp_path), 1, "l1"), [evaluation(n, v, "l1") for n, v in (("a", 0.1), ("b", 0.3), ("c", 0.2))])
    assert names(tmp_path) == ["best-1-a", "worst-1-b"]


def test_equal_scenes_rank_by_name_in_whatever_order_they_come(tmp_path):
    for order in ("bca", "acb"):
        run(Extremes(str(tmp_path), 1), [evaluation(name, 20.0) for name in order])
        assert names(tmp_path) == ["best-1-c", "worst-1-a"]


def test_no_scene_is_both(tmp_path):
    run(Extremes(str(tmp_path)), [evaluation(name, float(ord(name))) for name in "abc"])
    assert names(tmp_path) == ["best-1-c", "worst-1-a", "worst-2-b"]


def test_memory_is_bounded(tmp_path):
    callback = Extremes(str(tmp_path), count=2)
    callback.on_test_epoch_start(trainer(), method())
    values = np.random.default_rng(0).permutation(30)
    for index, value in enumerate(values.tolist()):
        each = evaluation(f"s{value:02}", float(value))
        callback.on_test_batch_end(trainer(), method(), each, each["batch"], index)
        assert len(callback._kept) <= 4
        assert all(one.sheet.dtype == np.uint8 for one in callback._kept)
    callback.on_test_epoch_end(trainer(), method())
    assert names(tmp_path) == ["best-1-s29", "best-2-s28", "worst-1-s00", "worst-2-s01"]


def pixel(folder, panel):
    """The middle of a panel of the only sheet."""
    (path,) = (folder / "extremes").glob("*.png")
    sheet = read_image(path).as_float()
    return sheet[LABEL_HEIGHT + HEIGHT // 2, panel * (HEIGHT * 3 // 2 + GAP) + 10]


def test_the_error_is_in_stops_unless_a_metric_has_a_map(tmp_path):
    run(Extremes(str(tmp_path), height=HEIGHT), [evaluation("a", 1.0)])
    np.testing.assert_allclose(pixel(tmp_path, 3), heat(torch.full((1, 1, 1), 1 / 3))[:, 0, 0], atol=0.01)
    told = {"seen": torch.ones(1, 1, 16, 24)}
    run(Extremes(str(tmp_path), height=HEIGHT), [evaluation("a", 1.0, maps=told)])
    np.testing.assert_allclose(pixel(tmp_path, 3), (1.0, 1.0, 0.8), atol=0.01)


def test_without_an_hdr_truth_the_exposures_are_shown(tmp_path):
    run(Extremes(str(tmp_path), height=HEIGHT), [evaluation("a", 1.0, "psnr", truth=False)])
    assert names(tmp_path) == ["worst-1-a"]


def test_earlier_pictures_are_replaced(tmp_path):
    run(Extremes(str(tmp_path)), [evaluation("a", 1.0), evaluation("b", 2.0)])
    run(Extremes(str(tmp_path)), [evaluation("c", 1.0)])
    assert names(tmp_path) == ["worst-1-c"]


@pytest.mark.parametrize("callback", [Extremes(count=5), Extremes("unused", count=0)])
def test_nothing_is_drawn_for_nobody(callback, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(callback, [evaluation("a", 1.0)])
    assert not list(Path().iterdir())


def test_a_headline_that_the_scenes_lack_gives_way(tmp_path):
    protocol = EvaluationProtocol(headline="psnr_mu", radiance_metrics={"psnr_mu": PSNRMu(), "other": PSNRMu(mu=5.0)})
    run(Extremes(str(tmp_path)), [evaluation("a", 1.0, "other"), evaluation("b", 2.0, "other")], protocol)
    assert names(tmp_path) == ["best-1-b", "worst-1-a"]


def test_images_one_by_one_and_small(tmp_path):
    told = {"seen": torch.full((1, 1, 16, 24), 0.2)}
    run(Extremes(str(tmp_path), height=HEIGHT, side=12), [evaluation("a/b", 7.0, maps=told)])
    folder = tmp_path / "extremes" / "worst-1-a_b"
    assert json.loads((folder / "scene.json").read_text()) == {"scene": "a/b", "metric": "psnr_mu", "value": 7.0}
    images = {path.name: read_image(path) for path in folder.iterdir() if path.suffix != ".json"}
    assert images.keys() == {"input.png", "result.hdr", "truth.hdr", "seen.png"}
    assert {image.pixels.shape for image in images.values()} == {(8, 12, 3)}
    for name, value in (("result.hdr", 2.0), ("truth.hdr", 1.0), ("seen.png", 0.2)):
        np.testing.assert_allclose(images[name].as_float(), value, atol=0.01)


def test_scenes_by_name_whatever_their_rank(tmp_path, capsys):
    callback = Extremes(str(tmp_path), count=1, height=HEIGHT, scenes=["b", "z"])
    run(callback, [evaluation(*item) for item in {"a": 1.0, "b": 2.0, "c": 3.0}.items()])
    assert names(tmp_path) == ["best-1-c", "chosen-1-b", "worst-1-a"]
    assert "extremes: no scene called z was scored" in capsys.readouterr().out
    run(Extremes(str(tmp_path), count=0, scenes=["b"]), [evaluation("a", 1.0), evaluation("b", 2.0)])
    assert names(tmp_path) == ["chosen-1-b"]


def test_an_unknown_number():
    with pytest.raises(InputError, match=r"expected a number of the protocol, psnr_mu, .*found metric=psn"):
        Extremes(metric="psn").on_test_epoch_start(trainer(), method())


def test_loggers_get_them(tmp_path):
    tensorboard = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    from pytorch_lightning.loggers import TensorBoardLogger

    logger = TensorBoardLogger(tmp_path)
    given = SimpleNamespace(**{**vars(trainer()), "loggers": [logger], "global_step": 3})
    callback = Extremes(str(tmp_path / "out"), height=HEIGHT)
    callback.on_test_epoch_start(given, method())
    callback.on_test_batch_end(given, method(), evaluation("a", 1.0), {}, 0)
    callback.on_test_epoch_end(given, method())
    logger.experiment.flush()
    found = tensorboard.EventAccumulator(logger.log_dir)
    found.Reload()
    assert found.Tags()["images"] == ["test/worst-1"]
