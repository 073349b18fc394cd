"""How many small faults in the code the tests do not see: random mutants that survive.

mutmut makes the mutants; those of text are left out, since texts are messages and names. The tests are run by this
program: mutmut's own runner leaves out what stands outside functions, such as constants, and cuts functions in pieces
whose signatures jsonargparse can no longer read. First, all tests run once, and it is noted which of them runs which
line. Then, for each mutant, those that run its line (or else its function, or else its file) run in a fork that finds
torch and the rest imported, the tests of its room first, then those of the others, the quickest file first, up to the
first failure. What fails, crashes, or takes far longer than before is killed.

`benchmarks/equivalent_mutants.txt` lists those that no test can see, each with the reason; they are left out of the
share. `--only 3 17` runs those numbers of the same draw again. Needs the extra `mutants` (`make mutants`).
"""

import argparse
import difflib
import functools
import importlib
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import libcst as cst
import pytest
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import Mutation, create_mutations

from benchmarks.shared.forks import in_fork
from benchmarks.shared.observed_tests import Ran, file_of, kept, observe

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("camera", "fusion", "metrics", "nn", "tiling", "weights", "io", "data")
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.txt")
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "runs", "quickstart", "wandb", "build")
# What the tests import and no mutant changes; torchmetrics first, as tests/conftest.py says.
PRELOADED = (
    *("torchmetrics", "torch", "torch._dynamo", "pytorch_lightning.cli", "kornia", "jsonargparse"),
    *("cv2", "skimage.metrics", "scipy.ndimage", "scipy.optimize", "scipy.io", "hypothesis.extra.numpy"),
    *("colour_hdri", "imagecodecs", "tifffile", "OpenImageIO", "OpenEXR", "rawpy", "PIL.Image"),
)
SAFEGUARDS = re.compile(r',?\s*(?:\b(?:strict|frozen)=\w+|\bencoding=(?:"utf-8"|None)|"big"(?=\)))|,\s*(?=\))')
"""Arguments that only make other faults loud, or name what this machine or Python (from 3.11 on) does anyway."""
UNSEEN = 5  # pytest's status where no test was left


@dataclass(frozen=True)
class Mutant:
    """One change of one file: where, of what kind, and what the file then says."""

    path: str
    kind: str
    lines: range
    function: range
    before: str
    after: str

    @property
    def room(self) -> str:
        """The folder of `hdrgen/`."""
        return Path(self.path).parts[1]

    @property
    def diff(self) -> list[str]:
        """The lines that differ, with their sign."""
        lines = difflib.unified_diff(self.before.splitlines(), self.after.splitlines(), n=0, lineterm="")
        return [line for line in list(lines)[2:] if not line.startswith("@@")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", default=ROOMS, help=f"folders of hdrgen/ (default: {' '.join(ROOMS)})")
    parser.add_argument("--count", type=int, default=200, help="mutants to draw (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the draw (%(default)s)")
    parser.add_argument("--only", type=int, nargs="+", help="numbers of the draw to run, the others not")
    parser.add_argument("--tests", nargs="+", default=["tests", "hdrgen"], help="files and folders (default: all)")
    parser.add_argument(
        "--seconds",
        type=float,
        default=60,
        help="of tests for one mutant at most (%(default)s), and as much of those of other rooms",
    )
    parser.add_argument("--map", type=Path, help="file to keep which test runs which line in, and to read it from")
    parser.add_argument("--unchanged", action="store_true", help="change nothing, to check this tool: all must survive")
    options = parser.parse_args()
    mutants = draw(options.rooms, options.count, options.seed)
    if options.unchanged:
        mutants = [replace(mutant, after=mutant.before) for mutant in mutants]
    os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported: its threads do not outlive a fork
    for name in PRELOADED:
        with suppress(ImportError):
            importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=NOT_COPIED)
        ran = kept(options.map) or observe(tree, options.rooms, options.tests, options.map)
        _check_files(tree, ran)
        survivors: dict[int, Mutant] = {}
        for number in options.only or range(len(mutants)):
            survived, seconds, count = try_mutant(tree, mutants[number], ran, options.seconds)
            if survived:
                survivors[number] = mutants[number]
            verdict = "SURVIVED" if survived else "killed"
            place = f"{mutants[number].path}:{mutants[number].lines.start}"
            print(f"{number:4} {verdict:8} {seconds:5.1f} s of {count} tests: {place}", flush=True)
    return report([mutants[number] for number in options.only or range(len(mutants))], survivors)


