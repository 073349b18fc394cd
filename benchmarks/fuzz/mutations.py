"""Whole files whose structure is changed, into the readers; counts by reader and kind of change."""

import json
import shutil
import sys
import tempfile
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.fuzz.expected import Finding, checked
from benchmarks.fuzz.structures import boxes, exr, jpeg, plain, png, tiff
from benchmarks.fuzz.structures.wild import Mutation
from benchmarks.fuzz.workers import batch, limit_memory, watched
from tests.mutated import seeds

MEGAPIXELS = 8.0
LIMIT = MEGAPIXELS * 1e6 * 60
"""Bytes: a picture of floats that is cleaned takes 46 for each pixel at its peak, while one of 12 is held."""
ADDRESS_SPACE = 4 << 30
_BATCH = 2500
_LONGEST = 1 << 20
"""Bytes of a file that is changed once more."""
_WRITTEN = {False: (".png", ".tif", ".jpg"), True: (".exr", ".hdr", ".tif", ".uhdr.jpg")}
"""What is made of a picture, by whether it is linear."""


class Reader(NamedTuple):
    """Which of the whole files of `tests.mutated` are changed, and how."""

    seeds: tuple[str, ...]
    kinds: Mapping[str, Mutation]


READERS = {
    "JPEG": Reader(("jpeg",), jpeg.KINDS),
    "Ultra HDR": Reader(("ultra hdr",), jpeg.GAIN_MAPS),
    "PNG": Reader(("png 8", "png 16"), png.KINDS),
    "TIFF": Reader(("tiff 8", "tiff 16", "tiff float"), tiff.KINDS),
    "RAW": Reader(("raw",), tiff.KINDS),
    "OpenEXR": Reader(("exr",), exr.KINDS),
    "Radiance": Reader(("hdr",), plain.RADIANCE),
    "AVIF": Reader(("avif",), boxes.KINDS),
    "JPEG XL": Reader(("jpeg xl",), boxes.KINDS | plain.CODESTREAMS),
    "NumPy": Reader(("npy",), plain.ARRAYS),
}
_TAGGED = {"JPEG": ".jpg", "PNG": ".png", "TIFF": ".tif", "Ultra HDR": ".uhdr.jpg"}
"""What has a profile and EXIF, as hdrgen writes it."""


@cache
def whole_files(reader: str) -> list[tuple[str, bytes]]:
    """Names and contents."""
    files = [(name, content) for kind in READERS[reader].seeds for name, content in sorted(seeds(kind).items())]
    return files + ([("tagged" + _TAGGED[reader], _tagged(_TAGGED[reader]))] * 3 if reader in _TAGGED else [])


def _tagged(suffix: str) -> bytes:
    from hdrgen.io import BT2020, Camera, Exposure, write_image

    y, x = np.mgrid[0:64, 0:80] / 80
    picture = np.stack([x, y, x * y], axis=-1).astype(np.float32)
    pixels = picture * 5 if "uhdr" in suffix else (picture * 255).astype(np.uint8)
    tags = {"exposure": Exposure(time=0.25, fnumber=4, iso=200), "camera": Camera("Canon", "EOS")}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        return write_image(path, pixels, chromaticities=BT2020.chromaticities, **tags).read_bytes()  # type: ignore[arg-type]


def file_of(reader: str, seed: int, index: int) -> tuple[str, str, bytes]:
    """Kind of change, name and content of the file of a number: one change, or two more of any kind."""
    rng = np.random.default_rng([seed, index])
    files, kinds = whole_files(reader), list(READERS[reader].kinds)
    kind = kinds[index % len(kinds)]
    name, content = files[int(rng.integers(len(files)))]
    for chosen in [kind, *rng.choice(kinds, int(rng.choice([0, 0, 1, 2])))]:
        if len(content) < _LONGEST:  # copies of copies would fill the memory of whoever makes them
            content = READERS[reader].kinds[chosen](content, rng)
    return kind, name, content


def steps(path: Path, content: bytes) -> list[Callable[[], object]]:
    """What is done with a file: header, tags, pixels, and results that are made of it, with its tags."""
    from hdrgen.io import BT2020, Image, read_array, read_header, read_image, read_tags, write_image

    def result() -> None:
        image = read_image(path, max_megapixels=MEGAPIXELS, clean=True, gain_map=True)
        _check(image)
        suffixes = _WRITTEN[image.linear]
        written = path.with_name(f"written{suffixes[len(content) % len(suffixes)]}")
        tags = {"exposure": image.exposure, "camera": image.camera, "chromaticities": image.chromaticities}
        write_image(written, Image(image.pixels, image.linear, image.exposure), **tags)
        assert read_image(written, clean=True).pixels.shape == image.pixels.shape
        if image.linear and image.pixels.dtype.kind == "f":
            limits = {"max_megapixels": MEGAPIXELS, "gain_map": True}
            _check(read_image(path, clean=True, colour_space=BT2020, **limits))  # type: ignore[arg-type]

    if path.suffix == ".npy":
        return [lambda: _check(read_array(path)), lambda: read_array(path, clean=True)]
    return [lambda: read_header(path), lambda: read_tags(path), result]


