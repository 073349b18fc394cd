"""What Lightning and torch raise about a user's choice, as the one line that a user is meant to read."""

import contextlib
import re
import traceback
from collections.abc import Iterator

from lightning_fabric.utilities.exceptions import MisconfigurationException

from hdrgen.errors import InputError

CONNECTOR = "pytorch_lightning.trainer.connectors.checkpoint_connector"
"""The part of Lightning that reads and writes trainings."""


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn what Lightning and torch raise about a user's choice into an `InputError`, and give Ctrl-C back its name."""
    try:
        yield
    except SystemExit as stop:
        if isinstance(stop.__context__, KeyboardInterrupt):  # Lightning has shut the trainer down, and leaves with 1
            raise KeyboardInterrupt from stop
        raise
    except MisconfigurationException as error:
        raise InputError(_misconfiguration(str(error))) from error
    except InputError:
        raise
    except (KeyError, TypeError, AttributeError, IndexError, RuntimeError, ValueError) as error:
        if isinstance(error, RuntimeError) and "loading state_dict" in str(error):
            raise InputError(_mismatch(str(error))) from error
        if _restoring(error):
            told = " ".join(str(error).split())[:120]
            raise InputError(
                f"--ckpt_path: expected the states of a run as fit writes them, found others ({told});"
                " pass --model.initial_weights FILE to train from its weights alone"
            ) from error
        memory = isinstance(error, RuntimeError) and type(error) is not RuntimeError  # or the device, of no choice
        if not memory and _raised_in(error).startswith("torch.optim"):
            raise InputError(f"--model.optimizer or its schedule, or their states: {error}") from error
        if not isinstance(error, ValueError):
            raise
        raise _input_error_in(error) or error from None


def _misconfiguration(error: str) -> str:
    monitor = re.search(r"ModelCheckpoint\(monitor='(.*?)'\)` could not find .*?: \[(.*?)\]", error)
    if monitor is None:
        return error
    logged = monitor[2].replace("'", "")
    return f"--checkpoint.monitor: no {monitor[1]} among what this run logs ({logged}); pass one of these, or auto"


def _restoring(error: BaseException) -> bool:
    """Whether Lightning was taking up what a checkpoint says of the training."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    there = [frame.f_code.co_name for frame in frames if frame.f_globals.get("__name__") == CONNECTOR]
    return any(name.startswith(("restore", "resume")) for name in there)


def _raised_in(error: BaseException) -> str:
    """Name of the module whose code raised."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return str(frames[-1].f_globals.get("__name__", "")) if frames else ""


def _input_error_in(error: BaseException | None) -> InputError | None:
    """What was wrong with the input; jsonargparse wraps what a constructor raises."""
    while error is not None and not isinstance(error, InputError):
        error = error.__cause__ or error.__context__
    return error


def _mismatch(error: str) -> str:
    first = next((line.strip() for line in error.splitlines()[1:] if line.strip()), error)
    return (
        f"the checkpoint does not fit the method that the arguments describe ({first[:200]});"
        " leave --model and --config away to use the method and sizes that are in the checkpoint"
    )
