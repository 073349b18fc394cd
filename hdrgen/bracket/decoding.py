"""The files of a bracket, decoded by several threads; what memory should not hold goes to a file (`spilled.py`)."""

import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from hdrgen.bracket.bracket import Bracket
from hdrgen.bracket.progress_bar import progress
from hdrgen.bracket.raw_frames import RawFrames
from hdrgen.bracket.spilled import is_spilled, mappings_of, spilled
from hdrgen.errors import InputWarning
from hdrgen.fusion import available_cores
from hdrgen.io import Image, check_memory, notes_held, read_image

MERGE_BYTES = 20  # for each pixel beyond the frames, measured by benchmarks/verb_memory.py


def decoded_frames(bracket: Bracket, raw: RawFrames | None, max_megapixels: float) -> list[Image]:
    """All frames, on all cores; RAW one after the other, since LibRaw takes many times the memory of the result."""
    told: dict[int, list[InputWarning]] = {}
    in_files = False

    def read(index: int) -> Image:
        how = None if raw is None else raw.development(index)
        with notes_held() as told[index]:
            image = read_image(bracket.frames[index].path, max_megapixels=max_megapixels, development=how)
        return replace(image, pixels=spilled(image.pixels)) if in_files else image

    with _warned_of(told), progress(f"{bracket.name}: reading") as done:
        first = read(0)
        # Once for all: with each frame in a file less room is left, for which the rest would stay in memory.
        in_files = is_spilled(first.pixels, len(bracket.frames))
        images = [replace(first, pixels=spilled(first.pixels)) if in_files else first]
        _check_memory(bracket, images[0].pixels, max_megapixels)
        with _in_order(read, range(1, len(bracket.frames)), available_cores() if raw is None else 1) as others:
            for image in others:
                done(len(images) / len(bracket.frames))
                images.append(image)
        done(1.0)
    return images


@contextmanager
def _warned_of(told: dict[int, list[InputWarning]]) -> Iterator[None]:
    """Warn of what was noted, frame by frame, once no thread keeps stderr quiet."""
    try:
        yield
    finally:
        for index in sorted(told):
            for warning in told[index]:
                warnings.warn(warning, stacklevel=5)


@contextmanager
def _in_order(read: Callable[[int], Image], indices: range, workers: int) -> Iterator[Iterator[Image]]:
    """What is read by several threads, in order; of an error, or an interruption, nothing more is begun."""
    pool = ThreadPoolExecutor(workers)
    try:
        yield pool.map(read, indices)
    finally:
        pool.shutdown(cancel_futures=True)


def _check_memory(bracket: Bracket, first: NDArray[Any], max_megapixels: float) -> None:
    """All frames and the merge of them, by the first of them."""
    height, width, channels = first.shape
    held = channels * (first.itemsize if first.dtype.kind == "u" else 4)  # floats are made float32
    in_memory = available_cores() if mappings_of([first]) else len(bracket.frames)  # while they are decoded
    each = held * in_memory + MERGE_BYTES
    check_memory(bracket.frames[0].path, width, height, each, max_megapixels)