def _check(image: object) -> None:
    pixels: np.ndarray = image.pixels  # type: ignore[attr-defined]
    assert pixels.ndim == 3
    assert pixels.shape[-1] == 3
    assert pixels.size
    assert pixels.dtype.kind == "u" or np.isfinite(pixels).all()


def outcome_of(path: Path, content: bytes) -> str:
    """The worst of the steps."""
    path.write_bytes(content)
    worst = "value"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step in steps(path, content):
            try:
                outcome = checked(lambda _, step=step: step(), content)  # type: ignore[misc]
            except Finding as finding:
                return f"{finding.kind}: {finding}"
            worst = outcome if outcome != "value" else worst
    return worst


def work(reader: str, seed: int, start: int, stop: int) -> None:
    """Read files in this process; one line of outcome each."""
    limit_memory(ADDRESS_SPACE)
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="hdrgen-fuzz-", dir=shared if shared.is_dir() else None) as folder:
        for name, content in whole_files(reader):
            found = outcome_of(Path(folder) / name, content)
            assert found == "value", (name, found)
        for index in range(start, stop):
            kind, name, content = file_of(reader, seed, index)
            found = watched(lambda: outcome_of(Path(folder) / name, content), LIMIT)  # noqa: B023
            print(f"{kind}\t{found}", flush=True)
            for left in Path(folder).glob("*"):
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def once(reader: str, seed: int, index: int, folder: Path) -> str:
    """One file in this process; it stays."""
    kind, name, content = file_of(reader, seed, index)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{index}_{name}"
    return f"{path} ({kind}): {outcome_of(path, content)}"


def run(readers: list[str], count: int, seed: int, folder: Path) -> int:
    """All files of some readers; how many findings there are. A run that was stopped goes on from where it was."""
    limit_memory(ADDRESS_SPACE)
    folder.mkdir(parents=True, exist_ok=True)
    state = folder / f"mutations_{seed}.json"
    kept: dict[str, dict[str, object]] = json.loads(state.read_text()) if state.exists() else {}
    for reader in readers:
        own = kept.setdefault(reader, {"next": 0, "counts": {}, "findings": []})
        while (start := int(own["next"])) < count:  # type: ignore[call-overload]
            stop = min(start + _BATCH, count)
            command = ("-m", "benchmarks.fuzz.mutations", reader, str(seed))
            _note(own, reader, seed, batch(command, start, stop, timeout=30))
            own["next"] = stop
            state.write_text(json.dumps(kept, indent=1))
    return report({reader: kept[reader] for reader in readers})


def _note(own: dict[str, object], reader: str, seed: int, results: list[tuple[int, str]]) -> None:
    """Count by kind; of findings also the number."""
    counts: dict[str, dict[str, int]] = own["counts"]  # type: ignore[assignment]
    for index, line in results:
        kind, tab, outcome = line.partition("\t")
        if not tab:  # no worker lived to say it
            kind, outcome = file_of(reader, seed, index)[0], line
        word = outcome if outcome in ("value", "one line") else "finding"
        counts.setdefault(kind, {})[word] = counts.get(kind, {}).get(word, 0) + 1
        if word == "finding":
            own["findings"].append([index, kind, outcome])  # type: ignore[attr-defined]
            print(f"{reader} {index} ({kind}): {outcome}", file=sys.stderr, flush=True)


def report(kept: Mapping[str, Mapping[str, object]]) -> int:
    """The table, and how many findings there are."""
    print("| reader | kind of change | files | values | one line | findings |\n|---|---|---|---|---|---|")
    total = 0
    for reader, own in kept.items():
        sums: dict[str, int] = defaultdict(int)
        for kind, counted in own["counts"].items():  # type: ignore[attr-defined]
            _row(reader, kind, counted)
            for word, number in counted.items():
                sums[word] += number
        _row(reader, "all", sums)
        total += sums["finding"]
    return total


def _row(reader: str, kind: str, counted: Mapping[str, int]) -> None:
    counts = Counter(counted)
    numbers = (sum(counts.values()), counts["value"], counts["one line"], counts["finding"])
    print(f"| {reader} | {kind} | {' | '.join(map(str, numbers))} |")


if __name__ == "__main__":
    work(sys.argv[1], *map(int, sys.argv[2:]))
