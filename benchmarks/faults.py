"""Every verb under every fault: its exit status, one line on stderr, nothing half-written, and what was finished kept.

Faults: SIGTERM and SIGINT (when the first result is being written, and after parts of the time that the verb takes), a
full disk (a limit on the size of files; of verbs that write none, /dev/full as the output), a folder that cannot be
written, data that vanish after they have been listed, NaN in the data (in the training of `fit`), and, for `fit` and
`test` on two processes, one of them killed.

Each verb runs in a process of its own, forked from this one, which has imported everything; on Linux. Prints a Markdown
table, one row for each verb and fault, and fails where something is not as it should be. `--verb` and `--fault` choose.
"""

import argparse
import csv
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import yaml

from benchmarks.shared.fault_cases import CASES, FIT, evaluated
from benchmarks.shared.forks_with_faults import (
    Run,
    apart,
    at_first_write,
    closed,
    forked,
    full,
    full_output,
    vanishing,
    waited,
    write_unchecked,
)
from hdrgen.cli.main import VERBS
from hdrgen.data import write_stack
from hdrgen.io import read_image, write_image
from tests.commands.brackets import write_bracket
from tests.toys import ToyMethod, ToyScenes

PARTS = (0.3, 0.6, 0.9)
"""Of the time that a verb takes: when it gets a signal."""
OWN = {"PYTHONPATH": str(Path(__file__).resolve().parents[1]), "GLOO_SOCKET_IFNAME": "lo"}
"""Of the environment of commands that are started anew."""
ENDS = ("hdrgen: error", "hdrgen: terminated", "hdrgen: interrupted")
IMAGES = (".exr", ".hdr", ".png", ".jpg", ".tif")


def prepare(folder: Path) -> None:
    """All that the verbs read."""
    os.chdir(folder)
    for index in range(3):
        write_stack(ToyScenes(size=32)[index], f"scenes/toy{index}")
        pixels = np.linspace(0.05, 1 + index, 3 * 48 * 64, dtype=np.float32).reshape(48, 64, 3)
        write_image(Path(f"photos/{index}.png"), (pixels / pixels.max()).astype(np.float32))
        write_image(Path(f"radiance/{index}.exr"), pixels)
    pixels[3, 4] = np.nan
    write_unchecked("bad.exr", pixels)
    write_bracket(Path("room"))
    assert forked([*FIT, "-o=trained"]).status == 0
    (last,) = Path("trained").rglob("last.ckpt")
    shutil.copy(last, "weights.ckpt")
    content = torch.load(last, weights_only=True)
    torch.save(content | {"state_dict": {n: v * float("nan") for n, v in content["state_dict"].items()}}, "nan.ckpt")
    shutil.copytree(last.parents[1], "run")
    for name in "ab":
        assert forked([*evaluated("test", "test"), f"-o=results/{name}"]).status == 0
    for path in folder.rglob("*"):
        path.chmod(0o755)


# -- what is expected ------------------------------------------------------------------------------------------------


def faulty(path: Path) -> str:
    """What is wrong with a file that was left; empty for nothing."""
    try:
        if path.name.startswith("."):
            return "temporary"
        if path.suffix in IMAGES:
            read_image(path)
        elif path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".yaml":
            yaml.safe_load(path.read_text())
        elif path.suffix == ".ckpt":
            torch.load(path, weights_only=True)
        elif path.suffix == ".csv":
            rows = list(csv.reader(path.open()))
            assert path.read_text().endswith("\n"), "no end"
            assert len({len(row) for row in rows}) == 1, "rows of several lengths"
        elif path.suffix == ".html":
            assert path.read_text().rstrip().endswith("</html>"), "no end"
    except Exception as error:
        return repr(error)[:80]
    return ""


def left() -> list[str]:
    """The files below `out`."""
    return sorted(str(path) for path in Path("out").rglob("*") if path.is_file()) if Path("out").exists() else []


class Row(NamedTuple):
    """What is printed of one verb and fault."""

    verb: str
    fault: str
    status: str
    lines: int
    files: str
    word: str
    wrong: str
    told: list[str]


def judged(verb: str, fault: str, runs: list[tuple[Run, list[str], list[str]]], expected: set[int], most: int) -> Row:
    """A row, of all the times that a fault was tried, and what is wrong in it."""
    wrong = []
    for run, _, spoilt in runs:
        ours = ending(run)
        wrong += [f"status {run.status}"] * (run.status not in expected)
        wrong += [f"{len(ours)} lines"] * (run.status != 0 and len(ours) != 1)
        wrong += ["traceback"] * any("Traceback" in line for line in run.told)
        wrong += spoilt
    last = [line for run, *_ in runs for line in ending(run)]
    return Row(
        verb,
        fault,
        "/".join(str(run.status) for run, *_ in runs),
        max(len(ending(run)) for run, *_ in runs),
        f"{'/'.join(str(len(files)) for _, files, _ in runs)} of {most}",
        last[0].removeprefix("hdrgen: ") if last else "",
        "; ".join(dict.fromkeys(wrong)),
        [line for run, *_ in runs for line in run.told],
    )


def ending(run: Run) -> list[str]:
    """The lines that say why a verb ended; warnings of single files are others."""
    return [line for line in run.told if line.startswith(ENDS)]


def tried(arguments: list[str], **how: object) -> tuple[Run, list[str], list[str]]:
    """Run a verb with nothing in its place, and look at what it left."""
    shutil.rmtree("out", ignore_errors=True)
    run = forked(arguments, **how)  # type: ignore[arg-type]
    files = left()
    return run, files, apart(partial(spoilt_of, files))


