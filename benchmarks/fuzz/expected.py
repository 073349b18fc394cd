"""What reading may end in, and what of it is a finding."""

import json
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

SLOW = 5.0
"""Seconds of processor time for an input of some kilobytes."""
LONGEST = 4096
"""Characters of a message: more is no line that anybody reads."""


class Finding(Exception):
    """Something that must not be, in a word that tells its kind and in full.

    Args:
        kind: Equal for findings that one change mends.
        message: What happened.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def checked(read: Callable[[bytes], object], content: bytes) -> str:
    """Call `read`; "value" or "one line".

    Raises:
        Finding: Another exception, a message that is no line, or a long time.
    """
    from hdrgen.errors import InputError

    start = time.process_time()
    try:
        read(content)
        outcome = "value"
    except InputError as error:
        outcome = "one line"
        _check_line(str(error), error)
    except (Exception, MemoryError) as error:
        raise Finding(f"{type(error).__name__} at {_place(error)}", _shown(error)) from error
    if (taken := time.process_time() - start) > SLOW:
        raise Finding("slow", f"{taken:.1f} s")
    return outcome


def _check_line(message: str, error: Exception) -> None:
    if "\n" in message:
        raise Finding(f"several lines at {_place(error)}", repr(message[:300]))
    if len(message) > LONGEST:
        raise Finding(f"{len(message)} characters at {_place(error)}", repr(message[:300]))


def _place(error: BaseException) -> str:
    """The last of hdrgen's lines that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/hdrgen/" in frame.filename and "/benchmarks/" not in frame.filename]
    last = (own or frames)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def _shown(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


class Findings:
    """Each kind once, with the input that showed it, in a folder.

    Args:
        folder: Made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._index = folder / "findings.json"
        self.kinds: dict[str, Any] = json.loads(self._index.read_text()) if self._index.exists() else {}

    def add(self, finding: Finding, content: bytes) -> None:
        """Keep the input, if the kind is new."""
        if finding.kind in self.kinds:
            return
        name = f"{len(self.kinds):03}.bin"
        (self._folder / name).write_bytes(content)
        self.kinds[finding.kind] = {"file": name, "message": str(finding)}
        self._index.write_text(json.dumps(self.kinds, indent=1))
