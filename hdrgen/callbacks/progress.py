"""Progress for a terminal and for a log file."""

import math
import sys
import time
from functools import partial
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import RichProgressBar, TQDMProgressBar

from hdrgen.callbacks.end_line import say
from hdrgen.methods import HDRModule

SELDOM = 60.0
"""Seconds between two lines above a bar on a terminal: a short training shows none."""
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
        self._begun: tuple[float, float | None] = (0.0, None)
        self._said = 0.0
        self._last = 0.0

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Switch the bar off where lines replace it."""
        bar = trainer.progress_bar_callback
        self._prints = type(bar) in BARS and not sys.stdout.isatty()
        self._last = self._said = time.monotonic()
        if self._prints and bar is not None:
            bar.disable()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Say which batch of which epoch, and the losses."""
        self._report(
            trainer, f"epoch {trainer.current_epoch}{_to_go(trainer)}", batch_idx, trainer.num_training_batches
        )

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """From here on the time is measured."""
        self._begun = time.monotonic(), share_done(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """On a terminal, say after an epoch how many there are, and how long they take; at most once a minute."""
        now = time.monotonic()
        if (
            self._prints
            or now - self._said < SELDOM
            or not trainer.is_global_zero
            or trainer.progress_bar_callback is None
        ):
            return
        if left := self._time_left(trainer):
            self._said = now
            say(trainer, f"epoch {trainer.current_epoch}{_to_go(trainer)} is done{left}")

    def _time_left(self, trainer: Trainer) -> str:
        """How long the training takes from here, judged by how long it has taken; empty where that is not known."""
        begun, before = self._begun
        done = share_done(trainer)
        if done is None or before is None or not before < done < 1:
            return ""
        return f", {in_words((time.monotonic() - begun) / (done - before) * (1 - done))} left"

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
        left = self._time_left(trainer) if trainer.training else ""
        say(trainer, f"{what}: batch {batch_idx + 1} of {total:g}{values}{left}")


def share_done(trainer: Trainer) -> float | None:
    """How much of a training is done, by the first of its limits, epochs and steps; None where it has none."""
    batches = trainer.num_training_batches
    within = (trainer.fit_loop.batch_idx + 1) / batches if math.isfinite(batches) and batches else 0.0
    epochs, steps = trainer.max_epochs, trainer.max_steps
    shares = [(trainer.current_epoch + min(within, 1.0)) / epochs] if epochs is not None and epochs > 0 else []
    return max([*shares, *([trainer.global_step / steps] if steps > 0 else [])], default=None)


def in_words(seconds: float) -> str:
    """A time as people say it.

    >>> in_words(4), in_words(200), in_words(9000), in_words(400_000)
    ('1 min', '4 min', '2 h 30 min', '4 d 15 h')
    """
    minutes = math.ceil(seconds / 60)
    if minutes < 60:
        return f"{max(1, minutes)} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 24 else f"{hours // 24} d {hours % 24} h"


def _to_go(trainer: Trainer) -> str:
    """How many epochs follow this one, where that is known."""
    limit = trainer.max_epochs
    return f" ({limit - trainer.current_epoch - 1} to go)" if limit is not None and limit > 0 else ""
