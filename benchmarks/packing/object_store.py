"""Packs rendered samples into an object store on this machine, trains on them with two processes, kills these, goes on.

What is counted: samples per second of packing, whether every sample came exactly once in the epoch that was killed and
resumed, memory of the training processes over the epoch, and samples per second from the store beside those from disk:
an epoch of each at the same time; that from the store begins with an empty cache that is smaller than the data.

    python -m benchmarks.packing.object_store --samples 20000 --folder scratch

The same command with `--go-on` goes on after an interruption: what is done stands in the folder's `done.json`, and the
shards that were written lie in `disk`, from which a new store gets them back.

Needs the extra `stream`, and of the extra `test` the object store (moto) with flask.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytorch_lightning as pl
import scipy.stats
import torch
from pytorch_lightning.callbacks import ModelCheckpoint

from benchmarks.shared.environment import print_environment
from hdrgen.camera import Gamma
from hdrgen.data import (
    ExposureStackDataModule,
    PackedStacks,
    Packing,
    RenderedStacks,
    StackCamera,
    check_packed,
    pack,
)
from hdrgen.data.shards.manifest import INDEX, MANIFEST, PLAN
from hdrgen.data.shards.storage import Storage
from hdrgen.io import write_image

PANORAMAS, SIDE, PROCESSES = 10, 32, 2
ADDRESS = "s3://packed/rendered"
SHARDS = 30
"""About, whatever the number of samples."""
MIB = 2**20
DONE = "done.json"


class Step(pl.LightningModule):
    """Notes what it gets, step by step, and learns next to nothing."""

    def __init__(self, notes: str | None) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.notes = notes
        self.times: list[float] = []

    def on_train_start(self) -> None:
        """Open the file of notes; the processes know each other, and nothing is read yet."""
        self.times.append(time.time())
        self.work = time.process_time()
        if self.notes:
            self.file = Path(f"{self.notes}.{self.global_rank}").open("a", buffering=1)  # noqa: SIM115 (until killed)

    def training_step(self, batch: Any, index: int) -> torch.Tensor:
        """Note scenes and memory."""
        self.times.append(time.time())
        if self.notes:
            memory = psutil.Process().memory_info().rss // MIB
            self.file.write(json.dumps([self.global_step, memory, batch["scene"]]) + "\n")
        return (self.weight - batch["ldr"].mean()) ** 2

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Any."""
        return torch.optim.SGD(self.parameters(), 0.1)


def train(arguments: argparse.Namespace) -> None:
    """One epoch; the process of rank 0 prints its processor time and clock from before the first sample on."""
    data = ExposureStackDataModule(
        PackedStacks(arguments.train),
        batch_size=arguments.batch,
        num_workers=arguments.workers,
        cache=arguments.cache,
        cache_gib=arguments.cache_gib,
    )
    saving = [ModelCheckpoint(arguments.checkpoints, "{step}", every_n_train_steps=arguments.every, save_top_k=-1)]
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=PROCESSES,
        strategy="ddp",
        max_epochs=1,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=bool(arguments.checkpoints),
        callbacks=saving if arguments.checkpoints else [],
    )
    model = Step(arguments.notes)
    trainer.fit(model, data, ckpt_path=arguments.go_on_from, weights_only=True if arguments.go_on_from else None)
    if trainer.is_global_zero:
        work = time.process_time() - model.work
        print(json.dumps({"work": work, "batch": arguments.batch, "clock": model.times}))


