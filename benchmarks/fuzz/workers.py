"""Child processes that read files one after another, so that a crash or a hang ends one of them and not the run."""

import os
import resource
import selectors
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FIRST = 60.0
"""Seconds that the first line may take, with all imports."""


def batch(command: Sequence[str], start: int, stop: int, timeout: float) -> list[tuple[int, str]]:
    """The outcome of each file; a worker that dies or hangs is replaced after the file it was at.

    Only what hangs twice hangs: a busy machine may stop a process for as long.

    Args:
        command: What Python runs (`-m MODULE ...`); the numbers of the first file and of the one behind the last
            follow. It prints a line for each.
        start: First file.
        stop: Behind the last.
        timeout: Seconds for a file.
    """
    results: list[tuple[int, str]] = []
    hung_at = -1
    while start < stop:
        words = [sys.executable, *command, str(start), str(stop)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as worker:
            for line in lines_of(worker, timeout):
                results.append((start, line))
                start += 1
            hung = worker.poll() is None and start < stop
            if hung:
                worker.kill()
        if hung and hung_at != start:
            hung_at = start
        elif start < stop:
            results.append((start, "hang" if hung else f"crash: status {worker.returncode}"))
            start += 1
    return results


def lines_of(worker: "subprocess.Popen[str]", timeout: float) -> list[str]:
    """What a worker says until it ends, or until it has been silent for too long (the first line has a minute)."""
    assert worker.stdout is not None
    os.set_blocking(worker.stdout.fileno(), False)
    text, patience = "", _FIRST
    with selectors.DefaultSelector() as selector:
        selector.register(worker.stdout, selectors.EVENT_READ)
        while selector.select(patience):
            piece = os.read(worker.stdout.fileno(), 1 << 16).decode()
            if not piece:
                worker.wait()
                break
            text, patience = text + piece, timeout
    return text.splitlines()


def limit_memory(size: int) -> None:
    """So many bytes of address space for this process, and no file of its memory where it crashes."""
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def watched(read: Callable[[], str], limit: float) -> str:
    """The outcome, or that it took more memory than may be: the peak since a reset, as Linux keeps it."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak_memory()
    outcome = read()
    taken = _peak_memory() - before
    return f"memory: {taken / 2**20:.0f} MiB; {outcome}" if taken > limit else outcome


def _peak_memory() -> int:
    """Bytes, the largest resident size since the last reset."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
