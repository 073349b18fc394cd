"""A trained toy, and photographs to use it on."""

import numpy as np
import pytest

import tests.toys  # noqa: F401  # what is imported can be named by its class name alone
from hdrgen.cli.main import main
from hdrgen.io import write_image
from tests.cli.toy_runs import FIT, Run


@pytest.fixture
def own_folder(tmp_path, monkeypatch) -> None:
    """The test runs in a folder of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Run:
    """One finished run of `ToyMethod` with 8 channels."""
    folder = tmp_path_factory.mktemp("trained")
    assert main([*FIT, "--model=ToyMethod", "--model.channels=8", "-o", str(folder / "runs")]) == 0
    run = folder / "runs/ToyMethod/version_0"
    return Run(run, run / "checkpoints/last.ckpt")


@pytest.fixture
def photos(tmp_path) -> list[str]:
    noise = np.random.default_rng(0)
    return [str(write_image(tmp_path / f"{name}.png", noise.random((20, 30, 3)))) for name in "abc"]
