"""Where in a training a checkpoint was written, as Lightning counts it: checked, and put so that it goes on there."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hdrgen.errors import InputError

MOST = 2**40
"""Batches, steps and epochs that a count may hold."""
FIT, EPOCHS = "fit_loop", "epoch_progress"
BATCHES, SCORED = "epoch_loop.batch_progress", "epoch_loop.val_loop.batch_progress"
STATE = "epoch_loop.state_dict"
PARTS = ("ready", "started", "processed", "completed")
"""What Lightning counts of each batch and each epoch, in this order."""
WAITING = {
    "total": dict(zip(PARTS, (1, 1, 0, 0), strict=True)),
    "current": dict.fromkeys(PARTS, 0),
    "is_last_batch": False,
}
"""Of a validation that has begun and scored nothing, which Lightning runs, if one is due, before the next batch."""


def checked_loops(loops: Mapping[str, Any]) -> None:
    """Whether all counts are such as a training makes.

    Args:
        loops: State of Lightning's loops, as a checkpoint holds it.

    Raises:
        InputError: A count that is no whole number from 0 on, or larger than any training; with its name.
    """
    for name, value in _leaves(loops, ""):
        if isinstance(value, bool):
            continue
        if not isinstance(value, int) or not 0 <= value <= MOST:
            found = repr(value) if isinstance(value, int | float) and abs(value) < 1e30 else type(value).__name__
            raise InputError(
                f"expected a count from 0 to {MOST:,} as {name[:120]!r} of the checkpoint, found {found};"
                " pass initial_weights=FILE to train from its weights alone",
                "initial_weights",
            )


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key != "combined_loader":  # of a loader that is not ours
                yield from _leaves(each, f"{name}.{key}".lstrip("."))
    else:
        yield name, value


def resumable(loops: dict[str, Any]) -> dict[str, Any]:
    """The same place in a training, in words that Lightning goes on from without leaving out or repeating anything.

    An epoch that `max_steps` cut short counts as finished in the checkpoint of its end: it is to be finished. What was
    saved after a batch and before the validation that follows it would lose this, and after an epoch's last batch all
    that is done at its end.

    Args:
        loops: State of Lightning's loops; what has no such counts is returned as it is.
    """
    fit = loops.get(FIT)
    if not isinstance(fit, dict) or not {EPOCHS, BATCHES, SCORED} <= set(fit):
        return loops
    epochs, batches = fit[EPOCHS], fit[BATCHES]
    now, last = batches["current"], batches["is_last_batch"]
    begun = epochs["current"]["processed"] < epochs["current"]["ready"]
    if now["processed"] and not begun and not last:
        fit = fit | {EPOCHS: _each(epochs, lambda of: of | dict.fromkeys(PARTS[2:], of["started"] - 1))}
    elif begun and now["completed"] < now["processed"]:
        fit = fit | {SCORED: fit[SCORED] | WAITING}
        if last:  # or Lightning would take the epoch for finished
            fit[BATCHES] = _each(batches, lambda of: of | {"completed": of["processed"]})
    return loops | {FIT: fit}


def logged_until(loops: Mapping[str, Any]) -> int | None:
    """The last step under which loggers have rows that a checkpoint knows of; -1 before the first.

    Loggers count batches after which an optimizer stepped. Lightning counts one when all that follows it is done, and
    so, within an epoch, after a checkpoint.

    Args:
        loops: State of Lightning's loops, as a checkpoint holds it; None is returned where it has no such counts.

    Raises:
        InputError: See `checked_loops`.
    """
    checked_loops(loops)
    fit = loops.get(FIT)
    if not isinstance(fit, dict) or not {EPOCHS, STATE} <= set(fit):
        return None
    leaves = dict(_leaves(fit, ""))
    stepped: int = leaves.get(f"{STATE}._batches_that_stepped", 0)
    processed, ready = (leaves.get(f"{EPOCHS}.current.{part}", 0) for part in ("processed", "ready"))
    return stepped if processed < ready else stepped - 1


def _each(progress: dict[str, Any], change: Callable[[dict[str, int]], dict[str, int]]) -> dict[str, Any]:
    return progress | {part: change(progress[part]) for part in ("total", "current")}
