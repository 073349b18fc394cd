"""Benchmarks are not run in the tests, but what they import must be there."""

import importlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
NEEDS = {"mutants": "mutmut"}
"""What is not among the extras of the tests."""


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.py")))
def test_every_benchmark_can_be_imported(name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason="make mutants installs it in an environment of its own")
    importlib.import_module(f"benchmarks.{name}")
