"""What a training logged to TensorBoard or W&B, as those who have their packages can read it.

Files are read as data: event files through tensorboard, the records of W&B's own through its description of them.
"""

import json
import struct
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from hdrgen.errors import InputError, InputWarning
from hdrgen.reporting.run_files import NUMBERS, within

Curve = list[tuple[float, float]]
"""Step and value."""
EVENTS, RECORDS = "events.out.tfevents.*", "run-*.wandb"
"""Files of TensorBoard, and of W&B."""
LARGEST = 2**30
"""Most bytes of such files together: pictures are in them, and are not kept."""
POINTS = 10_000
"""Most of a curve that are kept of TensorBoard's events; among more it chooses by itself."""
RECORD = 2**24
"""Most bytes of a record of W&B's that is looked into: rows of numbers have some hundreds."""
_STEP = "trainer/global_step"
_BLOCK, _HEADER = 2**15, struct.Struct("<IHB")
"""Of W&B's files: LevelDB's log format, blocks of records, each behind checksum, length and kind."""


def has_other_log(folder: Path) -> bool:
    """Whether a folder is one that TensorBoard or W&B wrote to."""
    return any(next(folder.glob(pattern), None) for pattern in (EVENTS, RECORDS))


def curves_of_other_loggers(folder: Path) -> dict[str, Curve]:
    """The numbers by name, in the order of their steps.

    Args:
        folder: Of a run, with event files in it; or W&B's own; or one whose name is that of a W&B run beside it.

    Raises:
        InputError: No such log, the package is not installed, or a file cannot be read.
    """
    if next(folder.glob(EVENTS), None):
        return _sorted(_of_events(folder), folder)
    curves: dict[str, Curve] = defaultdict(list)
    records = _records_of(folder)
    if not records:
        raise InputError(
            f"{folder}: nothing that a training logged: expected metrics.csv, events of TensorBoard, or records of W&B"
        )
    for path in records:
        for name, points in _of_records(path).items():  # a run that goes on has one file more
            start = points[0][0]
            curves[name] = [point for point in curves[name] if point[0] < start] + points
    return _sorted(curves, folder)


def _sorted(curves: Mapping[str, Curve], folder: Path) -> dict[str, Curve]:
    left_out = ("epoch", "hp_metric", _STEP)
    names = [name for name in sorted(curves) if name not in left_out and not name.startswith(("test/", "_"))]
    if not names:
        raise InputError(f"{folder}: no numbers of a training in what TensorBoard or W&B kept")
    return {name: curves[name] for name in names}


def _needed(package: str, path: Path) -> None:
    if find_spec(package) is None:
        raise InputError(f"{path}: needs the package {package} to be read: pip install 'hdrgen[{package}]'")


def _checked(path: Path, folder: Path) -> Path:
    if (size := within(path, folder).stat().st_size) > LARGEST:
        raise InputError(f"{path}: expected at most {LARGEST:,} bytes, found {size:,}")
    return path


def _of_events(folder: Path) -> dict[str, Curve]:
    first, *_ = files = [_checked(path, folder) for path in sorted(folder.glob(EVENTS))]
    if (size := sum(path.stat().st_size for path in files)) > LARGEST:
        raise InputError(f"{folder}: expected at most {LARGEST:,} bytes of events, found {size:,}")
    _needed("tensorboard", first)
    from tensorboard.backend.event_processing.event_accumulator import DEFAULT_SIZE_GUIDANCE, EventAccumulator

    every = dict.fromkeys(DEFAULT_SIZE_GUIDANCE, 1) | {"scalars": POINTS}
    try:
        events = EventAccumulator(str(folder), size_guidance=every).Reload()
        curves = {tag: [(one.step, one.value) for one in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    except Exception as error:  # of a stranger's file, whatever its parser raises
        raise InputError(f"{first}: cannot be read as events of TensorBoard ({error})") from error
    if long := [tag for tag, points in curves.items() if len(points) >= POINTS]:
        warnings.warn(
            InputWarning(f"{folder}: of {long[0]}, {POINTS:,} points are read, spread over all"), stacklevel=2
        )
    return curves


def _records_of(folder: Path) -> list[Path]:
    """W&B's files: in its own folder, or for the run of that id, in its folder beside the runs."""
    own = [_checked(path, folder) for path in sorted(folder.glob(RECORDS))]
    whole = folder.resolve()
    if own or "*" in whole.name:
        return own
    beside = whole.parents[1] / "wandb" if len(whole.parts) > 2 else folder
    return [_checked(path, beside) for path in sorted(beside.glob(f"*run-*-{whole.name}/run-{whole.name}.wandb"))]


def _of_records(path: Path) -> dict[str, Curve]:
    _needed("wandb", path)
    from wandb.proto import wandb_internal_pb2

    described: Any = wandb_internal_pb2
    curves: dict[str, Curve] = defaultdict(list)
    try:
        count = 0
        with path.open("rb") as file:
            for content in _framed(file):
                record = described.Record.FromString(content)
                if record.WhichOneof("record_type") == "history":
                    row = {"/".join(item.nested_key) or item.key: item.value_json for item in record.history.item}
                    count += _add(curves, row)
                if count > NUMBERS:
                    told = InputWarning(f"{path}: the first {NUMBERS:,} numbers are read, and no more")
                    warnings.warn(told, stacklevel=2)
                    break
    except Exception as error:  # of a stranger's file, whatever its parser raises
        raise InputError(f"{path}: cannot be read as records of W&B ({error})") from error
    return curves


def _add(curves: dict[str, Curve], row: Mapping[str, str]) -> int:
    """Append the numbers of a row; how many they are."""
    values: dict[str, Any] = {name: json.loads(text) for name, text in row.items()}
    step = values.get(_STEP, values.get("_step", 0))
    numbers = {name: value for name, value in values.items() if isinstance(value, int | float)}
    for name, value in numbers.items():
        if not isinstance(value, bool):
            curves[name].append((float(step), float(value)))
    return len(numbers)


def _framed(file: BinaryIO) -> Iterator[bytes]:
    """The records, but for those longer than `RECORD`; of a process that was killed, those before its last."""
    at, size, parts = file.seek(7), 0, list[bytes]()  # behind W&B's own mark
    while True:
        left = _BLOCK - at % _BLOCK
        if left < _HEADER.size:
            at = file.seek(at + left)
            continue
        header = file.read(_HEADER.size)
        _, length, kind = _HEADER.unpack(header) if len(header) == _HEADER.size else (0, -1, 0)
        content = file.read(max(length, 0))
        if len(content) != length:
            return
        at, size = at + _HEADER.size + length, size + length
        if size <= RECORD:
            parts.append(content)
        if kind in (1, 4):  # whole, or the last part of one
            if size <= RECORD:
                yield b"".join(parts)
            size, parts = 0, []
