"""A verb in a process of its own, forked from one that has imported everything, and the faults that it meets there."""

import ctypes
import os
import pickle
import resource
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import OpenImageIO

from hdrgen.cli.main import main

CAPABILITIES, OVERRIDE = 0x20080522, 0b110
"""Version of Linux's interface, and its CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""


class Run(NamedTuple):
    """How a verb ended."""

    status: int
    told: list[str]
    seconds: float


def forked(
    arguments: list[str], fault: Callable[[], object] = lambda: None, after: tuple[float, int] | None = None
) -> Run:
    """Run a verb in a process of its own, with a fault that is put in place there, or a signal after some seconds."""
    began = time.monotonic()
    end, start = os.pipe()  # no file: a full disk would cut it short
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(start, 2)
            os.close(start)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            fault()
            status = main(arguments)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)  # without the end of this program, its temporary folder for one
    if after:
        time.sleep(after[0])
        os.kill(child, after[1])
    os.close(start)
    with os.fdopen(end, errors="replace") as told:
        lines = told.read().splitlines()
    _, ended = os.waitpid(child, 0)
    return Run(os.waitstatus_to_exitcode(ended), lines, time.monotonic() - began)


def apart(function: Callable[[], Any]) -> Any:
    """What a function returns in a process of its own: forks of this one must find no threads that were started."""
    end, start = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(start, pickle.dumps(function()))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(start)
    with os.fdopen(end, "rb") as told:
        result = pickle.loads(told.read())
    os.waitpid(child, 0)
    return result


def at_first_write(act: Callable[[], object]) -> None:
    """Act when a file below `out` is opened for writing."""
    waiting = [act]

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and waiting and isinstance(arguments[0], str | os.PathLike):
            writes = isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            if writes and "out" in Path(os.path.relpath(arguments[0])).parts[:1]:
                waiting.pop()()

    sys.addaudithook(heard)


def vanishing(pattern: str) -> None:
    """Remove the second of some files when the first is opened."""
    paths = sorted(Path().glob(pattern))
    waiting = [paths[min(1, len(paths) - 1)]]

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        named = event == "open" and isinstance(arguments[0], str | os.PathLike)
        if named and waiting and Path(str(arguments[0])).absolute() == paths[0].absolute():
            waiting.pop().unlink()

    sys.addaudithook(heard)


def full(size: int) -> None:
    """No file can be longer than so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def full_output() -> None:
    os.dup2(os.open("/dev/full", os.O_WRONLY), 1)


def closed() -> None:
    """The current folder cannot be written; root gives up what lets it write all the same."""
    Path().chmod(0o555)
    if os.getuid() == 0:
        header, held = struct.pack("Ii", CAPABILITIES, 0), ctypes.create_string_buffer(24)
        libc = ctypes.CDLL(None)
        libc.capget(header, held)
        effective, *others = struct.unpack("6I", held.raw)
        libc.capset(header, struct.pack("6I", effective & ~OVERRIDE, *others))


def waited(pid: int, seconds: float = 40) -> bool:
    """Whether a process ends within some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.2)
    return False


def write_unchecked(path: str, pixels: np.ndarray) -> None:
    """As `write_image`, which would refuse NaN."""
    height, width, channels = pixels.shape
    output = OpenImageIO.ImageOutput.create(path)
    output.open(path, OpenImageIO.ImageSpec(width, height, channels, "float"))
    output.write_image(pixels)
    output.close()
