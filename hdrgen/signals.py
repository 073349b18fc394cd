"""SIGTERM as an exception, so that it ends a command the way Ctrl-C does: at once, and nothing half-written stays.

A batch system, a container or `timeout` sends SIGTERM and waits some seconds before it kills.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NamedTuple


class Terminated(BaseException):
    """The process was asked to end. Like KeyboardInterrupt no `Exception`, so that nobody takes it for a fault."""


class Advice(NamedTuple):
    """How a user may go on, and the argument of Python that this is about, as of `InputError`."""

    text: str
    argument: str | None


def _none() -> Advice:
    return Advice("", None)


_MOMENT = 0.01
"""Seconds until a signal that was lost comes again."""


class _Termination:
    """What has become of a signal."""

    advice: Callable[[], Advice] = staticmethod(_none)
    error: Exception | None = None
    process = 0
    listens = False
    received = False
    waits = False
    holds = 0


_state = _Termination()


@contextmanager
def terminable() -> Iterator[None]:
    """Have SIGTERM raise `Terminated` in the block; further ones are ignored, as many programs send several.

    Does nothing in another thread than the main one, which alone may choose what a signal does.
    """
    _state.received = _state.waits = False
    _state.advice, _state.error = _none, None
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    _state.process, _state.listens = os.getpid(), True
    relisten()
    unraisable = sys.unraisablehook
    sys.unraisablehook = lambda lost: _send_again() if lost.exc_type is Terminated else unraisable(lost)
    try:
        yield
    finally:
        _state.listens = False
        sys.unraisablehook = unraisable
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def relisten() -> None:
    """Within a `terminable` block, take the signal back from a library that has put its own handler in place."""
    if _state.listens and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _end)


def was_terminated() -> bool:
    """Whether the signal came within the last `terminable` block, whatever exception it has since turned into."""
    return _state.received


def end_with(error: Exception) -> None:
    """End the main thread's `terminable` block, from another thread, at its next step in Python; `cause` is why."""
    _state.error = error
    os.kill(os.getpid(), signal.SIGTERM)


def cause() -> Exception | None:
    """What the last `terminable` block was ended with, whatever exception that has since turned into."""
    return _state.error


def advise(how: Callable[[], Advice]) -> None:
    """Note how a user may go on after the command has been stopped, by SIGTERM or Ctrl-C.

    Args:
        how: Tells it, once the command has ended. Beforehand, since more may fail while it ends.
    """
    _state.advice = how


def advice() -> Advice:
    """What is to be said of the last `terminable` block; empty for nothing."""
    return _state.advice()


@contextmanager
def unbroken() -> Iterator[None]:
    """Hold the signal back until the block, which should be short, is done."""
    _state.holds += 1
    try:
        yield
    finally:
        _state.holds -= 1
    if _state.waits and not _state.holds:
        _state.waits = False
        raise Terminated


def _end(number: int, frame: FrameType | None) -> None:
    if os.getpid() != _state.process:
        _end_child()
    if _state.received or _state.waits:
        return
    _state.received = _state.error is None
    if _state.holds:
        _state.waits = True
    else:
        raise Terminated


def _end_child() -> None:
    """End a forked process, as a worker of the data that has no handler of its own yet, without a word."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.raise_signal(signal.SIGTERM)


def _send_again() -> None:
    """Raise what Python has dropped, since the signal came while it freed an object, once it is out of there."""
    _state.received = False
    retry = threading.Timer(_MOMENT, _terminate)
    retry.daemon = True
    retry.start()


def _terminate() -> None:
    if _state.listens:
        os.kill(os.getpid(), signal.SIGTERM)
