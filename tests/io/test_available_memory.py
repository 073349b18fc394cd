"""Free memory is that of the machine, of the container or job, and of the process's own limit: the least of them."""

import sys

import pytest

from hdrgen.io import available_memory
from hdrgen.io.available_memory import free_memory

GB = 10**9


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """`groups(memberships, **files)`: control groups as Linux shows them, on a machine with 100 GB."""
    import psutil

    def lay_out(memberships: str, files: dict[str, object]) -> None:
        (tmp_path / "memberships").write_text(memberships)
        for name, content in files.items():
            path = tmp_path / "groups" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{content}\n")

    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 100 * GB}))
    monkeypatch.setattr(available_memory, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(available_memory, "MEMBERSHIPS", tmp_path / "memberships")
    return lay_out


def test_a_container_of_version_2(groups):
    """Docker and Kubernetes: the group is the root of what the container sees; files that were read can be given up."""
    stat = f"anon {GB}\ninactive_file {GB}\nactive_file 5"
    groups("0::/\n", {"memory.max": 8 * GB, "memory.current": 3 * GB, "memory.stat": stat})
    assert free_memory() == 6 * GB


def test_a_group_without_a_limit(groups):
    groups("0::/user.slice\n", {"user.slice/memory.max": "max", "user.slice/memory.current": 3 * GB})
    assert free_memory() == 100 * GB


def test_a_limit_of_a_group_around_it(groups):
    """SLURM sets the job's, and the step within it has none."""
    job, step = "system.slice/slurm/job_7", "system.slice/slurm/job_7/step_0/user/task_0"
    limits = {f"{job}/memory.max": 4 * GB, f"{step}/memory.max": "max"}
    groups(f"0::/{step}\n", limits | {f"{job}/memory.current": GB, f"{step}/memory.current": GB})
    assert free_memory() == 3 * GB


def test_a_job_of_version_1(groups):
    job = "memory/slurm/uid_0/job_7"
    stat = f"inactive_file 1\ntotal_inactive_file {GB // 2}"
    files = {f"{job}/memory.limit_in_bytes": 2 * GB, f"{job}/memory.usage_in_bytes": GB, f"{job}/memory.stat": stat}
    files |= {"memory/memory.limit_in_bytes": 9223372036854771712, "memory/memory.usage_in_bytes": 50 * GB}
    groups("5:cpu,cpuacct:/slurm\n4:memory:/slurm/uid_0/job_7/step_0\n0::/\n", files)
    assert free_memory() == GB + GB // 2


def test_a_container_of_version_1_whose_path_is_that_of_the_host(groups):
    files = {"memory/memory.limit_in_bytes": 2 * GB, "memory/memory.usage_in_bytes": GB}
    groups("4:memory:/docker/0123456789abcdef\n", files)
    assert free_memory() == GB


def test_more_than_the_limit_leaves_nothing(groups):
    groups("0::/\n", {"memory.max": GB, "memory.current": 2 * GB})
    assert free_memory() == 0


@pytest.mark.parametrize("memberships", ["", "nonsense", "4:memory", "0::/../../outside\n", "0::/gone\n"])
def test_what_cannot_be_read_limits_nothing(groups, memberships):
    groups(memberships, {"memory.max": "?", "memory.current": "?"})
    assert free_memory() == 100 * GB


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limits")
def test_the_limit_of_the_process(groups, monkeypatch):
    """`ulimit -v`."""
    import resource

    import psutil

    groups("", {})
    taken = psutil.Process().memory_info().vms
    monkeypatch.setattr(resource, "getrlimit", lambda what: (taken + GB, taken + 2 * GB))
    assert free_memory() == pytest.approx(GB, abs=GB / 4)


@pytest.mark.parametrize("stat", ["", "anon", "inactive_file much", "active_file 7"])
def test_without_a_number_of_files_that_were_read_none_can_be_given_up(groups, stat):
    groups("0::/\n", {"memory.max": 8 * GB, "memory.current": 3 * GB, "memory.stat": stat})
    assert free_memory() == 5 * GB
