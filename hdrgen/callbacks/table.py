"""The numbers of a test, scene by scene, as files and as a table to read."""

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.trainer.states import TrainerFn

from hdrgen.callbacks.run_folder import run_folder
from hdrgen.callbacks.say import say
from hdrgen.callbacks.writer import exposure_name
from hdrgen.data import Sample
from hdrgen.errors import InputError
from hdrgen.methods.base import Evaluation
from hdrgen.metrics import Score, gather, means

COLUMNS = ("scene", "ev", "metric", "value")


class MetricsTable(Callback):
    """Writes `metrics.csv` (one row per scene, exposure and metric) and `metrics.json` (means), and prints the means.

    The scores of all ranks are put together, and a scene that was scored twice, as several devices do to even out their
    shares, counts once.

    Args:
        folder: Where; None is the folder `test` (or `validate`) of the run.
        overwrite: Whether existing tables may be replaced.
    """

    def __init__(self, folder: str | None = None, overwrite: bool = False) -> None:
        self.folder = Path(folder) if folder else None
        self.overwrite = overwrite
        self.scores: list[Score] = []

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Refuse before any work is done."""
        existing = self.folder / "metrics.csv" if self.folder else None
        if stage in ("validate", "test") and existing and existing.exists() and not self.overwrite:
            raise InputError(f"{existing} exists already; pass --overwrite, or another folder with -o")
        self.scores = []

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Sample,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Keep the scores of a batch."""
        evaluation: Evaluation = outputs
        self.scores += evaluation["scores"]

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Sample,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """The same for `validate`; within `fit` the logger has the means of every epoch."""
        if trainer.state.fn == TrainerFn.VALIDATING:
            self.on_test_batch_end(trainer, pl_module, outputs, batch, batch_idx)

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Put the ranks' scores together and write them."""
        scores = gather(self.scores)
        if not trainer.is_global_zero:
            return
        if not scores:
            name = type(pl_module).__name__
            return say(trainer, f"nothing to score: the scenes have no HDR truth, nor exposures that {name} generates")
        folder = self.folder or _default_folder(trainer)
        told = f"\n{render(scores)}"
        if folder:
            write(folder, scores)
            told += f"\nwritten to {folder / 'metrics.csv'} and metrics.json"
        say(trainer, told)

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The same for `validate`."""
        if trainer.state.fn == TrainerFn.VALIDATING:
            self.on_test_epoch_end(trainer, pl_module)


def _default_folder(trainer: Trainer) -> Path | None:
    folder, verb = run_folder(trainer), trainer.state.fn
    return folder / verb.value if folder and verb else None


def write(folder: Path, scores: Sequence[Score]) -> None:
    """Write both files, each under a temporary name first."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / ".metrics.tmp"
    with temporary.open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, COLUMNS)
        rows.writeheader()
        rows.writerows(scores)
    temporary.replace(folder / "metrics.csv")
    content = {"scenes": len({score["scene"] for score in scores}), "means": means(scores)}
    temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    temporary.replace(folder / "metrics.json")


def render(scores: Sequence[Score]) -> str:
    """The means as text: exposures down, metrics across; what is about the HDR image stands in the row `HDR`."""
    table = means(scores)
    staged = [metric for metric in table if len(table[metric]) > 1]
    whole = [metric for metric in table if metric not in staged]
    stops = sorted({float(ev) for metric in staged for ev in table[metric] if ev != "mean"})
    lines = [_row("EV", staged)] if staged else []
    lines += [_row(_exposure(ev), [_number(table[metric].get(str(ev))) for metric in staged]) for ev in stops]
    lines += [_row("mean", [_number(table[metric]["mean"]) for metric in staged])] if staged else []
    lines += [_row("", whole), _row("HDR", [_number(table[metric]["mean"]) for metric in whole])] if whole else []
    return "\n".join([f"means over {len({score['scene'] for score in scores})} scenes", *lines])


def _row(head: str, cells: Sequence[str]) -> str:
    return f"{head:<8}" + "".join(f"{cell:>10}" for cell in cells)


def _exposure(stops: float) -> str:
    return f"{stops:+g}" if math.isfinite(stops) else exposure_name(stops)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}" if abs(value) < 1 else f"{value:.2f}"
