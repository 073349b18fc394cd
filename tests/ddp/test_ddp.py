"""Two processes on one machine: the same weights everywhere, every scene written and scored once."""

import collections
import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed

from hdrgen.cli.main import main
from hdrgen.io import write_image
from tests.ddp.processes import run_apart
from tests.toys import ToyMethod

ROOT = Path(__file__).resolve().parents[2]
TWO = [
    "--trainer.accelerator=cpu",
    "--trainer.devices=2",
    "--trainer.strategy=ddp",
    "--trainer.enable_progress_bar=false",
]
METHOD = "--model=tests.toys.ToyMethod"

pytestmark = [pytest.mark.ddp, pytest.mark.timeout(900)]  # two commands in one test


def hdrgen(folder: Path, *arguments: str, status: int = 0) -> str:
    """Run a command in a process of its own, which starts the second; returns what both printed."""
    return run_apart(["-m", "hdrgen", *arguments], folder, timeout=400, status=status)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("ddp")
    scenes = [f"--data.{part}=tests.toys.ToyScenes" for part in ("train", "val")]
    remember = ["--trainer.callbacks+=tests.toys.RankWeights", "--trainer.callbacks.folder=weights"]
    hdrgen(folder, "fit", METHOD, *scenes, *TWO, *remember, "--data.batch_size=1", "--trainer.max_epochs=2")
    return folder


def test_fit(trained):
    first, second = (torch.load(trained / f"weights/rank{rank}.pt", weights_only=True) for rank in (0, 1))
    assert len(first["scenes"]) == len(second["scenes"]) == 4
    for epoch in (slice(2), slice(2, 4)):
        assert {*first["scenes"][epoch], *second["scenes"][epoch]} == {"toy0", "toy1", "toy2", "toy3"}
    assert torch.equal(first["weight"], second["weight"])
    assert first["weight"].ne(0.5).all()
    run = trained / "runs/ToyMethod/version_0"
    assert [path.parent for path in trained.rglob("config.yaml")] == [run]
    saved = torch.load(run / "checkpoints/last.ckpt", weights_only=True)
    assert torch.equal(saved["state_dict"]["weight"], first["weight"])


SCORE = ["test", METHOD, "--data.test=tests.toys.ToyScenes", "--data.test.count=5", "--extremes.count=2"]


@pytest.fixture(scope="module")
def tested(trained) -> tuple[Path, str]:
    """Five scenes on two processes: one has three, the other two."""
    out = hdrgen(trained, *SCORE, "--ckpt_path=last", *TWO)
    return max((trained / "runs/ToyMethod").iterdir(), key=lambda path: path.stat().st_mtime), out


def test_test(tested):
    run, out = tested
    assert out.count("means over 5 scenes, protocol hdrgen") == 1
    rows = list(csv.DictReader((run / "test/metrics.csv").read_text().splitlines()))
    counts = collections.Counter((row["scene"], row["ev"], row["metric"]) for row in rows)
    assert {scene for scene, _, _ in counts} == {f"toy{index}" for index in range(5)}
    assert set(counts.values()) == {1}


def test_what_is_logged_are_the_means_over_all_scenes(tested):
    run, _ = tested
    logged = list(csv.DictReader((run / "metrics.csv").read_text().splitlines()))[-1]
    for metric, values in json.loads((run / "test/metrics.json").read_text())["means"].items():
        assert float(logged[f"test/{metric}"]) == pytest.approx(values["mean"], rel=1e-5)


def test_one_process_comes_to_the_same(trained, tested):
    checkpoint = trained / "runs/ToyMethod/version_0/checkpoints/last.ckpt"
    quiet = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false"]
    assert main([*SCORE, f"--ckpt_path={checkpoint}", *quiet, "-o", str(trained / "one")]) == 0
    one, two = (json.loads((folder / "metrics.json").read_text()) for folder in (trained / "one", tested[0] / "test"))
    assert one["scenes"] == two["scenes"] == 5
    assert one["protocol"] == two["protocol"]
    for kind in ("means", "deviations"):
        assert one[kind].keys() == two[kind].keys()
        for metric, values in one[kind].items():
            assert two[kind][metric] == pytest.approx(values, rel=1e-6, abs=1e-6), metric
    apart, together = trained / "one/extremes", tested[0] / "test/extremes"
    pictures = {path.name: path.read_bytes() for path in apart.glob("*.png")}
    assert len(pictures) == 4
    assert pictures == {path.name: path.read_bytes() for path in together.glob("*.png")}
    single = sorted(path.relative_to(apart) for path in apart.glob("*/*"))
    assert len(single) == 4 * len(("input.png", "result.hdr", "truth.hdr", "hdr_vdp2_p_map.png", "scene.json"))
    assert single == sorted(path.relative_to(together) for path in together.glob("*/*"))


