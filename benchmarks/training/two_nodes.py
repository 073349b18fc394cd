"""Trains on two hosts that are network namespaces of this machine, with a wire between them, and compares the weights.

Each host has its own name, addresses and loopback, and sees nothing of the other but what comes over the wire, as two
machines would; only the disk is shared. DistributedDataParallel by gloo, one process for each host, started in the ways
of `docs/multi_gpu.md`: `torchrun` with the address of the first host, `torchrun` with a rendezvous, and SLURM's
environment, as `srun` sets it. The same scenes, seed and batch as one process that trains alone. `--dead` ends the
process of the second host in the middle, and measures how long the first one takes to end, too.

Making namespaces needs root and `ip` (iproute2), on Linux. Prints a Markdown table.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from benchmarks.shared.environment import print_environment

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = ("10.181.0.1", "10.181.0.2")
NAMES = ("node1", "node2")
PORT = 29500
METHOD = ("--model=ExpandNet", "--model.channels=8", "--model.global_size=64")
SCENES = ("--data.train=ProceduralScenes", "--data.train.size=64", "--data.train.count=8")
PLAIN = ("--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false")
BATCH = 4
SECONDS = 300
ENTER = 'hostname "$1" && mount --bind "$2" /etc/hosts && shift 2 && exec "$@"'
"""Within a namespace: the host's name, and those that it knows."""


class KeptWeights(Callback):
    """Writes each process's weights, and the name of its host, when the training ends.

    Args:
        folder: Where to.
        dies: Whether the last process ends by SIGKILL after the first step.
    """

    def __init__(self, folder: str, dies: bool = False) -> None:
        self.folder, self.dies = Path(folder), dies

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """Leave the others alone, where that is asked for."""
        if self.dies and trainer.global_rank == trainer.world_size - 1:
            (self.folder / "died").write_text(str(time.time()))
            os.kill(os.getpid(), signal.SIGKILL)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write them."""
        kept = {"weights": pl_module.state_dict(), "host": os.uname().nodename, "steps": trainer.global_step}
        torch.save(kept, self.folder / f"rank{trainer.global_rank}.pt")


class Hosts:
    """Two namespaces and the wire between them, for as long as this is open.

    Raises:
        OSError: They cannot be made.
    """

    def __init__(self) -> None:
        self._spaces = [f"hdrgen-{os.getpid()}-{name}" for name in NAMES]
        self._closing = ExitStack()
        self._names = Path(self._closing.enter_context(tempfile.TemporaryDirectory())) / "hosts"

    def __enter__(self) -> Self:
        try:
            self._connect()
        except OSError:
            self._closing.close()
            raise
        return self

    def _connect(self) -> None:
        lines = ["127.0.0.1 localhost", *(f"{a} {name}" for a, name in zip(ADDRESSES, NAMES, strict=True))]
        self._names.write_text("\n".join(lines) + "\n")
        for space in self._spaces:
            _ip("netns", "add", space)
            self._closing.callback(_ip, "netns", "del", space)
        first, second = self._spaces
        _ip("link", "add", "wire", "netns", first, "type", "veth", "peer", "name", "wire", "netns", second)
        for space, address in zip(self._spaces, ADDRESSES, strict=True):
            _ip("-n", space, "address", "add", f"{address}/24", "dev", "wire")
            for device in ("wire", "lo"):
                _ip("-n", space, "link", "set", device, "up")

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def start(self, host: int, command: Sequence[str], **environment: str) -> subprocess.Popen[str]:
        """A command on one of the hosts."""
        outside = ["ip", "netns", "exec", self._spaces[host], "unshare", "--uts", "sh", "-c", ENTER, "sh"]
        return subprocess.Popen(
            [*outside, NAMES[host], str(self._names), *command],
            cwd=ROOT,
            env=clean_environment() | {"GLOO_SOCKET_IFNAME": "wire"} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def clean_environment() -> dict[str, str]:
    """This environment, in which no launcher has left anything; a thread for each process."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "MASTER_", "TORCHELASTIC"))
    }
    return kept | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


# -- the ways to start -----------------------------------------------------------------------------------------------


