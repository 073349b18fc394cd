"""Numbers of scenes put together: of all processes, over exposures and scenes, beside NumPy."""

import math

import numpy as np
import pytest
import torch.distributed

from hdrgen.metrics.scores import Score, deviations, gather, means, of_all_processes, scene_means, unique


def scored(scene, ev, metric, value):
    return Score(scene=scene, ev=ev, metric=metric, value=value)


OWN = [scored("b", 1.0, "psnr", 30.0), scored("b", -1.0, "psnr", 20.0), scored("b", None, "mu", 40.0)]
OTHERS = [scored("a", 1.0, "psnr", 26.0), scored("b", 1.0, "psnr", 99.0), scored("a", -1.0, "psnr", 25.0)]


def test_alone_a_process_has_what_it_has():
    assert of_all_processes(OWN) is OWN


def test_every_process_gets_what_all_have_in_their_order(monkeypatch):
    """The gathering fills a list that has a place for each process, as torch asks for it."""

    def gathered(shares, items):
        assert shares == [None, None, None]
        shares[:] = [items, [], OTHERS]

    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 3)
    monkeypatch.setattr(torch.distributed, "all_gather_object", gathered)
    assert of_all_processes(OWN) == [*OWN, *OTHERS]
    assert gather(OWN) == [OTHERS[2], OTHERS[0], OWN[1], OWN[0], OWN[2]]  # of a scene scored twice the first


def test_scores_are_ordered_by_scene_metric_and_exposure():
    mixed = [scored("b", 0.5, "ssim", 1), scored("a", None, "mu", 2), scored("b", -2.0, "psnr", 3)]
    mixed += [scored("a", 1.0, "psnr", 4), scored("a", -1.0, "psnr", 5), scored("b", -0.5, "ssim", 6)]
    assert [score["value"] for score in unique(mixed)] == [2, 5, 4, 6, 1, 3]


@pytest.mark.parametrize(("statistic", "by_numpy"), [(means, np.mean), (deviations, np.std)])
def test_scenes_are_put_together_as_numpy_does(statistic, by_numpy):
    """Under `mean` each scene counts once, however many exposures it has."""
    psnr = {"a": {-1.0: 20.0, 2.0: 30.0}, "b": {2.0: 35.0}, "c": {-1.0: 22.0, 2.0: 24.0, 3.0: 29.0}}
    scores = [scored(scene, ev, "psnr", value) for scene, values in psnr.items() for ev, value in values.items()]
    found = statistic([*scores, scored("a", None, "mu", 40.0)])
    assert found["mu"] == {"mean": by_numpy([40.0])}
    assert list(found["psnr"]) == ["-1.0", "2.0", "3.0", "mean"]
    assert found["psnr"]["-1.0"] == pytest.approx(by_numpy([20, 22]))
    assert found["psnr"]["2.0"] == pytest.approx(by_numpy([30, 35, 24]))
    assert found["psnr"]["3.0"] == pytest.approx(by_numpy([29]))
    assert found["psnr"]["mean"] == pytest.approx(by_numpy([25, 35, 25]))


def test_means_of_scenes_are_of_the_one_metric():
    assert scene_means([*OWN, *OTHERS], "psnr") == {"b": pytest.approx(149 / 3), "a": 25.5}
    assert scene_means(OWN, "mu") == {"b": 40.0}
    assert scene_means(OWN, "ssim") == {}


def test_an_infinite_score_has_no_deviation():
    scores = [scored("a", None, "psnr", math.inf), scored("b", None, "psnr", 20.0)]
    assert means(scores)["psnr"]["mean"] == math.inf
    assert math.isnan(deviations(scores)["psnr"]["mean"])
