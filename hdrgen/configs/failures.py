"""What Lightning and torch raise about a user's choice, as the one line that a user is meant to read."""

import contextlib
import re
import traceback
from collections.abc import Iterator

from lightning_fabric.utilities.exceptions import MisconfigurationException

from hdrgen import signals
from hdrgen.errors import InputError

LOST = re.compile(
    r"Connection (?:closed|reset) by (?:remote )?peer|Broken pipe|Timed out waiting [^.]*|NCCL [^.,]*|Socket Timeout"
    r"|DataLoader worker \(pid.*?\) (?:is killed by signal: \w+|exited unexpectedly)"
)
"""What torch says when a process of a run is gone: another rank, or one that loads data."""


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn what Lightning and torch raise about a user's choice into an `InputError`; Ctrl-C stays what it is."""
    try:
        yield
    except SystemExit as stop:
        if isinstance(stop.__context__, KeyboardInterrupt):  # Lightning has shut the trainer down, and leaves with 1
            raise KeyboardInterrupt from stop
        raise
    except MisconfigurationException as error:
        raise InputError(_misconfiguration(str(error))) from error
    except RuntimeError as error:
        if "loading state_dict" in str(error):
            raise InputError(_mismatch(str(error))) from error
        if lost := LOST.search(str(error)):
            raise _gone(lost[0]) from error
        if "unable to resize file </torch_" in str(error) or "unable to write to file </torch_" in str(error):
            raise InputError(
                f"the memory that processes share is full ({' '.join(str(error).split())[:120]}); make /dev/shm larger"
                " or remove what fills it"
            ) from error
        raise
    except (ConnectionError, EOFError) as error:  # a process that loads data, in the middle of handing them over
        if isinstance(error, BrokenPipeError):  # that is who reads what is printed
            raise
        raise _gone(getattr(error, "strerror", None) or type(error).__name__) from error
    except ValueError as error:
        if _raised_in(error).startswith("torch.optim"):
            raise InputError(f"--model.optimizer or its schedule: {error}") from error
        raise _input_error_in(error) or error from None


def _misconfiguration(error: str) -> str:
    monitor = re.search(r"ModelCheckpoint\(monitor='(.*?)'\)` could not find .*?: \[(.*?)\]", error)
    if monitor is None:
        return error
    logged = monitor[2].replace("'", "")
    return f"--checkpoint.monitor: no {monitor[1]} among what this run logs ({logged}); pass one of these, or auto"


def _gone(found: str) -> InputError:
    """One process of a run is gone, which the others notice in what they are just doing."""
    how, argument = signals.advice()
    return InputError(
        f"expected every process of the run, found one gone ({found}); if it printed no reason itself, it was killed,"
        f" as happens when memory runs out{'; ' if how else ''}{how}",
        argument,
    )


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
