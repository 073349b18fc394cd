"""Inputs that grow by what they reach in hdrgen's own code: libFuzzer through atheris.

Each target runs in a process of its own, since libFuzzer ends the one it is in. An input that shows a finding is kept
and the run goes on; after a crash, or what libFuzzer calls a timeout or too much memory, it begins again.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.fuzz.expected import Finding, Findings, checked

ROOT = Path(__file__).resolve().parents[2]
ADDRESS_SPACE = 3 << 30
_LONGEST = 1 << 15
"""Bytes of an input."""
_RESTARTS = 20


def run(name: str, seconds: float, folder: Path) -> int:
    """Fuzz one target for a time; how many kinds of findings there are.

    Args:
        name: Of the target.
        seconds: In all.
        folder: For the corpus and the findings, which later runs go on from.
    """
    place = (folder / name.replace(" ", "_")).resolve()
    end = time.monotonic() + seconds
    for _ in range(_RESTARTS):
        left = int(end - time.monotonic())
        if left < 1:
            break
        command = [sys.executable, "-m", "benchmarks.fuzz.guided", name, str(left), str(place)]
        place.mkdir(parents=True, exist_ok=True)
        with (place / "log.txt").open("ab") as log:
            status = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False).returncode
        if status:
            _keep_crash(place, status)
    found = Findings(place).kinds
    for kind, about in found.items():
        print(f"{name}: {kind}: {about['message']} ({place / about['file']})", flush=True)
    print(f"{name}: {_executions(place)} inputs, {len(found)} kinds of findings", flush=True)
    return len(found)


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


def work(name: str, seconds: int, place: Path) -> None:
    """In this process, until the time is over; does not return."""
    import atheris

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import torch  # noqa: F401  # libraries first: only hdrgen's own code is to be watched

    with atheris.instrument_imports(include=["hdrgen"]):
        import hdrgen.api
        import hdrgen.camera
        import hdrgen.data
        import hdrgen.io
        import hdrgen.methods
        import hdrgen.reporting  # noqa: F401
        from benchmarks.fuzz.targets import TARGETS
    target, findings = TARGETS[name], Findings(place)
    corpus = place / "corpus"
    corpus.mkdir(exist_ok=True)
    for number, content in enumerate(target.seeds()):
        checked(target.read, content)
        if len(content) <= _LONGEST:
            (corpus / f"seed{number}").write_bytes(content)
    resource.setrlimit(resource.RLIMIT_AS, (_used() + ADDRESS_SPACE,) * 2)

    def one(content: bytes) -> None:
        try:
            checked(target.read, content)
        except Finding as finding:
            findings.add(finding, content)

    options = [f"-max_total_time={seconds}", "-timeout=20", f"-max_len={_LONGEST}", "-rss_limit_mb=4096"]
    atheris.Setup(["fuzz", *options, f"-artifact_prefix={place}/", "-print_final_stats=1", str(corpus)], one)
    atheris.Fuzz()


def _used() -> int:
    """Bytes of address space that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