def _check_files(tree: Path, ran: Ran) -> None:
    """Tests that are not there would fail, and so kill whatever mutant."""
    missing = {file_of(test) for test in ran.seconds if not (tree / file_of(test)).exists()}
    if missing:
        sys.exit(f"the map is of another tree: expected {', '.join(sorted(missing))}; make it anew")


def draw(rooms: Sequence[str], count: int, seed: int) -> list[Mutant]:
    """Random mutants of the rooms' files, all as likely."""
    paths = sorted(path for room in rooms for path in (ROOT / "hdrgen" / room).rglob("*.py"))
    every = [(path, index) for path in paths for index in range(len(_mutations(path)[1]))]
    print(f"{len(every)} mutants in {len(paths)} files, of which {min(count, len(every))} are drawn by seed {seed}")
    return [_mutant(path, index) for path, index in random.Random(seed).sample(every, min(count, len(every)))]


@functools.cache
def _mutations(path: Path) -> tuple[cst.Module, list[Mutation]]:
    module, mutations, *_ = create_mutations(str(path), path.read_text())
    return module, [each for each in mutations if not isinstance(each.original_node, cst.SimpleString)]


def _mutant(path: Path, index: int) -> Mutant:
    module, mutations = _mutations(path)
    positions = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    mutation = mutations[index]
    function = mutation.contained_by_top_level_function
    changed = module.deep_replace(mutation.original_node, mutation.mutated_node)
    assert isinstance(changed, cst.Module)
    lines = _range(positions[mutation.original_node])
    return Mutant(
        path=str(path.relative_to(ROOT)),
        kind=type(mutation.original_node).__name__,
        lines=lines,
        function=_range(positions[function]) if function else lines,
        before=module.code,
        after=changed.code,
    )


def _range(position: CodeRange) -> range:
    return range(position.start.line, position.end.line + 1)


class _Chosen:
    """A plugin of pytest that runs some tests alone, the quickest file first."""

    def __init__(self, tests: set[str], seconds: dict[str, float]) -> None:
        self._tests = tests
        self._file: Counter[str] = Counter()
        for test in tests:
            self._file[file_of(test)] += seconds[test]

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if item.nodeid in self._tests]
        items[:] = sorted(chosen, key=lambda item: self._file[file_of(item.nodeid)])


def try_mutant(tree: Path, mutant: Mutant, ran: Ran, limit: float) -> tuple[bool, float, int]:
    """Whether it survives, after how many seconds of how many tests: first those of its room, then all others."""
    tests = ran.tests_of(mutant.path, mutant.lines, mutant.function)
    if not ran.runs(mutant.path, mutant.lines):
        # A constant or a default, which tests read without running a line of its file.
        tests |= {
            test
            for test in ran.seconds
            if Path(file_of(test)).parts[:2] in (("tests", mutant.room), ("tests", "across"))
        }
    own = {test for test in tests if Path(file_of(test)).parts[1] in (mutant.room, "across")}
    start, count = time.perf_counter(), 0
    path = tree / mutant.path
    _write(path, mutant.after)
    for part in (own, tests - own):
        chosen = _quickest(part, ran, limit)
        count += len(chosen)
        if chosen and not _pass(tree, chosen, ran):
            survived = False
            break
    else:
        survived = True
    _write(path, mutant.before)
    return survived, time.perf_counter() - start, count


