"""Damaged files into every reader: each must end in an image or in one line, within bounded time and memory.

Files are read in worker processes, so that a crash ends a worker and not the run. Counts are kept in a JSON file after
every batch, and a run that was stopped goes on from there. Every file comes from its number: `--reader exr --only 1234`
reads file 1234 again, and `--keep` leaves it.

Columns: files read; images; errors of one line; other exceptions; crashes (the process died); hangs (longer than
`--timeout`); files whose reading took more than twice the declared limit of memory. The limit is `max_megapixels` at
12 bytes a pixel (three channels of 32 bits).
"""

import argparse
import json
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.fuzz import workers
from tests.mutated import LISTED, READERS, mutate, seeds

MEGAPIXELS = 8.0
BYTES_PER_PIXEL = 12
LIMIT = MEGAPIXELS * 1e6 * BYTES_PER_PIXEL
ADDRESS_SPACE = 8 << 30
OUTCOMES = ("image", "one line", "exception", "crash", "hang", "memory")
BATCH = 500


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000, help="of each reader (%(default)s)")
    parser.add_argument("--reader", action="append", choices=READERS, help="only this one; may be repeated")
    parser.add_argument("--timeout", type=float, default=10, help="seconds for a file (%(default)s)")
    parser.add_argument("--state", type=Path, default=Path("fuzz_readers.json"), help="counts so far (%(default)s)")
    parser.add_argument("--only", type=int, help="read the file of this number here, in this process")
    parser.add_argument("--keep", type=Path, help="with --only: save the file in this folder")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        return work(options.work[0], int(options.work[1]), int(options.work[2]))
    readers = options.reader or READERS
    if options.only is not None:
        return once(readers[0], options.only, options.keep)
    state = json.loads(options.state.read_text()) if options.state.exists() else {}
    for reader in readers:
        run(reader, options, state)
    return report({reader: state[reader] for reader in readers})


def run(reader: str, options: argparse.Namespace, state: dict[str, dict[str, object]]) -> None:
    """Go on with one reader until it has read all its files."""
    counts = state.setdefault(reader, {"next": 0, "counts": {}, "bad": []})
    while (start := int(counts["next"])) < options.files:  # type: ignore[call-overload]
        stop = min(start + BATCH, options.files)
        for index, outcome in batch(reader, start, stop, options.timeout):
            kind = outcome.partition(": ")[0]
            counts["counts"][kind] = counts["counts"].get(kind, 0) + 1  # type: ignore[index, attr-defined]
            if kind not in ("image", "one line"):
                counts["bad"].append([index, outcome])  # type: ignore[attr-defined]
                print(f"{reader} {index}: {outcome}", file=sys.stderr, flush=True)
        counts["next"] = stop
        options.state.write_text(json.dumps(state, indent=1))


def batch(reader: str, start: int, stop: int, timeout: float) -> list[tuple[int, str]]:
    """The outcome of each file, by its number."""
    return workers.batch(("-m", "benchmarks.fuzz.readers", "--work", reader), start, stop, timeout)


def work(reader: str, start: int, stop: int) -> int:
    """Read files in this process; one line of outcome each."""
    workers.limit_memory(ADDRESS_SPACE)
    whole = seeds(reader)
    with tempfile.TemporaryDirectory(prefix="hdrgen-fuzz-") as folder:
        for name, content in whole.items():
            assert attempt(reader, save(Path(folder), name, content)) == "image", name
        for index in range(start, stop):
            print(watched(reader, save(Path(folder), *file_of(whole, index))), flush=True)
    return 0


def file_of(whole: dict[str, bytes], index: int) -> tuple[str, bytes]:
    """Name and content of the mutated file of a number."""
    names = sorted(whole)
    name = names[index % len(names)]
    return name, mutate(whole[name], np.random.default_rng([index, len(names)]))


def save(folder: Path, name: str, content: bytes) -> Path:
    if name.endswith(".txt"):  # a list without names goes by the images beside it
        for image in LISTED:
            (folder / image).touch()
    (folder / name).write_bytes(content)
    return folder / name


def watched(reader: str, path: Path) -> str:
    """The outcome, or that it took more memory than may be."""
    return workers.watched(lambda: attempt(reader, path), 2 * LIMIT)


def attempt(reader: str, path: Path) -> str:
    """Read as the package does: header, tags, then pixels; or a list."""
    from hdrgen.errors import InputError

    outcome = "image"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step in steps(reader, path):
            try:
                step()
            except InputError as error:
                message = str(error)
                outcome = "one line" if "\n" not in message else f"exception: several lines {message!r}"
            except Exception as error:
                return f"exception: {type(error).__name__} {' '.join(str(error).split())}"
    return outcome


def steps(reader: str, path: Path) -> list[Callable[[], object]]:
    """What is tried with a file."""
    from hdrgen.io import read_array, read_exposure_list, read_header, read_image, read_tags

    if reader == "exposure lists":
        return [lambda: read_exposure_list(path)]
    if reader == "npy":
        return [lambda: read_array(path)]
    return [
        lambda: read_header(path),
        lambda: read_tags(path),
        lambda: read_image(path, max_megapixels=MEGAPIXELS, gain_map=True),
    ]


def once(reader: str, index: int, keep: Path | None) -> int:
    """One file in this process."""
    with tempfile.TemporaryDirectory(prefix="hdrgen-fuzz-") as folder:
        path = save(keep or Path(folder), *file_of(seeds(reader), index))
        print(watched(reader, path))
    return 0


def report(state: dict[str, dict[str, object]]) -> int:
    """The table; fails if anything but images and lines came out."""
    print("| reader | files | " + " | ".join(OUTCOMES) + " |\n|" + "---|" * (len(OUTCOMES) + 2))
    for reader, kept in state.items():
        counts = Counter(kept["counts"])  # type: ignore[call-overload]
        row = " | ".join(str(counts[outcome]) for outcome in OUTCOMES)
        print(f"| {reader} | {sum(counts.values())} | {row} |")
    return 1 if any(kept["bad"] for kept in state.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
