"""Expands photographs, and tests, on the two hosts of `benchmarks.training.two_nodes`, namespaces of this machine.

Both hosts are given the same folder of photographs, of which one is damaged, and the same folder for results. Told are
which host made how many, how many were made twice or never, whether all results are those of one process to the last
bit, who named the damaged photograph, and the statuses; then, with that photograph mended, what the same commands with
`--skip-existing` still make. `hdrgen test` likewise: scenes scored twice or never, and the largest difference from the
scores of one process.

Making namespaces needs root and `ip` (iproute2), on Linux. Prints two Markdown tables.
"""

import argparse
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.training.two_nodes import PLAIN, ROOT, WAYS, Hosts, clean_environment, on_hosts, outputs_of
from hdrgen.cli.method_table import read_rows
from hdrgen.io import read_image, write_image

SPREAD = ("--trainer.num_nodes=2", "--trainer.devices=1", "--trainer.strategy=ddp")
WEIGHTS = "--weights=inverse_camera"
PHOTOGRAPHS, SIDES = 9, (48, 64)
DAMAGED = "photo_4"
SCENES = ("--data.test=ProceduralScenes", "--data.test.size=48", "--data.test.count=5", "--evaluation=quick")
MADE = re.compile(r"^(?:\[rank\d\]: ?)?(\S+): \d+ files in ", re.MULTILINE)
"""What `predict` prints of each photograph that it has written."""
Said = list[tuple[int, str]]
"""Status and output of each host."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="of starting (all)")
    options = parser.parse_args()

    def tell(hosts: Hosts, folder: Path) -> int:
        return tell_of_photographs(hosts, folder, options.ways) | tell_of_tests(hosts, folder, options.ways)

    return on_hosts("benchmarks.inference.two_nodes", tell)


def on_both(hosts: Hosts, way: str, words: Sequence[str]) -> Said:
    """What both hosts said to the same command."""
    started = [WAYS[way](host, [*words, *SPREAD]) for host in range(2)]
    return outputs_of([hosts.start(host, command, **more) for host, (command, more) in enumerate(started)])


def on_one(words: Sequence[str]) -> None:
    """The same by one process, on this machine itself."""
    command = [sys.executable, "-m", "hdrgen", *words]
    subprocess.run(command, cwd=ROOT, env=clean_environment(), check=False, capture_output=True)


# -- photographs -----------------------------------------------------------------------------------------------------


def tell_of_photographs(hosts: Hosts, folder: Path, ways: Sequence[str]) -> int:
    """Expand them in each way, and print a row for it; 1 where something is not as it should be."""
    head = (
        "started by | made by node1, node2 | twice | never | others than of one process | status | damaged one named by"
    )
    print(f"| {head} | `--skip-existing`, mended |\n|{'---|' * 8}")
    wrong = 0
    for number, way in enumerate(ways):
        place = folder / f"photographs{number}"
        write_photographs(place / "in")
        predict = ["predict", WEIGHTS, f"--data.predict={place / 'in'}", *PLAIN]
        said = on_both(hosts, way, [*predict, "-o", str(place / "out")])
        made = [MADE.findall(output) for _, output in said]
        wanted = {path.stem for path in (place / "in").iterdir()} - {DAMAGED}
        on_one([*predict, "-o", str(place / "one")])
        naming = [host for host, (_, output) in enumerate(said, 1) if named(output)]
        write_damaged(place / "in", mended=True)
        again = on_both(hosts, way, [*predict, "-o", str(place / "out"), "--skip-existing"])
        then = [name for _, output in again for name in MADE.findall(output)]
        on_one([*predict, "-o", str(place / "one"), "--skip-existing"])
        twice = sum(count > 1 for count in Counter(made[0] + made[1]).values())
        never = len(wanted - {*made[0], *made[1]})
        others = different(place / "out", place / "one")
        statuses = [status for status, _ in said]
        wrong |= bool(twice or never or others or not naming or not any(statuses) or then != [DAMAGED])
        counts = ", ".join(str(len(names)) for names in made)
        print(
            f"| {way} | {counts} | {twice} | {never} | {others} | {statuses[0]}, {statuses[1]} |"
            f" {', '.join(f'node{host}' for host in naming) or 'NONE'} | {', '.join(then)} |",
            flush=True,
        )
    return wrong


def named(output: str) -> bool:
    """Whether a host ends with the line that names what failed of all hosts."""
    return bool(re.search(rf"hdrgen: error: 1 of {PHOTOGRAPHS} photographs cannot be read.*: {DAMAGED}\b", output))


def write_photographs(folder: Path) -> None:
    """Of noise; one of them ends in the middle."""
    noise = np.random.default_rng(0)
    for number in range(PHOTOGRAPHS):
        write_image(folder / f"photo_{number}.png", noise.random((*SIDES, 3)).astype(np.float32))
    write_damaged(folder)


def write_damaged(folder: Path, mended: bool = False) -> None:
    """Write the photograph that ends in the middle, or whole."""
    path = folder / f"{DAMAGED}.png"
    write_image(path, np.random.default_rng(1).random((*SIDES, 3)).astype(np.float32))
    if not mended:
        path.write_bytes(path.read_bytes()[:100])


def different(folder: Path, other: Path) -> int:
    """How many files of two folders are in one only, or have other pixels."""
    files, others = ({path.relative_to(each) for path in each.rglob("*.*")} for each in (folder, other))
    unequal = sum(
        not np.array_equal(read_image(folder / name).pixels, read_image(other / name).pixels) for name in files & others
    )
    return len(files ^ others) + unequal


# -- tests -----------------------------------------------------------------------------------------------------------


def tell_of_tests(hosts: Hosts, folder: Path, ways: Sequence[str]) -> int:
    """Test in each way, and print a row for it; 1 where the numbers are others than those of one process."""
    test = ["test", WEIGHTS, *SCENES, *PLAIN, "--grid.scenes=0", "--extremes.count=0"]
    on_one([*test, "-o", str(folder / "test_one")])
    one = scores(folder / "test_one")
    print("\n| started by | numbers | twice | never | largest difference from one process |\n|---|---|---|---|---|")
    wrong = 0
    for number, way in enumerate(ways):
        said = on_both(hosts, way, [*test, "-o", str(folder / f"test{number}")])
        both = scores(folder / f"test{number}")
        twice, never = sum(len(values) > 1 for values in both.values()), len(one.keys() - both.keys())
        apart = max(abs(both[key][0] - one[key][0]) for key in one.keys() & both.keys())
        print(f"| {way} | {len(both)} | {twice} | {never} | {apart:.1e} |", flush=True)
        wrong |= bool(twice or never or apart > 1e-4 or any(status for status, _ in said))
    return wrong


def scores(folder: Path) -> dict[tuple[str, str, str], list[float]]:
    """The numbers of a test, by scene, exposure and metric."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for row in read_rows(folder / "metrics.csv"):
        found.setdefault((row["scene"], row["ev"], row["metric"]), []).append(float(row["value"]))
    return found


if __name__ == "__main__":
    sys.exit(main())
