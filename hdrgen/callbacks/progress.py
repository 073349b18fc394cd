"""Progress for a terminal and for a log file."""

import sys
import time
from functools import partial
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import RichProgressBar, TQDMProgressBar

from hdrgen.callbacks.end_line import say
from hdrgen.methods import HDRModule

BARS = (TQDMProgressBar, RichProgressBar)
"""The bars that Lightning adds by itself: the second where the package rich is installed."""


class PlainProgress(Callback):
    """Prints a line every few seconds in place of Lightning's progress bar where stdout is no terminal.

    On a terminal too, reports how much of a large photograph has been predicted.

    A bar of another class is somebody's choice and left alone; without any bar there are no lines either.

    Args:
        seconds: Least time between two lines.
    """

    def __init__(self, seconds: float = 10.0) -> None:
        self.seconds = seconds
        self._prints = False
        self._last = 0.0

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Switch the bar off where lines replace it."""
        bar = trainer.progress_bar_callback
        self._prints = type(bar) in BARS and not sys.stdout.isatty()
        self._last = time.monotonic()
        if self._prints and bar is not None:
            bar.disable()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Say which batch of which epoch, and the losses."""
        self._report(trainer, f"epoch {trainer.current_epoch}", batch_idx, trainer.num_training_batches)

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Say which batch is done."""
        if not trainer.sanity_checking:
            self._report(trainer, "validate", batch_idx, sum(trainer.num_val_batches))

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Say which batch is done."""
        self._report(trainer, "test", batch_idx, sum(trainer.num_test_batches))

    def on_predict_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Have the method report each tile of a large photograph: a single one may take minutes."""
        if isinstance(pl_module, HDRModule):
            pl_module.progress = partial(self._tile_done, trainer, ", ".join(batch["scene"]))

    def _tile_done(self, trainer: Trainer, scene: str, share: float) -> None:
        bar: Any = trainer.progress_bar_callback
        if type(bar) is TQDMProgressBar and bar.is_enabled:
            bar.predict_progress_bar.set_postfix_str(f"{scene}: {share:.0%}")
        elif type(bar) is RichProgressBar and bar.progress and bar.predict_progress_bar_id is not None:
            bar.progress.update(bar.predict_progress_bar_id, description=f"{scene}: {share:.0%}")
        elif self._is_due(trainer):
            say(trainer, f"{scene}: {share:.0%}")

    def _is_due(self, trainer: Trainer) -> bool:
        now = time.monotonic()
        if not self._prints or not trainer.is_global_zero or now - self._last < self.seconds:
            return False
        self._last = now
        return True

    def _report(self, trainer: Trainer, what: str, batch_idx: int, total: float) -> None:
        if not self._is_due(trainer):
            return
        metrics = {name: value for name, value in trainer.progress_bar_metrics.items() if isinstance(value, float)}
        values = "".join(f", {name} {value:.4g}" for name, value in metrics.items())
        say(trainer, f"{what}: batch {batch_idx + 1} of {total:g}{values}")
