"""What is in the shards: the plan that all machines follow, the list of each shard, and the index of all."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple, TypeVar, get_type_hints
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from hdrgen.data.shards.bounds import check_exposures, check_index, check_names, check_places
from hdrgen.data.shards.members import as_number
from hdrgen.data.shards.storage import Storage
from hdrgen.errors import InputError

PLAN, MANIFEST, INDEX = "plan.json", "manifest.json", "index.npz"
FORMAT = 1
DIGITS = 6
"""Of a shard's number in its name."""
SHOWN = 8
"""Shards that an error lists."""
Record = TypeVar("Record", "Plan", "Shard")


@dataclass(frozen=True)
class Plan:
    """What is packed, and into which shards; the first file that is written, so that machines and restarts agree.

    Attributes:
        data: Class and arguments of the data set, as plain values.
        seed: Of views, responses and all else that is drawn for a scene.
        passes: Epochs of training that are packed: how often each scene is in the shards, drawn anew each time.
        radiance: How truth is kept, see `hdrgen.data.shards.members.Radiance`.
        shard_mib: Size of a shard, about.
        samples: Of all shards.
        per_shard: Samples of each shard; the last may have fewer.
        hdrgen: The version that draws and writes them.
        format: Of these files.
    """

    data: dict[str, Any]
    seed: int
    passes: int
    radiance: str
    shard_mib: float
    samples: int
    per_shard: int
    hdrgen: str
    format: int = FORMAT

    @property
    def shards(self) -> int:
        """Their number."""
        return -(-self.samples // self.per_shard)

    def of_shard(self, number: int) -> range:
        """The samples of a shard."""
        return range(number * self.per_shard, min((number + 1) * self.per_shard, self.samples))


class Row(NamedTuple):
    """A sample of a shard: its scene, what must not be told apart by a split, exposures, and bytes in the archive."""

    scene: str
    group: str
    ev: list[float]
    ref: int
    offset: int
    size: int


@dataclass(frozen=True)
class Shard:
    """The list of a shard, which is written behind it: without, there is no shard.

    Attributes:
        name: Of its file.
        bytes: Of the file.
        sha256: Of the file, in hexadecimal digits.
        rows: Its samples.
    """

    name: str
    bytes: int
    sha256: str
    rows: list[Row]

    @property
    def list_name(self) -> str:
        """Of the file with this list."""
        return list_name(self.name)


def shard_name(number: int) -> str:
    """The file of a shard."""
    return f"shard-{number:0{DIGITS}d}.tar"


def list_name(name: str) -> str:
    """The file with the list of a shard, whose own name this is."""
    return name.removesuffix(".tar") + ".json"


@dataclass
class Index:
    """Where every sample is, as arrays of N samples in the order of the shards.

    Attributes:
        shard: (N,) number of its shard.
        offset: (N,) first byte in the shard.
        size: (N,) bytes.
        scene: (N,) names in UTF-8.
        group: (N,) index into `groups`.
        groups: (G,) names in UTF-8, in the order in which they come first.
        ev: Exposure values of all samples, one sample after the other.
        first: (N + 1,) where the exposures of a sample begin in `ev`.
        ref: (N,) index of the reference among the exposures.
    """

    shard: NDArray[Any]
    offset: NDArray[Any]
    size: NDArray[Any]
    scene: NDArray[Any]
    group: NDArray[Any]
    groups: NDArray[Any]
    ev: NDArray[Any]
    first: NDArray[Any]
    ref: NDArray[Any]

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.shard)


class Manifest(NamedTuple):
    """The file that is written last.

    Attributes:
        plan: What is packed.
        shards: Name, bytes, samples and sha256 of each.
        index_sha256: Of the file of the index.
    """

    plan: Plan
    shards: list[dict[str, Any]]
    index_sha256: str


def index_of(shards: Sequence[Shard]) -> Index:
    """The index of all shards.

    Raises:
        InputError: Two samples of one name.
    """
    rows = [row for shard in shards for row in shard.rows]
    groups = {group: number for number, group in enumerate(dict.fromkeys(row.group for row in rows))}
    check_names([row.scene for row in rows], groups)
    return Index(
        shard=np.repeat(np.arange(len(shards), dtype=np.int32), [len(shard.rows) for shard in shards]),
        offset=np.array([row.offset for row in rows], np.int64),
        size=np.array([row.size for row in rows], np.int64),
        scene=np.array([row.scene.encode() for row in rows]),
        group=np.array([groups[row.group] for row in rows], np.int32),
        groups=np.array([group.encode() for group in groups]),
        ev=np.array([stops for row in rows for stops in row.ev], np.float32),
        first=np.cumsum([0] + [len(row.ev) for row in rows]),
        ref=np.array([row.ref for row in rows], np.int16),
    )


def plan_in(storage: Storage) -> Plan | None:
    """The plan; None where there is none yet.

    Raises:
        InputError: Something else of that name.
    """
    content = storage.read(PLAN)
    return None if content is None else _plan(_json(content, storage, PLAN), storage, PLAN)


def _plan(values: Any, storage: Storage, name: str) -> Plan:
    plan = _record(Plan, values, storage, name)
    if plan.format != FORMAT:
        raise _wrong(storage, name, f"format {plan.format}, of which this hdrgen reads {FORMAT}")
    if min(plan.samples, plan.per_shard) < 1:
        raise _wrong(storage, name, f"{plan.samples} samples, {plan.per_shard} in a shard")
    return plan


