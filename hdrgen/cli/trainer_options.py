"""Options of the trainer that mean here what they say, also where Lightning takes them otherwise."""

import inspect
from functools import reduce
from operator import or_
from typing import Any, get_args

from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import ModelSummary

from hdrgen.data import ExposureStackDataModule
from hdrgen.errors import InputError
from hdrgen.methods import GradientClipping, HDRModule, check_strategy
from hdrgen.text_table import text_table


def count_before_measuring() -> None:
    """Have a 1 that is typed for the trainer be one batch, and not all of them, which is 1.0.

    The first type of a union that takes a value gives it its type. typing holds unions of the same types for equal and
    keeps those that it has built, so that which of int and float stands first depends on what was imported before.
    """
    annotations = inspect.unwrap(Trainer.__init__).__annotations__
    for name, annotation in annotations.items():
        types = get_args(annotation)
        if int in types and float in types:  # `|` builds a new one each time
            annotations[name] = reduce(or_, sorted(types, key=lambda each: each is not int))


def taken_by(model: HDRModule, trainer: Any) -> dict[str, Any]:
    """Hand the gradient clipping to a method that steps its optimizers itself, where the trainer would refuse it.

    Args:
        model: The method.
        trainer: The options of the trainer, by name.

    Returns:
        The options that the trainer gets in their place.

    Raises:
        InputError: Two limits, or accumulated gradients, which such a method does not have; or a strategy that trains
            nothing of it.
    """
    check_strategy(model, trainer.get("strategy"))
    if model.automatic_optimization:
        return {}
    if trainer.get("accumulate_grad_batches", 1) != 1:
        raise InputError(
            f"{type(model).__name__} steps its optimizers itself, after every batch, and cannot add up the gradients of"
            f" {trainer['accumulate_grad_batches']}; pass accumulate_grad_batches=1 and a larger batch_size",
            "trainer.accumulate_grad_batches",
        )
    limit = trainer.get("gradient_clip_val")
    if limit and model.clipping is not None:
        raise InputError(f"expected one limit of gradients, found {limit:g} beside the method's own {model.clipping}")
    if limit:
        model.clipping = GradientClipping(limit, trainer.get("gradient_clip_algorithm") or "norm")
    return {"gradient_clip_val": None, "gradient_clip_algorithm": None}


def count_parameters_alone(trainer: Trainer) -> None:
    """Have the summary of a network say what it knows: its parts and their parameters, and no operations.

    Lightning counts operations of an example input, which no method here has: it would say `FLOPs 0`.
    """
    for callback in getattr(trainer, "callbacks", ()):
        if isinstance(callback, ModelSummary):
            callback.summarize = _summarize  # type: ignore[method-assign,assignment]  # says less


def _summarize(summary: list[tuple[str, list[str]]], total: int, trainable: int, *_: Any, **__: Any) -> None:
    columns = [[name, *values] for name, values in summary if name in ("Name", "Type", "Params")]
    rows = list(zip(*columns, strict=True))[1:]
    fixed = f", of which {total - trainable:,} are not trained" if trainable < total else ""
    print("\n".join([*text_table(rows, right=[2]), f"{total:,} parameters{fixed}"]), flush=True)


def epoch_in_words(trainer: Trainer, data: ExposureStackDataModule) -> str | None:
    """How many scenes are trained on, and how many validated how often; None where that is another's to say."""
    if getattr(trainer, "fast_dev_run", False) or data.train is None:
        return None
    scenes = f"{len(data.train):,} scenes to train on"
    scenes += f", each {data.samples_per_scene} times in an epoch" if data.samples_per_scene > 1 else ""
    every = trainer.check_val_every_n_epoch
    if data.val is None or every is None:
        return scenes
    often = "every epoch" if every == 1 else f"every {every} epochs"
    limit = trainer.limit_val_batches
    count = min(len(data.val), limit * data.eval_batch_size) if isinstance(limit, int) else int(limit * len(data.val))
    return f"{scenes}, {count:,} to validate after {often}"
