"""Benchmarks are not run in the tests, but what they import must be there."""

import importlib
from pathlib import Path

import pytest
import torch

from benchmarks.training.plain import cevr, kim, le
from hdrgen.methods.deep_synth.network import GLOBAL_CHANNELS, LOCAL_CHANNELS, REFINEMENT_CHANNELS

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
NEEDS = {"mutants": "mutmut"}
"""What is not among the extras of the tests."""


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.py")))
def test_every_benchmark_can_be_imported(name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason="make mutants installs it in an environment of its own")
    importlib.import_module(f"benchmarks.{name}")


def test_plain_networks_beside_which_steps_are_timed_are_as_large_as_the_authors():
    """Counts of the authors' published modules."""
    with torch.device("meta"):
        direction = kim.PlainDirection(GLOBAL_CHANNELS, LOCAL_CHANNELS, REFINEMENT_CHANNELS)
        networks = [direction.tone, direction.edges, direction.refinement, cevr.PlainNetwork()]
        networks += [le.PlainUNet(le.ENCODER, joined=False), le.PlainUNet(le.EXPOSURE, joined=True)]
    counts = [sum(parameter.numel() for parameter in network.parameters()) for network in networks]
    assert counts == [98_918_403, 6_188_815, 11_007_971, 3_291_592, 6_916_131, 27_639_372]