def torchrun(host: int, fit: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """With the address of the first host."""
    there = [f"--node-rank={host}", f"--master-addr={NAMES[0]}", f"--master-port={PORT}"]
    return [*_torchrun(*there), *fit], {}


def rendezvous(host: int, fit: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """With a rendezvous, that gives out the ranks."""
    there = ["--rdzv-backend=c10d", f"--rdzv-endpoint={NAMES[0]}:{PORT}", "--rdzv-id=hdrgen"]
    return [*_torchrun(*there), *fit], {}


def slurm(host: int, fit: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """As a task of `srun`."""
    every = {"JOB_ID": 1234, "JOB_NAME": "hdrgen", "NTASKS": 2, "NTASKS_PER_NODE": 1, "NNODES": 2}
    own = {"PROCID": host, "NODEID": host, "LOCALID": 0, "NODELIST": "node[1-2]", "JOB_NODELIST": "node[1-2]"}
    return [sys.executable, "-m", "hdrgen", *fit], {
        f"SLURM_{name}": str(value) for name, value in (every | own).items()
    }


def _torchrun(*there: str) -> list[str]:
    return [sys.executable, "-m", "torch.distributed.run", "--nnodes=2", "--nproc-per-node=1", *there, "-m", "hdrgen"]


WAYS = {"torchrun": torchrun, "torchrun, rendezvous": rendezvous, "SLURM": slurm}


# -- trainings -------------------------------------------------------------------------------------------------------


def fit(folder: Path, processes: int, epochs: int, optimizer: str, *more: str) -> list[str]:
    """The words of a training that keeps its weights in a folder; the batch of all processes together is the same."""
    folder.mkdir(parents=True)
    kept = ["--trainer.callbacks+=benchmarks.training.two_nodes.KeptWeights", f"--trainer.callbacks.folder={folder}"]
    steps = [
        f"--data.batch_size={BATCH // processes}",
        f"--trainer.max_epochs={epochs}",
        f"--model.optimizer={optimizer}",
    ]
    return [
        "fit",
        *METHOD,
        *SCENES,
        *PLAIN,
        *steps,
        "--model.optimizer.lr=0.001",
        *kept,
        *more,
        "-o",
        str(folder / "runs"),
    ]


def alone(folder: Path, epochs: int, optimizer: str) -> dict[str, Tensor]:
    """The weights of one process."""
    command = [sys.executable, "-m", "hdrgen", *fit(folder, 1, epochs, optimizer)]
    begun = subprocess.Popen(
        command, cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    ended([begun])
    weights: dict[str, Tensor] = kept_by(folder)[0]["weights"]
    return weights


def both(hosts: Hosts, way: str, folder: Path, epochs: int, optimizer: str, dead: bool = False) -> list[int]:
    """Train on both hosts; the statuses of what was started there."""
    spread = ["--trainer.num_nodes=2", "--trainer.devices=1", "--trainer.strategy=ddp"]
    words = fit(folder, 2, epochs, optimizer, *spread, *["--trainer.callbacks.dies=true"] * dead)
    begun = []
    for host in range(2):
        command, environment = WAYS[way](host, words)
        begun.append(hosts.start(host, command, **environment))
    return ended(begun, dead)


def ended(begun: Sequence[subprocess.Popen[str]], dead: bool = False) -> list[int]:
    """The statuses of processes, once all have ended.

    Raises:
        RuntimeError: One failed, unless one was to die; with what all said.
    """
    said = outputs_of(begun)
    statuses = [status for status, _ in said]
    if any(statuses) and not dead:
        raise RuntimeError("\n".join([f"ended with {statuses}", *(output for _, output in said)]))
    return statuses


def outputs_of(begun: Sequence[subprocess.Popen[str]]) -> list[tuple[int, str]]:
    """Status and output of processes, once all have ended; none outlives this."""
    try:
        said = [process.communicate(timeout=SECONDS)[0] for process in begun]
    finally:
        for process in begun:
            process.kill()
    return [(process.returncode, output) for process, output in zip(begun, said, strict=True)]


def kept_by(folder: Path) -> list[dict[str, Any]]:
    """What the processes kept, by rank."""
    return [torch.load(path, weights_only=True) for path in sorted(folder.glob("rank*.pt"))]


def difference(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    """The largest between two states, relative to the largest number of each tensor."""
    return max(float((one[name] - other[name]).abs().max() / one[name].abs().max().clamp_min(1e-30)) for name in one)


def missing() -> str:
    """What namespaces need and this machine has not; empty where it has all."""
    if not sys.platform.startswith("linux"):
        return "Linux"
    if os.geteuid():
        return "root"
    return "" if shutil.which("ip") and shutil.which("unshare") else "ip (iproute2) and unshare (util-linux)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="of starting (all)")
    parser.add_argument("--epochs", type=int, default=3, help="of two steps (%(default)s)")
    parser.add_argument("--optimizer", default="Adam", help="of torch (%(default)s)")
    parser.add_argument("--dead", action="store_true", help="end the process of the second host after the first step")
    options = parser.parse_args()
    tell = tell_of_death if options.dead else compare
    return on_hosts("benchmarks.training.two_nodes", lambda hosts, folder: tell(hosts, folder, options))


def on_hosts(program: str, work: Callable[[Hosts, Path], int]) -> int:
    """What a program does on two hosts and in a folder, its status; 0 and a line where there can be no hosts."""
    if needed := missing():
        print(f"{program}: network namespaces need {needed}; nothing was run")
        return 0
    with ExitStack() as open_things:
        try:
            hosts = open_things.enter_context(Hosts())
        except OSError as error:  # a container's root may make no namespaces
            print(f"{program}: no network namespaces here ({error}); nothing was run")
            return 0
        print_environment()
        return work(hosts, Path(open_things.enter_context(tempfile.TemporaryDirectory(prefix="two_nodes_"))))


def compare(hosts: Hosts, folder: Path, options: argparse.Namespace) -> int:
    """Train in each way, and print a row for it."""
    one = alone(folder / "one", options.epochs, options.optimizer)
    print(
        "| started by | hosts | steps | ranks equal | largest difference from one process | seconds |\n|" + "---|" * 6
    )
    for number, way in enumerate(options.ways):
        start = time.perf_counter()
        both(hosts, way, folder / str(number), options.epochs, options.optimizer)
        kept = kept_by(folder / str(number))
        names = ", ".join(each["host"] for each in kept)
        equal = all(torch.equal(kept[0]["weights"][name], kept[1]["weights"][name]) for name in one)
        apart = difference(one, kept[0]["weights"])
        took = time.perf_counter() - start
        print(
            f"| {way} | {names} | {kept[0]['steps']} | {'yes' if equal else 'NO'} | {apart:.1e} | {took:.0f} |",
            flush=True,
        )
    return 0


def tell_of_death(hosts: Hosts, folder: Path, options: argparse.Namespace) -> int:
    """How long the other host takes to end."""
    print("| started by | status of node1, node2 | seconds until both have ended |\n|---|---|---|")
    for number, way in enumerate(options.ways):
        statuses = both(hosts, way, folder / str(number), options.epochs, options.optimizer, dead=True)
        took = time.time() - float((folder / str(number) / "died").read_text())
        print(f"| {way} | {statuses[0]}, {statuses[1]} | {took:.1f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