def started(*options: str) -> subprocess.Popen[str]:
    """The training as a group of processes of its own."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "MASTER_PORT": str(free_port())}
    command = [sys.executable, "-m", "benchmarks.packing.object_store", *options]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate()
    if process.returncode:
        raise SystemExit(err)
    told: dict[str, Any] = json.loads(out.splitlines()[-1])
    return told


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def object_store(folder: Path) -> subprocess.Popen[bytes]:
    """The server of moto in a process of its own, with a bucket; the variables that say where it is.

    It keeps what it holds in temporary files, which go with it.
    """
    port = free_port()
    command = [sys.executable, "-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", str(port)]
    (folder / "spool").mkdir(exist_ok=True)
    own = {**os.environ, "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": "65536", "TMPDIR": str(folder / "spool")}
    server = subprocess.Popen(command, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.environ |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ |= {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    import s3fs

    for _ in range(200):
        try:
            s3fs.S3FileSystem(skip_instance_cache=True).mkdir("packed")
            return server
        except OSError:
            time.sleep(0.5)
    raise SystemExit("the object store did not answer")


def rendered(folder: Path, samples: int) -> RenderedStacks:
    """Views of panoramas of smooth noise over 16 stops, three exposures each."""
    noise = np.random.default_rng(0)
    for number in range(PANORAMAS):
        coarse = torch.from_numpy(noise.uniform(-8, 8, (1, 3, 16, 32)))
        radiance = torch.nn.functional.interpolate(coarse, (128, 256), mode="bicubic")[0].exp2()
        write_image(folder / f"panorama_{number}.exr", radiance.permute(1, 2, 0).float().numpy())
    camera = StackCamera(evs=(-2.0, 0.0, 2.0), curves=[Gamma(2.2)])
    return RenderedStacks(str(folder), SIDE, views=samples // PANORAMAS, camera=camera)


def copied(source: Storage, destination: Storage) -> None:
    """Copy what the destination has not: the plan first, lists after their shards, the manifest last."""
    there, last = destination.sizes(), [INDEX, MANIFEST]
    for name in sorted(source.sizes().keys() - there.keys(), key=lambda name: (name != PLAN, name in last, name[::-1])):
        destination.write(name, source.read(name) or b"")


def packing(folder: Path, samples: int, jobs: int, done: dict[str, Any]) -> None:
    """Pack what is not packed yet, and put a copy of every shard on the disk."""
    scenes, disk, store = rendered(folder / "panoramas", samples), Storage(folder / "disk"), Storage(ADDRESS)
    copied(disk, store)
    begun = time.perf_counter(), time.process_time()

    def note(line: str) -> None:
        """Of a shard, when it is written."""
        nonlocal begun
        spent = time.perf_counter() - begun[0], time.process_time() - begun[1]
        done["packing"] = [old + new for old, new in zip(done.get("packing", (0, 0)), spent, strict=True)]
        print(line, flush=True)
        copied(store, disk)
        save(folder, done)
        begun = time.perf_counter(), time.process_time()

    shard_mib = max(0.1, 0.0185 * samples / SHARDS)  # of 18.5 KB
    packed = pack(scenes, ADDRESS, {"samples": samples}, Packing(jobs=jobs, shard_mib=shard_mib), note)
    copied(store, disk)
    manifest = check_packed(ADDRESS)
    size = sum(shard["bytes"] for shard in manifest.shards)
    seconds, busy = done["packing"]
    rate = f"{packed.samples / seconds:.0f} samples/s with {jobs} further processes"
    rate += "" if jobs else f", {packed.samples / busy:.0f} by processor time"
    done["packed"] = f"packed {packed.samples} samples of {SIDE} x {SIDE} pixels, {size / MIB:.0f} MiB, "
    done["packed"] += f"{packed.shards} shards: {rate}"


def lines_of(notes: Path) -> list[tuple[int, int, list[str]]]:
    """What the processes noted; a line that was being written when they were killed is none."""
    lines = []
    for rank in range(PROCESSES):
        for line in Path(f"{notes}.{rank}").read_text(encoding="utf-8").splitlines():
            try:
                lines.append(tuple(json.loads(line)))
            except ValueError:
                continue
    return lines


def killed_and_resumed(folder: Path, samples: int, batch: int, common: list[str]) -> str:
    """What an epoch took that was killed at about 60 %, and begun again from its last checkpoint."""
    for path in [*folder.glob("notes.*"), *folder.glob("again.*"), *folder.glob("checkpoints/*")]:
        path.unlink()  # of an attempt that was interrupted
    steps = samples // PROCESSES // batch
    every = max(1, steps // 4)
    notes, checkpoints = folder / "notes", folder / "checkpoints"
    saved = [f"--train={ADDRESS}", f"--notes={notes}", f"--checkpoints={checkpoints}", f"--every={every}", *common]
    first = started(*saved)
    while not (checkpoint := checkpoints / f"step={2 * every}.ckpt").exists():
        if first.poll() is not None:
            raise SystemExit(first.communicate()[1])
        time.sleep(0.05)
    time.sleep(1)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    before = lines_of(notes)
    after_the_checkpoint = sum(step >= 2 * every for step, *_ in before)
    again = folder / "again"
    finished(started(f"--train={ADDRESS}", f"--notes={again}", f"--go-on-from={checkpoint}", *common))
    taken = [scene for step, _, scenes in before if step < 2 * every for scene in scenes]
    taken += [scene for _, _, scenes in lines_of(again) for scene in scenes]
    counts = Counter(Counter(taken).values())
    told = [f"killed {after_the_checkpoint // PROCESSES} steps after the checkpoint at step {2 * every} of {steps}"]
    expected = steps * batch * PROCESSES
    told += [f"resumed: {len(set(taken))} of {expected} different samples came, by how often each: {dict(counts)}"]
    memory: dict[int, int] = {}
    for step, used, _ in lines_of(again):
        memory[step] = max(used, memory.get(step, 0))
    used = [memory[step] for step in sorted(memory)]
    eighth = len(used) // 8
    early, late = max(used[eighth : 2 * eighth]), max(used[-eighth:])
    told += [f"memory of a process: {early} MiB in the second eighth of the steps, {late} MiB in the last"]
    return "\n".join(told)


def epochs(folder: Path, repeats: int, common: list[str], done: dict[str, Any]) -> None:
    """Epochs from disk and from the store, both at once, as what else the machine does would part them otherwise."""
    places = {"disk": str(folder / "disk"), "store": ADDRESS}
    measured: list[dict[str, dict[str, Any]]] = done.setdefault("epochs", [])
    while len(measured) < repeats:
        shutil.rmtree(folder / "cache", ignore_errors=True)
        both = {place: started(f"--train={address}", *common) for place, address in places.items()}
        measured.append({place: finished(process) for place, process in both.items()})
        save(folder, done)
        print(compared(measured[-1:]), flush=True)


def compared(measured: list[dict[str, dict[str, Any]]]) -> str:
    """Rates over the time in which both read, and processor time of a whole epoch."""
    rates: dict[str, list[float]] = {"disk": [], "store": []}
    for both in measured:
        clocks = {place: both[place]["clock"] for place in rates}
        begin, end = max(clock[0] for clock in clocks.values()), min(clock[-1] for clock in clocks.values())
        for place, clock in clocks.items():
            steps = sum(begin < time <= end for time in clock)
            rates[place].append(steps * both[place]["batch"] * PROCESSES / (end - begin))
    ratios = [store / disk for store, disk in zip(rates["store"], rates["disk"], strict=True)]
    working = [both["disk"]["work"] / both["store"]["work"] for both in measured]
    disk, far = (statistics.median(rates[place]) for place in rates)
    work = {place: statistics.median(both[place]["work"] for both in measured) for place in rates}
    return (
        f"samples/s: {disk:.0f} from disk, {far:.0f} from the store at the same time; store / disk:"
        f" {told(ratios)}\n"
        f"processor time of one process: {work['disk']:.1f} s from disk, {work['store']:.1f} s from the store; samples"
        f" per processor second, store / disk: {told(working)}"
    )


def told(ratios: list[float]) -> str:
    """Median, mean with an interval that holds it in 95 of 100 such measurements (Student's t), and all of them."""
    said = f"median {statistics.median(ratios):.3f}"
    if len(ratios) > 1:
        reach = scipy.stats.t.ppf(0.975, len(ratios) - 1) * statistics.stdev(ratios) / len(ratios) ** 0.5
        mean = statistics.fmean(ratios)
        said += f", mean {mean:.3f} [{mean - reach:.3f}, {mean + reach:.3f}]"
    return f"{said}, of {', '.join(f'{ratio:.2f}' for ratio in ratios)}"


def save(folder: Path, done: dict[str, Any]) -> None:
    """Note what is done, so that an interrupted command can go on."""
    Storage(folder).write(DONE, json.dumps(done, indent=1).encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--folder", type=Path, default=Path("packing"), help="for data and checkpoints; replaced")
    parser.add_argument("--go-on", action="store_true", help="from where the same command was interrupted")
    parser.add_argument("--jobs", type=int, default=0, help="processes that pack, besides this one")
    parser.add_argument("--batch", type=int, default=32, help="of each process of the training")
    parser.add_argument("--workers", type=int, default=0, help="that load samples, for each process of the training")
    parser.add_argument("--repeats", type=int, default=3, help="epochs from the store and from disk, at once")
    for hidden in ("--train", "--notes", "--checkpoints", "--cache", "--go-on-from"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--every", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--cache-gib", type=float, default=50.0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.train:
        return train(arguments)
    folder: Path = arguments.folder.absolute()
    if not arguments.go_on:
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "panoramas").mkdir(parents=True)
    done: dict[str, Any] = json.loads(Storage(folder).read(DONE) or b"{}")
    print_environment()
    store = object_store(folder)
    try:
        if "packed" not in done:
            packing(folder, arguments.samples, arguments.jobs, done)
        copied(Storage(folder / "disk"), Storage(ADDRESS))
        print(done["packed"], flush=True)
        total = sum(size for name, size in Storage(folder / "disk").sizes().items() if name.endswith(".tar"))
        room = 0.5 * total / 2**30
        cache = ["--cache", str(folder / "cache"), "--cache-gib", str(room), "--workers", str(arguments.workers)]
        cache += ["--batch", str(arguments.batch)]
        print(f"cache of {room * 1024:.0f} MiB, which holds half of the data")
        if "resumed" not in done:
            done["resumed"] = killed_and_resumed(folder, arguments.samples, arguments.batch, cache)
        save(folder, done)
        print(done["resumed"], flush=True)
        epochs(folder, arguments.repeats, cache, done)
        if done["epochs"]:
            print(compared(done["epochs"]))
    finally:
        store.terminate()
        store.wait()


if __name__ == "__main__":
    main()
