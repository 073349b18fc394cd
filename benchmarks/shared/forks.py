"""Tests in a process of their own, which a fault may crash, hang or fill with memory."""

import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

MEMORY = 12 << 30  # bytes of address space: a mutant must not take the machine with it


def in_fork(run: Callable[[], int], tree: Path, log: Path, limit: float) -> int:
    """The exit status of `run` in a process of its own, in the tree; -1 where it took too long."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 70
        try:
            _enter(tree, log)
            status = run()
        finally:
            os._exit(status)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            _end(child)
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    _end(child)
    os.waitpid(child, 0)
    return -1


def _end(child: int) -> None:
    """The child and what it started: it leads a group of its own."""
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)


def _enter(tree: Path, log: Path) -> None:
    """Make this process one that knows only the tree."""
    from hypothesis import Phase, settings

    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.chdir(tree)
    os.environ["PYTHONPATH"] = sys.path[0] = str(tree)
    # Neither luck nor the long search for the smallest example: the first failure is enough.
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("mutants", database=None, derandomize=True, deadline=None, phases=phases)
    settings.load_profile("mutants")
