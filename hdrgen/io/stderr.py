"""Keep C libraries off the terminal."""

import os
import sys
import threading
from types import TracebackType


class QuietStderr:
    """While any thread is inside, nothing reaches file descriptor 2.

    LibRaw and libpng print their complaints themselves, beside reporting them; what they report becomes one clear line.
    Threads may overlap: the first to enter redirects, the last to leave restores.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._kept = -1

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._redirect()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                os.dup2(self._kept, 2)
                os.close(self._kept)

    def _redirect(self) -> None:
        if sys.stderr is not None:
            sys.stderr.flush()
        self._kept = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)


quiet_stderr = QuietStderr()
