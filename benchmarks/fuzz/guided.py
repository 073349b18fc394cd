"""Inputs that grow by what they reach in hdrgen's own code: libFuzzer through atheris.

All is imported once, in a process of its own; each target runs in a fork of that, since libFuzzer ends the process that
it is in. An input that shows a finding is kept and the run goes on; after a crash, or what libFuzzer calls a timeout or
too much memory, it begins again.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.fuzz.expected import Finding, Findings, checked
from benchmarks.fuzz.scratch import scratch
from benchmarks.fuzz.workers import limit_memory

if TYPE_CHECKING:
    from benchmarks.fuzz.targets import Target

ROOT = Path(__file__).resolve().parents[2]
ADDRESS_SPACE = 3 << 30
_LONGEST = 1 << 15
"""Bytes of an input."""
_RESTARTS = 20


def run(names: Sequence[str], seconds: float, folder: Path) -> int:
    """Fuzz some targets for a time each; how many kinds of findings there are.

    Args:
        names: Of the targets.
        seconds: For each.
        folder: For the corpora and the findings, which later runs go on from.
    """
    places = {name: (folder / name.replace(" ", "_")).resolve() for name in names}
    for place in places.values():
        (place / "corpus").mkdir(parents=True, exist_ok=True)
    words = [f"{name}={place}" for name, place in places.items()]
    subprocess.run(
        [sys.executable, "-m", "benchmarks.fuzz.guided", str(seconds), *words],
        cwd=ROOT,
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return sum(len(Findings(place).kinds) for place in places.values())


def work(seconds: float, places: Mapping[str, Path]) -> None:
    """In this process, which forks."""
    targets = _instrumented()
    scratch()  # one folder for all forks
    for name, place in places.items():
        end = time.monotonic() + seconds
        for _ in range(_RESTARTS):
            left = int(end - time.monotonic())
            if left < 1:
                break
            if status := _forked(targets[name], left, place):
                _keep_crash(place, status)
        found = Findings(place).kinds
        for kind, about in found.items():
            print(f"{name}: {kind}: {about['message']} ({place / about['file']})", flush=True)
        print(f"{name}: {_executions(place)} inputs, {len(found)} kinds of findings", flush=True)


def _forked(target: "Target", seconds: int, place: Path) -> int:
    """Fuzz in a process of its own; its exit status."""
    child = os.fork()
    if not child:
        with (place / "log.txt").open("ab") as log:
            for stream in (1, 2):
                os.dup2(log.fileno(), stream)
        _fuzz(target, seconds, place)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _keep_crash(place: Path, status: int) -> None:
    """What libFuzzer left of an input that ended the process."""
    left = sorted(place.glob("crash-*")) + sorted(place.glob("timeout-*")) + sorted(place.glob("oom-*"))
    for path in left or [None]:
        kind = path.name.partition("-")[0] if path else "end"
        Findings(place).add(Finding(f"{kind} (status {status})", "see log.txt"), path.read_bytes() if path else b"")
        if path:
            path.unlink()


def _executions(place: Path) -> int:
    """As the log says."""
    words = [line.split() for line in (place / "log.txt").read_text(errors="replace").splitlines()]
    done = [line[1] for line in words if line[:1] == ["Done"]]
    return sum(map(int, done))


def _instrumented() -> "dict[str, Target]":
    """The targets, in whose modules of hdrgen every branch is watched."""
    import atheris
    import torch  # noqa: F401  # libraries first: only hdrgen's own code is to be watched

    with atheris.instrument_imports(include=["hdrgen"]):
        import hdrgen.api
        import hdrgen.camera
        import hdrgen.data
        import hdrgen.io
        import hdrgen.methods
        import hdrgen.reporting  # noqa: F401
        from benchmarks.fuzz.targets import TARGETS
    return TARGETS


def _fuzz(target: "Target", seconds: int, place: Path) -> None:
    """Until the time is over; does not return."""
    import atheris

    findings = Findings(place)
    for number, content in enumerate(target.seeds()):
        checked(target.read, content)
        if len(content) <= _LONGEST:
            (place / "corpus" / f"seed{number}").write_bytes(content)
    limit_memory(_used() + ADDRESS_SPACE)

    def one(content: bytes) -> None:
        try:
            checked(target.read, content)
        except Finding as finding:
            findings.add(finding, content)

    options = [f"-max_total_time={seconds}", "-timeout=20", f"-max_len={_LONGEST}", "-rss_limit_mb=4096"]
    options += [f"-artifact_prefix={place}/", "-print_final_stats=1", str(place / "corpus")]
    atheris.Setup(["fuzz", *options], one)
    atheris.Fuzz()


def _used() -> int:
    """Bytes of address space that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    work(float(sys.argv[1]), {name: Path(place) for name, _, place in (word.partition("=") for word in sys.argv[2:])})