def shard_in(storage: Storage, name: str) -> Shard:
    """The list of a shard.

    Raises:
        InputError: There is none, or something else.
    """
    listed = list_name(name)
    content = storage.read(listed)
    if content is None:
        raise InputError(f"{storage}/{listed}: no such file; pack it again")
    return read_shard(_json(content, storage, listed), storage, listed)


def read_shard(values: Any, storage: Storage, name: str) -> Shard:
    """A list from its plain values, which lies within its shard."""
    try:
        values["rows"] = rows = [
            Row(str(scene), str(group), [float(stops) for stops in ev], int(ref), int(offset), int(size))
            for scene, group, ev, ref, offset, size in values["rows"]
        ]
        offset, size, ref = (np.array([row[part] for row in rows], np.int64) for part in (4, 5, 3))
        check_places(offset, size, int(values["bytes"]), str(values["name"]))
        first = np.cumsum([0] + [len(row.ev) for row in rows])
        check_exposures(first, ref, int(first[-1]))
    except (LookupError, OverflowError, TypeError, ValueError) as error:
        raise _wrong(storage, name, error) from error
    return _record(Shard, values, storage, name)


def as_json(record: Plan | Shard) -> bytes:
    """The content of the file of a plan or a list."""
    values = asdict(record)
    if isinstance(record, Shard):
        values["rows"] = [[*row[:2], [*map(as_number, row.ev)], *row[3:]] for row in record.rows]
    return json.dumps(values).encode() + b"\n"


def write_manifest(storage: Storage, plan: Plan, shards: Sequence[Shard], about: Mapping[str, Any]) -> None:
    """Write the index, and last the manifest: where it is, everything is.

    Args:
        storage: Where the shards are.
        plan: That they follow.
        shards: All of them, in order.
        about: What else the manifest says: camera, terms, command, versions.

    Raises:
        InputError: Two samples of one name; files that cannot be written.
    """
    index = index_of(shards)
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **{field.name: getattr(index, field.name) for field in fields(Index)})
    storage.write(INDEX, content.getvalue())
    listed = [{"name": one.name, "bytes": one.bytes, "samples": len(one.rows), "sha256": one.sha256} for one in shards]
    manifest = {
        "samples": len(index),
        "scenes": len(index.groups),
        "bytes": sum(one.bytes for one in shards),
        **about,
        "plan": asdict(plan),
        "index": hashlib.sha256(content.getvalue()).hexdigest(),
        "shards": listed,
    }
    storage.write(MANIFEST, json.dumps(manifest, indent=2).encode() + b"\n")


def read_manifest(storage: Storage) -> Manifest:
    """The manifest.

    Raises:
        InputError: None there, and how far the packing is; or something else of that name.
    """
    content = storage.read(MANIFEST)
    if content is None:
        raise InputError(f"{storage}: expected packed stacks ({MANIFEST} in it), found {_found(storage)}", "root")
    values = _json(content, storage, MANIFEST)
    try:
        shards = [_listed(one, number) for number, one in enumerate(values["shards"])]
        plan, index = values["plan"], str(values["index"])
    except (LookupError, OverflowError, TypeError, ValueError) as error:
        raise _wrong(storage, MANIFEST, error) from error
    return Manifest(_plan(plan, storage, MANIFEST), shards, index)


def _listed(values: Mapping[str, Any], number: int) -> dict[str, Any]:
    """What a manifest says of a shard; its name is none of a file elsewhere."""
    if values["name"] != shard_name(number):
        raise ValueError(f"{values['name']!r} in the place of {shard_name(number)}")
    return {"name": values["name"], "sha256": values["sha256"]} | {
        key: int(values[key]) for key in ("bytes", "samples")
    }


def read_index(storage: Storage, manifest: Manifest) -> Index:
    """The index.

    Raises:
        InputError: None there, not the one that the manifest was written with, or one that points beyond shards.
    """
    content = storage.read(INDEX)
    if content is None or hashlib.sha256(content).hexdigest() != manifest.index_sha256:
        found = "none" if content is None else "another"
        raise InputError(f"{storage}/{INDEX}: expected the index that {MANIFEST} names, found {found}; pack it again")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            parts = {field.name: arrays[field.name] for field in fields(Index)}
        check_index(parts, manifest.shards)
        return Index(**parts)
    except (LookupError, MemoryError, TypeError, ValueError, OSError, BadZipFile) as error:
        raise _wrong(storage, INDEX, error) from error


def _found(storage: Storage) -> str:
    """What is there in place of a manifest."""
    plan = plan_in(storage)
    if plan is None:
        return "none; check the address"
    done = sum(name.startswith("shard-") and name.endswith(".json") for name in storage.sizes())
    return f"{done} of {plan.shards} shards; go on with the command that packed them"


def _json(content: bytes, storage: Storage, name: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _wrong(storage, name, error) from error


def _record(kind: type[Record], values: Any, storage: Storage, name: str) -> Record:
    """A dataclass of plain values, with each of its kind."""
    kinds = get_type_hints(kind)
    if not isinstance(values, dict) or values.keys() != kinds.keys():
        raise _wrong(storage, name, f"expected {', '.join(kinds)}")
    for key, expected in kinds.items():
        if not isinstance(values[key], getattr(expected, "__origin__", expected)):
            raise _wrong(storage, name, f"{key}: {values[key]!r}")
    return kind(**values)


def _wrong(storage: Storage, name: str, why: object) -> InputError:
    return InputError(f"{storage}/{name}: expected a file that hdrgen pack wrote, found another ({why}); check address")