def _quickest(tests: set[str], ran: Ran, limit: float) -> set[str]:
    """As many as fit into so many seconds."""
    chosen, total = set(), 0.0
    for test in sorted(tests, key=lambda test: ran.seconds[test]):
        total += ran.seconds[test]
        if total <= limit:
            chosen.add(test)
    return chosen


def _pass(tree: Path, tests: set[str], ran: Ran) -> bool:
    """Whether tests of the tree pass, in a fork."""

    def run() -> int:
        files = sorted({file_of(test) for test in tests})
        for module in (file for file in files if file.startswith("hdrgen/")):
            # pytest would import it a second time where it is the first of its package: two classes of one name.
            importlib.import_module(module.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        options = ["-x", "--tb=line", "-p", "no:cacheprovider", "-p", "no:faulthandler"]
        return int(pytest.main([*files, *options], plugins=[_Chosen(tests, ran.seconds)]))

    limit = 30 + 5 * sum(ran.seconds[test] for test in tests)
    return in_fork(run, tree, tree.parent / "log", limit) in (0, UNSEEN)


def _write(path: Path, code: str) -> None:
    """With a time one second later than before: byte code is kept by second and size, which two mutants may share."""
    modified = path.stat().st_mtime + 1
    path.write_text(code)
    os.utime(path, (modified, modified))


def report(tried: Sequence[Mutant], survivors: dict[int, Mutant]) -> int:
    """Print the survivors and a markdown table; 0 below one in ten."""
    known = _equivalent()
    reasons = {number: _reason(mutant.diff, known) for number, mutant in survivors.items()}
    equivalent = {number for number, reason in reasons.items() if reason}
    for number, mutant in survivors.items():
        note = f" (equivalent: {reasons[number]})" if number in equivalent else ""
        print(f"\n{number} {mutant.path}:{mutant.lines.start}{note}\n" + "\n".join(mutant.diff))
    for title, of in (("room", lambda mutant: mutant.room), ("kind", lambda mutant: mutant.kind)):
        _table(title, of, tried, [mutant for number, mutant in survivors.items() if number not in equivalent])
    share = (len(survivors) - len(equivalent)) / max(1, len(tried) - len(equivalent))
    print(f"\n{len(survivors) - len(equivalent)} of {len(tried) - len(equivalent)} survive: {share:.1%}; ", end="")
    print(f"{len(equivalent)} equivalent")
    return 0 if share < 0.1 else 1


def _table(title: str, of: Callable[[Mutant], str], tried: Sequence[Mutant], survivors: Sequence[Mutant]) -> None:
    counts, left = Counter(map(of, tried)), Counter(map(of, survivors))
    print(f"\n| {title} | mutants | survive |\n|---|---|---|")
    for name, count in counts.most_common():
        print(f"| {name} | {count} | {left[name]} |")


def _reason(diff: Sequence[str], known: dict[tuple[str, ...], str]) -> str:
    """Why a change has no effect that a test could see; empty where it may have one."""
    sides = ["".join(SAFEGUARDS.sub("", line[1:]) for line in diff if line[0] == sign) for sign in "-+"]
    if "".join(sides[0].split()) == "".join(sides[1].split()):
        return "a safeguard against other faults"
    return known.get(tuple(sorted(line[0] + " ".join(line[1:].split()) for line in diff)), "")


def _equivalent() -> dict[tuple[str, ...], str]:
    """Changed lines, with their sign, and the reason, from paragraphs whose first line is the reason."""
    paragraphs = [part.splitlines() for part in EQUIVALENT.read_text().split("\n\n")] if EQUIVALENT.exists() else []
    return {
        tuple(sorted(line[0] + " ".join(line[1:].split()) for line in lines)): reason.lstrip("# ")
        for reason, *lines in paragraphs
        if lines
    }


if __name__ == "__main__":
    sys.exit(main())
