"""A training whose numbers have become NaN or infinite stops, and no checkpoint holds them."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor
from torch.nn.functional import pad

from hdrgen.callbacks.ending import how_to_go_on
from hdrgen.errors import InputError
from hdrgen.methods import logged_in_step

EVERY = {"cpu": 1}
"""Batches between two looks, by the device that notes; Lightning's loggers, too, look at a GPU every 50 batches."""
PATIENCE = 10
"""Batches in a row that may have no finite loss where half precision skips their steps, as its scaling does."""


class NotFinite(Callback):
    """Stops a training at the batch whose loss is NaN or infinite, whatever the method.

    What is looked at are the losses that the method logs (`train/...`), or the one that its step returns where it logs
    none. On a GPU they are noted there and read every 50 batches and at the end of an epoch, so that
    no step waits for it; the batch is named all the same. Checkpoints look at the weights themselves, see `WholeFiles`.
    """

    def __init__(self) -> None:
        self._names: tuple[str, ...] = ()
        self._in_a_row = self._since = torch.empty(0)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Count anew: batches are numbered within their epoch."""
        self._names = ()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Note which losses are not finite."""
        losses = _losses(logged_in_step(trainer), outputs)
        if not losses:
            return
        if not losses.keys() >= set(self._names):
            self._read(trainer, pl_module)
            self._names = ()
        self._take_in([name for name in losses if name not in self._names], next(iter(losses.values())).device)
        bad = ~torch.stack([losses[name].detach().float().reshape(()) for name in self._names]).isfinite()
        allowed = 1 if getattr(trainer.precision_plugin, "scaler", None) is None else PATIENCE
        self._in_a_row = (self._in_a_row + 1) * bad
        found = (self._since < 0) & (self._in_a_row >= allowed)
        self._since = self._since.where(~found, batch_idx + 1 - allowed)
        if (batch_idx + 1) % EVERY.get(bad.device.type, 50) == 0 or trainer.is_last_batch:
            self._read(trainer, pl_module)

    def _take_in(self, names: Sequence[str], device: torch.device) -> None:
        """Make room for losses that are new; what is noted of others stays where it is, and nobody waits for it."""
        if not self._names:
            self._in_a_row = self._since = torch.empty(0, dtype=torch.long, device=device)
        self._in_a_row, self._since = pad(self._in_a_row, (0, len(names))), pad(self._since, (0, len(names)), value=-1)
        self._names += tuple(names)

    def _read(self, trainer: Trainer, method: LightningModule) -> None:
        """Raise if a loss was not finite.

        Raises:
            InputError: With epoch, batch and the names of the losses.
        """
        since = {name: int(batch) for name, batch in zip(self._names, self._since.tolist(), strict=False) if batch >= 0}
        if not since:
            return
        first = min(since.values())
        names = ", ".join(name for name, batch in since.items() if batch == first)
        advice = how_to_go_on(trainer)
        raise InputError(
            f"epoch {trainer.current_epoch}, batch {first}: expected a finite loss of {type(method).__name__},"
            f" found NaN or infinity in {names}; lower the learning rate and {advice.text}",
            advice.argument,
        )


def _losses(logged: Mapping[str, Tensor], outputs: Any) -> dict[str, Tensor]:
    losses = {name: value for name, value in logged.items() if name.startswith("train")}
    if not losses and isinstance(outputs, Mapping) and isinstance(outputs.get("loss"), Tensor):
        losses["loss"] = outputs["loss"]
    return losses


def weights_not_finite(checkpoint: Mapping[str, Any]) -> list[str]:
    """Names of the tensors of a checkpoint's network that hold NaN or infinity; one wait for a GPU in all."""
    weights = {name: value for name, value in checkpoint.get("state_dict", {}).items() if value.is_floating_point()}
    if not weights:
        return []
    device = next(iter(weights.values())).device
    finite = torch.stack([value.isfinite().all().to(device) for value in weights.values()]).tolist()
    return [name for name, good in zip(weights, finite, strict=True) if not good]
