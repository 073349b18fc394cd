"""What Lightning and torch raise about a user's choice, as the one line that a user is meant to read."""

import contextlib
import os
import re
import threading
import traceback
from collections.abc import Iterator

from lightning_fabric.strategies.launchers.subprocess_script import _ChildProcessObserver
from lightning_fabric.utilities.exceptions import MisconfigurationException

from hdrgen import signals
from hdrgen.cli.warnings_ import say_at_once
from hdrgen.errors import InputError

LOST = re.compile(
    r"Connection (?:closed|reset) by (?:remote )?peer|Broken pipe|Timed out waiting [^.]*|NCCL [^.,]*|Socket Timeout"
    r"|DataLoader worker \(pid.*?\) (?:is killed by signal: \w+|exited unexpectedly)"
)
"""What torch says when a process of a run is gone: another rank, or one that loads data."""
PATIENCE = 20
"""Seconds in which a process that has lost another ends by itself, before it is made to."""
BETWEEN = 2
"""Seconds between two looks at the process that has started this one."""
CONNECTOR = "pytorch_lightning.trainer.connectors.checkpoint_connector"
"""The part of Lightning that reads and writes trainings."""


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn what Lightning and torch raise about a user's choice into an `InputError`; Ctrl-C stays what it is.

    Nor does Lightning kill the first process of a run when another has ended: nothing would be said or cleaned up.
    """
    try:
        with _lost_processes_told():
            yield
    except SystemExit as stop:
        if isinstance(stop.__context__, KeyboardInterrupt):  # Lightning has shut the trainer down, and leaves with 1
            raise KeyboardInterrupt from stop
        raise
    except MisconfigurationException as error:
        raise _misconfiguration(str(error)) from error
    except InputError:
        raise
    except (ConnectionError, EOFError) as error:  # a process that loads data, in the middle of handing them over
        if isinstance(error, BrokenPipeError):  # that is who reads what is printed
            raise
        raise _gone(getattr(error, "strerror", None) or type(error).__name__) from error
    except RuntimeError as error:
        if meant := _of_torch(error):
            raise meant from error
        raise
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        if _restoring(error):
            raise _not_restored(error) from error
        if _raised_in(error).startswith("torch.optim"):
            raise _of_optimizer(error) from error
        if not isinstance(error, ValueError):
            raise
        raise _input_error_in(error) or error from None


@contextlib.contextmanager
def _lost_processes_told() -> Iterator[None]:
    """Notice the end of another process of a run, where nothing is exchanged for long, and raise in the main thread.

    The first process watches those that it has started through Lightning's observer; these watch the first themselves.
    """
    left = threading.Event()

    def end(found: str) -> None:
        error = _gone(found)
        signals.end_with(error)
        if not left.wait(PATIENCE):  # the main thread waits for the lost one, where no signal reaches it
            say_at_once(f"hdrgen: error: {error}")
            os._exit(2)

    def watch_parent(parent: int) -> None:
        while not left.wait(BETWEEN):
            if os.getppid() != parent:
                return end("that which started this one")

    def end_all(observer: _ChildProcessObserver) -> None:
        codes = [process.poll() for process in observer._child_processes]
        for process in observer._child_processes:
            process.kill()
        code = next(code for code in codes if code)
        end(f"exit status {code}" if code > 0 else f"signal {-code}")

    if os.environ.get("LOCAL_RANK", "0") != "0":
        threading.Thread(target=watch_parent, args=(os.getppid(),), daemon=True).start()
    before = _ChildProcessObserver._terminate_all
    setattr(_ChildProcessObserver, "_terminate_all", end_all)  # noqa: B010 (mypy knows that it is a method)
    try:
        yield
    finally:
        left.set()
        setattr(_ChildProcessObserver, "_terminate_all", before)  # noqa: B010


def _misconfiguration(error: str) -> InputError:
    if device := re.fullmatch(r"No supported (\w+) backend found!", error):
        return InputError(
            f"expected a device that torch finds on this machine, found accelerator={device[1]}, and none of that kind;"
            " pass accelerator='auto'",
            "accelerator",
        )
    monitor = re.search(r"ModelCheckpoint\(monitor='(.*?)'\)` could not find .*?: \[(.*?)\]", error)
    if monitor is None:
        return InputError(error)
    logged = monitor[2].replace("'", "")
    return InputError(
        f"--checkpoint.monitor: no {monitor[1]} among what this run logs ({logged}); pass one of these, or auto"
    )


def _gone(found: str) -> InputError:
    """One process of a run is gone, which the others notice in what they are just doing."""
    how, argument = signals.advice()
    return InputError(
        f"expected every process of the run, found one gone ({found}); if it printed no reason itself, it was killed,"
        f" as happens when memory runs out{'; ' if how else ''}{how}",
        argument,
    )


def _of_torch(error: RuntimeError) -> InputError | None:
    """What torch means by an error that a user can do something about."""
    text = " ".join(str(error).split())
    if "loading state_dict" in text:
        return InputError(_mismatch(str(error)))
    if _restoring(error):
        return _not_restored(error)
    if lost := LOST.search(str(error)):
        return _gone(lost[0])
    if type(error) is RuntimeError and _raised_in(error).startswith("torch.optim"):  # others are of memory or device
        return _of_optimizer(error)
    if "unable to resize file </torch_" in text or "unable to write to file </torch_" in text:
        return InputError(
            f"the memory that processes share is full ({text[:120]}); make /dev/shm larger or remove what fills it"
        )
    return None


def _of_optimizer(error: BaseException) -> InputError:
    return InputError(f"--model.optimizer or its schedule, or their states: {error}")


def _not_restored(error: BaseException) -> InputError:
    return InputError(
        "--ckpt_path: expected the states of a run as fit writes them, found others"
        f" ({' '.join(str(error).split())[:120]}); pass --model.initial_weights FILE to train from its weights alone"
    )


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
