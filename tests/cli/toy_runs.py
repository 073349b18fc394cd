"""Trainings of a toy method, as the command line makes them."""

from pathlib import Path
from typing import NamedTuple

import yaml

from hdrgen.cli.main import main

CPU = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false"]


SCENES = ["--data.train=ToyScenes", "--data.val=ToyScenes", "--data.test=ToyScenes", "--data.batch_size=2"]


FIT = ["fit", *SCENES, *CPU, "--trainer.max_epochs=1", "--trainer.log_every_n_steps=1"]


QUICK = [*CPU, "--trainer.fast_dev_run=true"]


class Run(NamedTuple):
    folder: Path
    last: Path

    @property
    def config(self) -> dict:
        return yaml.safe_load((self.folder / "config.yaml").read_text())


def error_of(arguments: list[str], capsys) -> str:
    """The line that a command fails with."""
    capsys.readouterr()
    assert main(arguments) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("hdrgen: error:")]
    assert len(lines) == 1
    return lines[0]
