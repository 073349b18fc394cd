"""How much memory this process may still take: of the machine, of its container or job, and of its own limit.

psutil knows the machine and the process; what a container (Docker, Kubernetes) or a job (SLURM) may take is a limit of
control groups, of which it knows nothing, and which the kernel keeps by ending the process.
"""

import math
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import NamedTuple

GROUPS = Path("/sys/fs/cgroup")
MEMBERSHIPS = Path("/proc/self/cgroup")


class _Names(NamedTuple):
    """The files of a control group: limit, usage, and the entry of `memory.stat` that could be given back at once."""

    limit: str
    usage: str
    cache: str


_VERSION_1 = _Names("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_VERSION_2 = _Names("memory.max", "memory.current", "inactive_file")


def free_memory() -> int:
    """Bytes that this process can take before others move to the disk, or the system or itself ends it."""
    import psutil  # not before it is needed: most photographs are small

    limits = [float(psutil.virtual_memory().available), *_of_groups(), _of_address_space(psutil.Process())]
    return max(0, int(min(limits)))


def _of_groups() -> Iterator[float]:
    """What is left of the limit of each control group that this process is in, and of those around it."""
    memberships = ""
    with suppress(OSError, UnicodeError):
        memberships = MEMBERSHIPS.read_text()
    for line in memberships.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            yield from _of_group_and_parents(GROUPS, path, _VERSION_2)
        elif "memory" in controllers.split(","):
            yield from _of_group_and_parents(GROUPS / "memory", path, _VERSION_1)


def _of_group_and_parents(root: Path, path: str, names: _Names) -> Iterator[float]:
    """Within a container the path may be that of the host, which is not there: its own group is then the root."""
    inner = PurePosixPath(path.lstrip("/"))
    for group in (inner, *inner.parents):
        if ".." not in group.parts:
            yield _left(root / group, names)


def _left(group: Path, names: _Names) -> float:
    """Bytes; infinite where there is no limit, or none to be read."""
    try:
        limit, usage = (group / names.limit).read_text(), (group / names.usage).read_text()
        return int(limit) - int(usage) + _cached(group, names)
    except (OSError, ValueError):  # "max" is no number
        return math.inf


def _cached(group: Path, names: _Names) -> int:
    """Bytes of files that were read and are not in use; 0 where that is not told."""
    with suppress(OSError, ValueError):
        entries = dict(line.split(maxsplit=1) for line in (group / "memory.stat").read_text().splitlines())
        return int(entries.get(names.cache, 0))
    return 0


def _of_address_space(process: object) -> float:
    """What `ulimit -v` leaves, which allocations fail beyond."""
    try:
        import resource  # Windows has none
    except ImportError:
        return math.inf
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return math.inf
    return limit - int(process.memory_info().vms)  # type: ignore[attr-defined]
