"""Every method's example, exported by the command line once for all tests of a run, whichever process they are in.

Following a network and writing it as ONNX takes seconds, and is the same each time.
"""

import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from filelock import FileLock  # torch needs it, too

from hdrgen.cli.main import main
from hdrgen.methods import HDRModule, load_method
from tests.checkpoint_files import example_of, perturbed, write_checkpoint

START = {"CEVR": {"identity_start": True}}  # it would show black
SHALLOW = {
    "AdaptiveITM": {"channels": (12, 16)},
    "DeepRecursiveHDRI": {"reach": 2},
    "DeepReverseToneMapping": {"channels": (8, 12)},
    "DeepSynthHDRI": {"global_channels": (8, 16), "refinement_channels": (8, 16)},
    "InverseCamera": {"channels": (8, 8)},
}
"""Fewer levels or steps than in the example: more of the same take the exporters seconds each, and show nothing new."""
STOPS = {
    "MultiExposureGeneration": "-1,2",
    "CEVR": "-1.5,0.5",
    "DeepSynthHDRI": "-1,1",
}
"""In EV; of the other methods all that they make."""


class Export(NamedTuple):
    """A method, the folder of its exported files, and what the command printed."""

    method: HDRModule
    folder: Path
    printed: str

    @property
    def stops(self) -> list[float]:
        """The exposures that were asked for."""
        return [float(ev) for ev in STOPS[type(self.method).__name__].split(",")]


def exported(name: str, factory: pytest.TempPathFactory) -> Export:
    """The export of a method; the first to ask makes it, and others wait for that."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "exports" / name
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint, printed = folder / "last.ckpt", folder / "printed.txt"
    with FileLock(folder / "lock"):
        if not printed.exists():
            example = example_of(name)
            example = replace(example, arguments={**example.arguments, **SHALLOW.get(name, {})})
            write_checkpoint(perturbed(example.model(**START.get(name, {}))), checkpoint)
            ev = ["--ev", STOPS[name]] if name in STOPS else []
            with (folder / "told.txt").open("w") as told, contextlib.redirect_stdout(told):
                assert main(["export", "--ckpt_path", str(checkpoint), *ev, "-o", str(folder / "out")]) == 0
            (folder / "told.txt").rename(printed)
    return Export(load_method(checkpoint).eval(), folder / "out", printed.read_text())