def test_predict(trained):
    """Of ten photographs, two that cannot be read, one that is done already, and one in whose place is a file."""
    noise = np.random.default_rng(0)
    for name in "abcdefgh":
        write_image(trained / "photos" / f"{name}.png", noise.random((20, 30, 3)))
    for name in ("bad", "worse"):
        (trained / "photos" / f"{name}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (trained / "p/g").mkdir(parents=True)
    results = (".exr", ".hdr", "_preview.jpg", *(f"_ev{stops}.png" for stops in ("-1.0", "+0.0", "+1.0")))
    for result in results:
        (trained / f"p/g/g{result}").touch()
    (trained / "p/d").touch()
    options = ["--data.predict=photos", *TWO, "-o", "p", "--skip-existing"]
    out = hdrgen(trained, "predict", METHOD, "--ckpt_path=last", *options, status=2)
    done = [line.partition(":")[0] for line in out.splitlines() if ": 6 files in p/" in line]
    assert sorted(done) == list("abcefh"), out
    assert all(
        {path.name for path in (trained / "p" / name).iterdir()} == {name + each for each in results} for name in done
    )
    assert all(path.stat().st_size == 0 for path in (trained / "p/g").iterdir())
    assert "1 of 10 scenes exist already" in out
    assert sum("left out: scene " in line for line in out.splitlines()) == 2
    failed = "2 of 10 photographs cannot be read and were left out: bad, worse; 1 of 10 scenes could not be written"
    assert out.count(f"hdrgen: error: {failed}, see above: d\n") == 1, out


def test_a_dead_process_ends_a_test_with_a_line(tmp_path, trained):
    """Which Lightning ends with 137 and says nothing, as nothing is exchanged until the end."""
    checkpoint = trained / "runs/ToyMethod/version_0/checkpoints/last.ckpt"
    death = ["--trainer.callbacks+=tests.toys.SuddenDeath"]
    out = hdrgen(tmp_path, *SCORE, f"--ckpt_path={checkpoint}", *TWO, *death, "-o", "t", status=2)
    assert out.count("hdrgen: error: expected every process of the run, found one gone (") == 1, out
    assert "Traceback" not in out
    assert not list(tmp_path.rglob("metrics.*"))


def test_no_group_of_processes_outlives_its_command(tmp_path, trained, monkeypatch):
    """Threads of gloo that free a tensor while Python ends abort it: seen in one of three runs of `test_predict`."""
    for name in ("MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "left behind by Lightning")  # so that it goes with the test
        monkeypatch.delenv(name)
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    one = [option.replace("devices=2", "devices=1") for option in TWO]
    joined = []
    monkeypatch.setattr(ToyMethod, "on_predict_end", lambda self: joined.append(distributed.is_initialized()))
    checkpoint = trained / "runs/ToyMethod/version_0/checkpoints/last.ckpt"
    photograph, out = tmp_path / "a.png", str(tmp_path / "p")
    write_image(photograph, np.zeros((20, 30, 3)))
    assert main(["predict", METHOD, f"--ckpt_path={checkpoint}", f"--data.predict={photograph}", *one, "-o", out]) == 0
    assert joined == [True]
    assert not distributed.is_initialized()


def test_a_dead_process_ends_the_other_and_the_training_can_go_on(tmp_path, trained):
    """In its own folder, to the weights of the one that nothing ended."""
    fit = ["fit", METHOD, "--data.train=tests.toys.ToyScenes", "--data.batch_size=1", "--trainer.max_epochs=2", *TWO]
    fit += ["--trainer.log_every_n_steps=1"]
    death = ["--trainer.callbacks+=tests.toys.SuddenDeath", "--trainer.callbacks.epoch=1"]
    out = hdrgen(tmp_path, *fit, *death, "-o", "runs", status=2)
    assert out.count("hdrgen: error: expected every process of the run, found one gone (Connection ") == 1, out
    assert "Traceback" not in out
    own = tmp_path / "runs/ToyMethod/version_0"
    hdrgen(tmp_path, "fit", "--config", f"{own}/config.yaml", "--ckpt_path=last", "--trainer.callbacks.epoch=9")
    whole = trained / "runs/ToyMethod/version_0"
    weights = [
        torch.load(run / "checkpoints/last.ckpt", weights_only=True)["state_dict"]["weight"] for run in (whole, own)
    ]
    assert [run.name for run in own.parent.iterdir()] == [own.name]
    with (own / "metrics.csv").open(newline="") as file:
        assert [row["step"] for row in csv.DictReader(file)] == list("0123")
    assert torch.equal(*weights)