def spoilt_of(files: list[str]) -> list[str]:
    """What is wrong with some files, by their names."""
    return [f"{path}: {why}" for path in files if (why := faulty(Path(path)))]


def rows_of(verb: str, faults: list[str]) -> Iterator[Row]:
    """Try one verb under each fault."""
    case = CASES[verb]
    whole, files, spoilt = tried(case.arguments)
    assert whole.status == 0, whole.told
    assert not spoilt, spoilt
    most = len(files)
    for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        if number.name in faults:
            first = [{"fault": partial(at_first_write, partial(signal.raise_signal, number))}] if case.writes else []
            late = [{"after": (part * whole.seconds, number)} for part in PARTS]
            runs = [tried(case.arguments, **how) for how in [*first, *late]]
            # What is done before the signal comes is done. Early, a light verb may not have begun to listen.
            yield judged(verb, number.name, runs, {0, status}, most)
    if "full disk" in faults:
        fault = partial(full, 64) if case.writes else full_output
        yield judged(verb, "full disk", [tried(case.arguments, fault=fault)], {2}, most)
    if "read-only" in faults and case.writes:
        yield judged(verb, "read-only folder", [tried(case.arguments, fault=closed)], {2}, most)
        Path().chmod(0o755)
    if "vanished" in faults and case.files:
        shutil.rmtree("../copy", ignore_errors=True)
        shutil.copytree(".", "../copy", ignore=shutil.ignore_patterns("out"))
        runs = [tried(case.arguments, fault=partial(vanishing, case.files))]
        shutil.copytree("../copy", ".", dirs_exist_ok=True)
        # A page of what is left is no failure: a line names what is not.
        yield judged(verb, "vanished data", runs, {0 if verb in ("report", "leaderboard") else 2}, most)
    if "NaN" in faults and case.bad:
        yield judged(verb, "NaN", [tried(case.bad)], {2}, most)


# -- two processes ---------------------------------------------------------------------------------------------------


def dead_rank(verb: str, rank: int) -> Row:
    """Kill one of two processes of a run, once both of them work."""
    shutil.rmtree("out", ignore_errors=True)
    endless = (
        ["--trainer.max_epochs=100000"]
        if verb == "fit"
        else ["--data.test=tests.toys.ToyScenes", "--data.test.count=200000"]
    )
    two = ["--trainer.devices=2", "--trainer.strategy=ddp"]
    hidden = ("MASTER_", "LOCAL_RANK", "NODE_RANK", "WORLD_SIZE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    command = [sys.executable, "-m", "hdrgen", *CASES[verb].arguments, *endless, *two]
    began = time.monotonic()
    with (
        Path("stderr").open("w") as told,
        subprocess.Popen(command, env=environment | OWN, stdout=subprocess.DEVNULL, stderr=told) as first,
    ):
        other, children = 0, Path(f"/proc/{first.pid}/task/{first.pid}/children")
        while not other or not working(verb, began):
            assert first.poll() is None, Path("stderr").read_text()
            other = int((children.read_text().split() or ["0"])[0])
            time.sleep(0.2)
        os.kill(other if rank else first.pid, signal.SIGKILL)
        status = first.wait(60)
        gone = waited(other)
    run = Run(status, Path("stderr").read_text().splitlines(), time.monotonic() - began)
    files = left()
    spoilt = apart(partial(spoilt_of, files))
    if not rank:  # nobody is left to remove what SIGKILL interrupts; its name begins with a dot
        spoilt = [each for each in spoilt if not each.endswith("temporary")]
    row = judged(verb, f"rank {rank} killed", [(run, files, spoilt)], {2} if rank else {-9}, len(files))
    return row._replace(wrong="; ".join(filter(None, [row.wrong, "" if gone else "the other process lives"])))


def working(verb: str, began: float) -> bool:
    """Whether a training has written a checkpoint; of a test, whether it has had time for it."""
    if verb == "fit":
        return any(Path("out").rglob("last.ckpt"))
    return time.monotonic() - began > 30


FAULTS = ["SIGTERM", "SIGINT", "full disk", "read-only", "vanished", "NaN", "dead rank"]


def table(verbs: list[str], faults: list[str]) -> int:
    """Print the rows as they come, and tell whether all is as it should be."""
    print("| verb | fault | status | lines | files left | the line |")
    print("|---|---|---|---|---|---|")
    wrong = 0
    for row in every(verbs, faults):
        print(
            f"| `{row.verb}` | {row.fault} | {row.status} | {row.lines} | {row.files} | {row.word[:100]} |", flush=True
        )
        if row.wrong:
            wrong += 1
            print(f"WRONG: {row.verb}, {row.fault}: {row.wrong}", file=sys.stderr, flush=True)
            print(*row.told, sep="\n", file=sys.stderr, flush=True)
    return int(wrong > 0)


def every(verbs: list[str], faults: list[str]) -> Iterator[Row]:
    for verb in verbs:
        yield from rows_of(verb, faults)
        if "dead rank" in faults and verb in ("fit", "test"):
            yield from (dead_rank(verb, rank) for rank in (1, 0))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verb", action="append", choices=CASES, help="only this one; may be repeated")
    parser.add_argument("--fault", action="append", choices=FAULTS, help="only this one; may be repeated")
    options = parser.parse_args()
    assert ToyMethod  # known by name
    for each in VERBS.values():
        importlib.import_module(each.module)
    os.umask(0o022)
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        work = Path(place) / "work"
        work.mkdir()
        apart(partial(prepare, work))
        os.chdir(work)
        sys.exit(table(options.verb or list(CASES), options.fault or FAULTS))
