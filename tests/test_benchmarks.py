"""Benchmarks are not run in the tests, but what they import must be there."""

import argparse
import importlib
import re
import shlex
from pathlib import Path

import pytest
import torch

from benchmarks.inference import two_nodes as predicting
from benchmarks.training import gpu, step_memory, two_nodes
from benchmarks.training.plain import cevr, kim, le
from benchmarks.training.web_pictures import Crops, Web
from hdrgen.io import write_image
from hdrgen.methods.deep_synth.network import GLOBAL_CHANNELS, LOCAL_CHANNELS, REFINEMENT_CHANNELS
from tests.guides.reading import read_program

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
NEEDS = {"mutants": "mutmut"}
"""What is not among the extras of the tests."""


NAMES = [
    *(path.stem for path in FOLDER.glob("*.py")),
    *(f"{path.parent.name}.{path.stem}" for room in ("training", "costs") for path in FOLDER.glob(f"{room}/*.py")),
]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_benchmark_can_be_imported(name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason="make mutants installs it in an environment of its own")
    importlib.import_module(f"benchmarks.{name}")


def test_make_bench_runs_what_is_there_with_options_that_it_has(monkeypatch):
    recipe = re.search(
        r"^bench:.*?for job in(.*?);", (FOLDER.parent / "Makefile").read_text(), re.MULTILINE | re.DOTALL
    )
    jobs = [job.replace("$$folder/", "") for job in shlex.split(recipe[1].replace("\\\n", " "))]
    assert {"startup", "merge_photographs --opencv --width 3000 --height 2000"} <= {*jobs}
    for job in jobs:
        name, *options = job.split()
        with monkeypatch.context() as patch:
            read_program(f"benchmarks.{name}", options, patch)


def test_a_row_of_make_gpu_has_all_its_columns():
    """Without a GPU: the small configuration on the CPU, for one step that counts."""
    words = {"device": "cpu", "steps": 1, "seconds": 1.0, "precisions": ["32-true"], "hdri": None, "small": True}
    row = gpu.row("multi_exposure", argparse.Namespace(**words))
    assert row.count("|") == gpu.HEAD.count("|")
    method, precision, batch, seconds, rate, waiting, peak = (cell.strip() for cell in row.strip("| ").split("|"))
    assert (method, precision, batch) == ("multi_exposure", "32-true", "2")
    assert float(seconds) > 0
    assert float(rate) > 0
    assert 0 <= int(waiting.removesuffix(" %")) <= 100
    assert float(peak.removesuffix(" GiB")) > 0


@pytest.mark.parametrize("program", [two_nodes, predicting], ids=lambda each: each.__name__)
def test_what_needs_root_says_so_in_a_line(program, monkeypatch, capsys):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("sys.argv", ["two_nodes"])
    assert program.main() == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line == f"{program.__name__}: network namespaces need root; nothing was run"


@pytest.mark.parametrize("program", [two_nodes, predicting], ids=lambda each: each.__name__)
def test_where_no_namespace_may_be_made_a_line_says_so_and_none_is_left(program, monkeypatch, capsys):
    called = []

    def refuse(*words):
        called.append(words)
        if words[0] == "link":
            raise OSError("ip link: Operation not permitted")

    monkeypatch.setattr(two_nodes, "missing", str)
    monkeypatch.setattr(two_nodes, "_ip", refuse)
    monkeypatch.setattr("sys.argv", ["two_nodes"])
    assert program.main() == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith("no network namespaces here (ip link: Operation not permitted); nothing was run")
    made, gone = ([words[2] for words in called if words[:2] == ("netns", verb)] for verb in ("add", "del"))
    assert len(made) == 2
    assert sorted(made) == sorted(gone)


def test_memory_is_counted_until_it_is_freed():
    with step_memory.Live() as live:
        kept = torch.zeros(1000, device="meta")
        view = kept[10:] + torch.ones(990, device="meta")
        del view
    assert live.now == 4000
    assert live.most == 4000 + 2 * 3960


def test_plain_networks_beside_which_steps_are_timed_are_as_large_as_the_authors():
    """Counts of the authors' published modules."""
    with torch.device("meta"):
        direction = kim.PlainDirection(GLOBAL_CHANNELS, LOCAL_CHANNELS, REFINEMENT_CHANNELS)
        networks = [direction.tone, direction.edges, direction.refinement, cevr.PlainNetwork()]
        networks += [le.PlainUNet(le.ENCODER, joined=False), le.PlainUNet(le.EXPOSURE, joined=True)]
    counts = [sum(parameter.numel() for parameter in network.parameters()) for network in networks]
    assert counts == [98_918_403, 6_188_815, 11_007_971, 3_291_592, 6_916_131, 27_639_372]


def test_a_picture_for_the_web_is_averaged_in_display_values():
    """Of black and white pixels that alternate: the mean of their codes, not of their light."""
    fine = (torch.arange(64)[:, None] + torch.arange(64)).remainder(2).float().expand(3, -1, -1)
    plain = Web(factor=(2.0, 4.0), sharpened=0, compressed=0, twice=0)
    for seed in range(5):
        small = plain(fine, torch.Generator().manual_seed(seed))
        assert 16 <= small.shape[-1] <= 32
        assert small.mean().item() == pytest.approx(0.5, abs=0.02)


def test_the_web_gives_codes_of_8_bits_and_the_same_for_a_seed():
    picture = torch.rand(3, 60, 60, generator=torch.Generator().manual_seed(0))
    once, again = (Web()(picture, torch.Generator().manual_seed(3)) for _ in range(2))
    torch.testing.assert_close(once, again, atol=0, rtol=0)
    torch.testing.assert_close(once * 255, (once * 255).round())


def test_a_crop_is_of_texels_as_they_are_stored(tmp_path):
    panorama = torch.rand(3, 32, 64, generator=torch.Generator().manual_seed(0)) + 0.1
    write_image(tmp_path / "noise.exr", panorama.permute(1, 2, 0).numpy())
    crop = Crops(str(tmp_path)).radiance(0, torch.Generator().manual_seed(1))
    assert crop.shape == (3, 30, 30)
    ratios = panorama[0].unfold(0, 30, 1).unfold(1, 30, 1) / crop[0]
    assert ratios.std((-2, -1)).div(ratios.mean((-2, -1))).min() < 2e-3
