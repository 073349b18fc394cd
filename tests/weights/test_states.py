"""A training that goes on removes files of its own run, and none that its checkpoint names elsewhere."""

from pathlib import Path

import pytest
import torch

from hdrgen.cli.main import main
from hdrgen.weights import own_states
from tests.toys import ToyMethod

CPU = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false"]
FIT = [
    *["fit", "--model=ToyMethod", "--data.train=tests.toys.ToyScenes", "--data.val=tests.toys.ToyScenes"],
    *[*CPU, "--trainer.logger=false", "--trainer.default_root_dir=run"],
]
LAST = Path("run/checkpoints/last.ckpt")
WAYS = {
    "a file": "{outside}/precious.ckpt",
    "a folder": "{outside}",
    "an address": "local://{outside}",
    "another address": "file://{outside}/precious.ckpt",
    "a chain": "local://{outside}::file://{outside}",
    "dots": "{run}/../../outside",
    "dots of an own address": "local://{run}/../../outside",
    "a link": "{run}/link/precious.ckpt",
}


@pytest.fixture(autouse=True)
def outside(tmp_path, monkeypatch) -> Path:
    """A folder beside that of the run, with a file in it."""
    assert ToyMethod  # imported, so that it is named by its class name alone
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/precious.ckpt").touch()
    return tmp_path / "outside"


def noted(way: str, outside: Path) -> str:
    return WAYS[way].format(outside=outside, run=outside.parent / "run/checkpoints")


def state_of(path: str, folder: str) -> dict:
    score = torch.tensor(-1e9)
    paths = dict.fromkeys(("best_model_path", "kth_best_model_path", "last_model_path"), path)
    scores = dict.fromkeys(("best_model_score", "current_score", "kth_value"), score)
    return {"monitor": "val/psnr", "dirpath": folder, "best_k_models": {path: score}, **paths, **scores}


@pytest.mark.parametrize(("monitor", "ways"), [("auto", ["dots"]), ("null", ["a folder", "dots", "an address"])])
def test_nothing_outside_the_run_is_removed(monitor, ways, outside):
    monitored = f"--checkpoint.monitor={monitor}"
    assert main([*FIT, monitored, "--trainer.max_epochs=1"]) == 0
    honest = torch.load(LAST, weights_only=True)
    (key,) = (key for key in honest["callbacks"] if key.startswith("ModelCheckpoint"))
    for epochs, way in enumerate(ways, start=2):
        evil = state_of(noted(way, outside), honest["callbacks"][key]["dirpath"])
        torch.save(honest | {"callbacks": {key: evil}}, "evil.ckpt")
        assert main([*FIT, monitored, f"--trainer.max_epochs={epochs}", "--ckpt_path=evil.ckpt"]) == 0, way
        assert (outside / "precious.ckpt").is_file(), way


def test_a_run_that_goes_on_keeps_its_best_alone():
    assert main([*FIT, "--checkpoint.monitor=null", "--trainer.max_epochs=1"]) == 0
    assert main([*FIT, "--checkpoint.monitor=null", "--trainer.max_epochs=2", f"--ckpt_path={LAST}"]) == 0
    assert [path.name for path in sorted(LAST.parent.iterdir())] == ["epoch=001.ckpt", "last.ckpt"]


@pytest.mark.parametrize("way", WAYS)
def test_states_name_nothing_outside(way, outside):
    run = outside.parent / "run/checkpoints"
    run.mkdir(parents=True)
    (run / "link").symlink_to(outside)
    state = state_of(noted(way, outside), str(run))
    own = own_states({"any": state, "other": {"patience": 3}}, [str(run), "s3://bucket/run"])
    assert own["other"] == {"patience": 3}
    assert (own["any"]["best_model_path"], own["any"]["last_model_path"]) == ("", "")
    assert own["any"]["best_k_models"] == {}


@pytest.mark.parametrize("folder", ["run/checkpoints", "s3://bucket/run"])
def test_states_of_the_own_run_stay(folder):
    state = state_of(f"{folder}/epoch=001-psnr=9.01.ckpt", folder)
    assert own_states({"any": state}, [folder]) == {"any": state}


def test_states_of_odd_kinds_are_forgotten():
    odd = state_of("run/x.ckpt", "run") | {"best_model_path": 3, "best_k_models": [1], "kth_value": "x", "dirpath": [1]}
    own = own_states({"any": odd}, ["run"])["any"]
    assert (own["best_model_path"], own["best_k_models"], own["kth_value"]) == ("", {}, None)
    assert "dirpath" not in own
