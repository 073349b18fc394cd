"""Benchmarks are not run in the tests, but what they import must be there."""

import argparse
import importlib
import re
import shlex
from pathlib import Path

import pytest
import torch

from benchmarks.training import gpu, step_memory, two_nodes
from benchmarks.training.plain import cevr, kim, le
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


def test_what_needs_root_says_so_in_a_line(monkeypatch, capsys):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("sys.argv", ["two_nodes"])
    assert two_nodes.main() == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line == "benchmarks.training.two_nodes: network namespaces need root; nothing was run"


def test_where_no_namespace_may_be_made_a_line_says_so_and_none_is_left(monkeypatch, capsys):
    called = []

    def refuse(*words):
        called.append(words)
        if words[0] == "link":
            raise OSError("ip link: Operation not permitted")

    monkeypatch.setattr(two_nodes, "missing", str)
    monkeypatch.setattr(two_nodes, "_ip", refuse)
    monkeypatch.setattr("sys.argv", ["two_nodes"])
    assert two_nodes.main() == 0
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
